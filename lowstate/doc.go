// Package lowstate carries out what a client asks for: a list of chunks, each
// naming a client (local, local_async, runner, ...), a function and a target.
// It checks the whole list, authenticates every chunk, and only then runs the
// chunks one after the other.
//
// A client is one file: a type with [Client]'s two methods, listed in
// [Clients]. The package imports eauth and saltmaster, and knows no HTTP.
//
//	chunks, err := lowstate.Parse(body, lowstate.Limits{})
//	answers, err := gateway.Run(ctx, &lowstate.Call{Chunks: chunks, RemoteAddr: addr})
package lowstate
