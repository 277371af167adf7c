// Package saltws is the client side of Salt's transport "ws" for the request channel: a WebSocket, on which each
// request and each reply is a message of its own. Masters from 3008 on have it.
//
// The package imports saltmaster/reqpool, the standard library and github.com/coder/websocket.
//
//	pool := saltws.NewPool(reqpool.Options{Network: "tcp", Address: "127.0.0.1:4506"})
//	defer pool.Close()
//	reply, err := pool.Request(ctx, payload)
package saltws
