// Package peertest is the other side of package reqpool for tests: a peer that reads requests and writes replies in
// any protocol, and that misbehaves where a test wants it; and the tests that every protocol passes. The protocols'
// own sides are written apart from the packages they test, so that one does not share the other's mistakes.
// It imports saltmaster/reqpool, saltmaster/msgpack and internal/certtest.
//
//	peer := peertest.Listen(t, peertest.Options{Wire: newWire}, func(c *peertest.Conn, request []byte) {
//		_ = c.Reply(request)
//	})
//	pool := reqpool.New(protocol, reqpool.Options{Network: "tcp", Address: peer.Addr()})
package peertest
