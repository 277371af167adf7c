// Package zmtp is the client side of ZeroMQ's wire protocol (ZMTP 3.x, RFC 37) for the one thing a Salt master
// is sent over it: a request, and its reply comes back. It speaks the NULL mechanism as a REQ socket, over tcp and unix.
//
// A Salt reply carries no request id, so a connection has one request in flight at a time: package reqpool keeps
// several connections.
//
// The package imports saltmaster/reqpool, saltmaster/internal/bounded and the standard library, and knows nothing of what the payloads mean.
//
//	pool := zmtp.NewPool(reqpool.Options{Network: "tcp", Address: "127.0.0.1:4506"})
//	defer pool.Close()
//	reply, err := pool.Request(ctx, payload)
package zmtp
