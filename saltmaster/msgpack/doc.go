// Package msgpack reads and writes msgpack as Salt speaks it, and turns it
// into JSON and back the way salt-api would, without building a tree.
//
// It imports of this module internal/budget. All input is taken for hostile: a
// length is checked against the bytes left before anything is done with it,
// containers nest at most [MaxDepth] deep, and memory is bounded by a small
// multiple of the input.
//
// # From the master to a client
//
//	answer := msgpack.Raw(frame)
//	ret, ok := answer.Lookup("return")
//	body, err := msgpack.AppendJSON(nil, ret)
//
// [JSONWriter] writes to a file or another [Sink] what is too large to be held, and a
// [Section] is a value that is read in pieces from a file.
//
// # From a client to the master
//
//	load := msgpack.AppendMap(nil, 2)
//	load = msgpack.AppendString(load, "cmd")
//	load = msgpack.AppendString(load, "publish")
//	load = msgpack.AppendString(load, "arg")
//	load, err := msgpack.AppendFromJSON(load, []byte(`["uptime"]`))
//
// # Two families of text
//
// Salt packs requests without msgpack's bin type (use_bin_type=False): text
// and bytes then share the str family, and str8 is never used. Events and
// files are packed with it. Reading accepts both everywhere; writing does as
// Salt does in requests.
package msgpack
