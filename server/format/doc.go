// Package format reads and writes the formats of request and response bodies: it reads
// whatever rest_cherrypy reads into msgpack, chooses what to answer in, makes
// YAML of JSON, and does gzip both ways.
//
// It imports of this module internal/budget, saltmaster/msgpack, yamlin and its
// own folders, and nothing about sessions, chunks or routes.
//
//	body, err := format.Decompress(r.Header, r.Body, limit, b)
//	…
//	value, err := decoder.Decode(r.Context(), b, r.Header.Get("Content-Type"), text)
//	chunks, err := lowstate.FromValue(value, 0)
//	…
//	media, ok := format.Negotiate(r.Header["Accept"])
//	if media == format.YAML {
//		answer, err = format.AppendYAML(nil, answer)
//	}
package format
