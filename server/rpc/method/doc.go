// Package method declares the methods of /rpc, and runs the calls of them. It knows no
// resource.
//
//	m := method.New(method.About{Name: "test.greet", ...}, func(ctx context.Context, c *method.Call, p params) (any, error) {...})
//
// # Declarations
//
// [New] makes a [Method] of a struct, whose fields are the parameters: the tags say what
// each is named and may be. Arguments are decoded by that, by position and by name; the
// schema, the catalog and docs/rpc.md have the same.
//
// # Calls
//
// [Call.Do] checks the permissions of the caller, decodes the arguments, and runs the
// function. A package with methods embeds [Call] in a struct of its own, beside what its
// methods need.
//
// # Errors
//
// What is wrong with a call is an [Error]. [ErrorOf] makes one of any other; unknown ones
// reveal nothing.
//
// The package imports eauth, lowstate, records, server/audit, server/caller and server/web,
// and no other of server/rpc.
package method
