// Package zmtptest is the other side of package zmtp for tests: a ROUTER socket that greets, reads requests and
// writes replies, and that misbehaves where a test wants it. It is written apart from package zmtp, so that one does not
// share the other's mistakes. It imports only the standard library.
//
//	peer := zmtptest.Listen(t, "tcp", "127.0.0.1:0", func(c *zmtptest.Conn, request []byte) {
//		_ = c.Reply(request)
//	})
//	pool := zmtp.NewPool(reqpool.Options{Network: "tcp", Address: peer.Addr()})
package zmtptest
