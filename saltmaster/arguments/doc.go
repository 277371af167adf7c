// Package arguments writes the arguments of functions as JSON for people and
// logs: with the values hidden that are named like a credential, at any depth,
// and up to a limit. Positional values are not hidden, unless they have the form
// name=value.
//
// It imports saltmaster/msgpack and internal/credname.
package arguments
