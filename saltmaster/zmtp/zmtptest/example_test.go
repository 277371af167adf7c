package zmtptest_test

import (
	"testing"

	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/zmtp"
	"github.com/saltern-api/saltern/saltmaster/zmtp/zmtptest"
)

func Example() {
	var t *testing.T // the test's own
	peer := zmtptest.Listen(t, "tcp", "127.0.0.1:0", func(c *zmtptest.Conn, request []byte) {
		_ = c.Reply(request)
	})
	pool := zmtp.NewPool(reqpool.Options{Network: "tcp", Address: peer.Addr()})
	defer pool.Close()
}
