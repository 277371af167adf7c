// Package lowstate carries out what a client asks for: a list of chunks, each
// naming a client (local, local_async, runner, ...), a function and a target.
// It authenticates every chunk, checks the whole list, and only then runs the
// chunks one after the other.
//
// A client is one file: a type with [Client]'s two methods, listed in
// [Clients]. The package imports eauth and saltmaster, and knows no HTTP.
//
//	b := budget.New(ctx, nil)
//	chunks, err := lowstate.Parse(b, body, 0)
//	result, err := gateway.Run(ctx, lowstate.Call{Chunks: chunks, RemoteAddr: addr, Budget: b})
package lowstate
