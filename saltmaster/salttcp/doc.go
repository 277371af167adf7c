// Package salttcp is the client side of Salt's transport "tcp" for the request channel: a msgpack map of a head and a
// body in each direction, one after the other. What packages zmtp and saltws carry is the body.
//
// A head has a number that comes back with the reply, so that Salt's own clients have several requests in flight on one
// connection. Here a connection has one: each is served by one worker of the master, and package reqpool keeps several.
//
// The package imports saltmaster/reqpool, saltmaster/msgpack and the standard library.
//
//	pool := salttcp.NewPool(reqpool.Options{Network: "tcp", Address: "127.0.0.1:4506"})
//	defer pool.Close()
//	reply, err := pool.Request(ctx, payload)
package salttcp
