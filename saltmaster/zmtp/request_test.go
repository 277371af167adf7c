package zmtp

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/internal/bounded"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/reqpool/peertest"
	"github.com/saltern-api/saltern/saltmaster/zmtp/zmtptest"
)

func TestRequestSizes(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"tcp", "unix"} {
		addr := "127.0.0.1:0"
		if network == "unix" {
			addr = filepath.Join(t.TempDir(), "s")
		}
		peer := zmtptest.Listen(t, network, addr, echo)
		pool := newPool(t, peer, func(o *reqpool.Options) { o.Network = network })
		for _, size := range []int{0, 1, 255, 256, 4096, bounded.Trusted, bounded.Trusted + 1, 5 << 20} {
			payload := bytes.Repeat([]byte{0xc1}, size)
			reply, err := pool.Request(peertest.Soon(t), payload)
			require.NoError(t, err, "%s, %d bytes", network, size)
			require.True(t, bytes.Equal(payload, reply), "%s, %d bytes", network, size)
		}
		require.Equal(t, 1, peer.Accepted(), "one connection serves all requests in turn")
	}
}

func TestPingIsAnswered(t *testing.T) {
	t.Parallel()
	peer := zmtptest.Listen(t, "tcp", "127.0.0.1:0", func(c *zmtptest.Conn, request []byte) {
		_ = zmtptest.Ping(c, "during")
		_ = c.Reply(request)
	})
	pool := newPool(t, peer, nil)
	_, err := pool.Request(peertest.Soon(t), []byte("a"))
	require.NoError(t, err)
	conn := peer.Conns()[0]
	require.NoError(t, zmtptest.Ping(conn, ""))
	require.NoError(t, zmtptest.Ping(conn, "sixteen bytes ..."[:16]))
	_, err = pool.Request(peertest.Soon(t), []byte("b"))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return zmtptest.Pongs(conn) == 4 }, 10*time.Second, time.Millisecond)
	require.Equal(t, 1, peer.Accepted())
}

func BenchmarkRequest(b *testing.B) {
	peer := zmtptest.Listen(b, "tcp", "127.0.0.1:0", echo)
	pool := NewPool(reqpool.Options{Network: "tcp", Address: peer.Addr()})
	defer pool.Close()
	payload := make([]byte, 300)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pool.Request(b.Context(), payload); err != nil {
			b.Fatal(err)
		}
	}
}
