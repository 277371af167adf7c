// Package yamlin makes msgpack of the YAML that a client sends, by the rules
// by which salt-api reads it (see yaml11), and within bounds that hold for
// bytes of unauthenticated clients: few values, little nesting, and an output
// that is a small multiple of the text whatever its aliases and merge keys
// would make of it.
//
//	lowstate, err := yamlin.Document(b, []byte("- client: local\n  tgt: '*'\n  fun: test.ping\n"))
//	arg, err := yamlin.Argument(b, "[1, 2]")
//
// It imports of this module internal/budget, saltmaster/msgpack and
// masterconf/yaml11.
package yamlin
