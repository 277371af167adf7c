package salttcp

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/reqpool/peertest"
)

func TestBadReplies(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ reply, want string }{
		"not a map":             {"\x07", "without head and body"},
		"no body":               {"\x81\xa4head\x81\xa3mid\x01", "without head and body"},
		"no head":               {"\x81\xa4body\x01", "without head and body"},
		"no number":             {"\x82\xa4head\x80\xa4body\x01", "another request"},
		"another number":        {"\x82\xa4head\x81\xa3mid\x02\xa4body\x01", "another request"},
		"a number that is text": {"\x82\xa4head\x81\xa3mid\xa11\xa4body\x01", "another request"},
		"two replies":           {"\x82\xa4head\x81\xa3mid\x01\xa4body\x01\x07", "bytes after"},
		"too long":              {"\x82\xa4head\x81\xa3mid\x01\xa4body\xdb\x00\x10\x00\x00", "at most 1024"},
		"no msgpack":            {"\x82\xa4head\xc1", "msgpack"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer := peertest.Listen(t, peertest.Options{Wire: peertest.NewTCP}, func(c *peertest.Conn, _ []byte) {
				_ = c.Write([]byte(test.reply))
			})
			pool := NewPool(reqpool.Options{Network: peer.Network(), Address: peer.Addr(), MaxReply: 1024})
			defer pool.Close()
			_, err := pool.Request(t.Context(), []byte("\x01"))
			var failed *reqpool.Error
			require.ErrorAs(t, err, &failed)
			require.Equal(t, "receive", failed.Op)
			require.True(t, failed.Sent)
			require.ErrorContains(t, err, test.want)
			require.ErrorIs(t, err, errProtocol)
			require.Eventually(t, func() bool { return len(peer.Conns()) == 0 }, 10*time.Second, time.Millisecond)
		})
	}
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte("\x82\xa4head\x81\xa3mid\x01\xa4body\xa2ok"))
	f.Add([]byte("\x82\xa4head\x81\xa3mid\x01\xa4body\xdb\xff\xff\xff\xff"))
	f.Add([]byte("\xdd\xff\xff\xff\xff\xc1"))
	f.Fuzz(func(t *testing.T, reply []byte) {
		here, there := net.Pipe()
		go func() {
			_, _ = there.Write(reply)
			_ = there.Close()
		}()
		defer here.Close() //nolint:errcheck // a pipe
		c := &conn{nc: here, limit: 4 << 10, sent: 1}
		body, err := c.Receive()
		if err == nil {
			require.NoError(t, msgpack.Valid(body))
			require.Contains(t, string(reply), "body"+string(body))
		}
	})
}
