package zmtp

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/reqpool/peertest"
	"github.com/saltern-api/saltern/saltmaster/zmtp/zmtptest"
)

func TestIdleConnectionClosedBehindHeartbeats(t *testing.T) {
	t.Parallel()
	peer := zmtptest.Listen(t, "tcp", "127.0.0.1:0", echo)
	pool := newPool(t, peer, nil)
	_, err := pool.Request(peertest.Soon(t), []byte("a"))
	require.NoError(t, err)
	conn := peer.Conns()[0]
	require.NoError(t, zmtptest.Ping(conn, "a"))
	require.NoError(t, zmtptest.Ping(conn, "b"))
	require.NoError(t, conn.Close())
	require.Eventually(t, func() bool { return len(peer.Conns()) == 0 }, 10*time.Second, time.Millisecond,
		"what reads from a connection keeps it open for a moment")
	_, err = pool.Request(peertest.Soon(t), []byte("b"))
	require.NoError(t, err)
	require.Equal(t, 2, peer.Accepted())
}

func TestBadReplies(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ reply, want string }{
		"no delimiter":       {"\x00\x01a", "empty delimiter"},
		"filled delimiter":   {"\x01\x01a\x00\x01a", "empty delimiter"},
		"two payload frames": {"\x01\x00\x01\x01a\x00\x01b", "more than one frame"},
		"too long":           {"\x01\x00\x02\x00\x00\x00\x00\x00\x00\x04\x01", "frame of 1025 bytes"},
		"absurd length":      {"\x01\x00\x02\xff\xff\xff\xff\xff\xff\xff\xff", "at most 1024"},
		"reserved flags":     {"\x08\x00", "reserved"},
		"command with MORE":  {"\x05\x02\x01A", "MORE"},
		"long command":       {"\x06\x00\x00\x00\x00\x00\x01\x00\x00", "at most 8192"},
		"nameless command":   {"\x04\x00", "without a name"},
		"cut command name":   {"\x04\x02\x05a", "without a name"},
		"PING without ttl":   {"\x04\x05\x04PING", "PING"},
		"ERROR":              {"\x04\x0a\x05ERROR\x03why", `"why"`},
		"ERROR without text": {"\x04\x06\x05ERROR", "no reason"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer := zmtptest.Listen(t, "tcp", "127.0.0.1:0", func(c *zmtptest.Conn, _ []byte) {
				_ = c.Write([]byte(test.reply))
			})
			pool := newPool(t, peer, func(o *reqpool.Options) { o.MaxReply = 1024 })
			_, err := pool.Request(peertest.Soon(t), []byte("a"))
			peertest.RequireFailure(t, err, "receive", true)
			require.ErrorContains(t, err, test.want)
			require.True(t, errors.Is(err, errProtocol))
			require.Eventually(t, func() bool { return len(peer.Conns()) == 0 }, 10*time.Second, time.Millisecond)
		})
	}
}

func TestUnknownCommandIsPassedOver(t *testing.T) {
	t.Parallel()
	peer := zmtptest.Listen(t, "tcp", "127.0.0.1:0", func(c *zmtptest.Conn, request []byte) {
		_ = c.Write([]byte("\x04\x04\x03NEW\x01\x00\x04\x04\x03NEW")) // also between two frames
		_ = c.Write([]byte("\x00\x02ok"))
	})
	reply, err := newPool(t, peer, nil).Request(peertest.Soon(t), []byte("a"))
	require.NoError(t, err)
	require.Equal(t, "ok", string(reply))
}
