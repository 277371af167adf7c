// Package zmtp is the client side of ZeroMQ's wire protocol (ZMTP 3.x, RFC 37) for the one thing a Salt master
// is sent over it: a request, and its reply comes back. It speaks the NULL mechanism as a REQ socket, over tcp and unix.
//
// A Salt reply carries no request id, so a connection has one request in flight at a time and a [Pool] keeps
// several connections. A connection that saw an error, a timeout or a cancellation is closed and never reused,
// because a late reply on it would be taken for the answer of the next request. Nothing is ever sent twice once
// a byte of it may have reached the peer: a publish that ran twice is worse than one that failed.
//
// The package imports saltmaster/internal/bounded and the standard library, and knows nothing of what the payloads mean.
//
//	pool := zmtp.NewPool(zmtp.Options{Network: "tcp", Address: "127.0.0.1:4506"})
//	defer pool.Close()
//	reply, err := pool.Request(ctx, payload)
package zmtp
