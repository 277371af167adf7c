package peertest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/reqpool/peertest"
	"github.com/saltern-api/saltern/saltmaster/salttcp"
)

func Example() {
	_ = func(t *testing.T) {
		peer := peertest.Listen(t, peertest.Options{Wire: peertest.NewTCP}, func(c *peertest.Conn, request []byte) {
			_ = c.Reply(request)
		})
		pool := salttcp.NewPool(reqpool.Options{Network: peer.Network(), Address: peer.Addr()})
		defer pool.Close()
		_, err := pool.Request(t.Context(), []byte("\xa4text"))
		require.NoError(t, err)
	}
}
