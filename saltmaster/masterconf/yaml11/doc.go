// Package yaml11 reads YAML the way Salt reads its own configuration files: YAML 1.1 scalars as PyYAML resolves them,
// with the changes that Salt's loader makes on top (timestamps stay text, leading zeros are dropped instead of meaning
// octal, a repeated key is an error, keys of a merge never override).
//
//	v, err := yaml11.Decode("/etc/salt/master", data)
//	conf, ok := v.(*yaml11.Map)
//	port, ok := conf.Get("ret_port")   // int64(4506)
//
// The syntax is parsed by go.yaml.in/yaml/v3; this package gives the parsed nodes their meaning. Values are
// nil, bool, int64, *big.Int (only where int64 is too small), float64, string, []byte, []any and *Map.
//
// Input is bounded: nesting, the number of values after aliases are followed, and the digits of an integer.
// It imports nothing of this module.
package yaml11
