package server

import (
	"errors"
	"net/http"

	"saltern/lowstate"
	"saltern/saltmaster/msgpack"
	"saltern/server/format"
)

// readChunks reads a lowstate in any of the formats.
func (s *mainSurface) readChunks(x *exchange, r *http.Request) ([]lowstate.Chunk, error) {
	if r.ContentLength != 0 {
		if err := format.Supports(bodyType(r.Header)); err != nil {
			return nil, s.undecodable(err)
		}
	}
	body, err := s.readBody(x, r)
	if err != nil {
		return nil, err
	}
	if isJSON(r.Header) { // the common case, and its errors say where
		chunks, err := lowstate.Parse(body, s.maxChunks)
		return chunks, unparsable(err)
	}
	value, err := s.decode(r, body)
	if err != nil {
		return nil, err
	}
	chunks, err := lowstate.FromValue(value, s.maxChunks)
	return chunks, unparsable(err)
}

// decode reads a body in the format that the request names.
func (s *mainSurface) decode(r *http.Request, body []byte) (msgpack.Raw, error) {
	value, err := s.formats.Decode(r.Context(), bodyType(r.Header), body)
	if _, ok := errors.AsType[*format.Error](err); ok {
		return nil, s.undecodable(err)
	}
	return value, err
}

// readChunk reads the one object that an endpoint takes; of a list it is the
// first.
func (s *mainSurface) readChunk(x *exchange, r *http.Request) (lowstate.Chunk, error) {
	chunks, err := s.readChunks(x, r)
	if err != nil {
		return lowstate.Chunk{}, err
	}
	if len(chunks) == 0 {
		return lowstate.Chunk{}, &refusal{status: http.StatusBadRequest, reason: "malformed", text: "The request body has no object"}
	}
	return chunks[0], nil
}

// bodyType is the type of a body, or "" when there is none or more than
// one: then nobody can tell what another reader of the request made of it.
func bodyType(h http.Header) string {
	if values := h["Content-Type"]; len(values) == 1 {
		return values[0]
	}
	return ""
}
