package zmtp

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/reqpool/peertest"
	"github.com/saltern-api/saltern/saltmaster/zmtp/zmtptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func echo(c *zmtptest.Conn, request []byte) { _ = c.Reply(request) }

// newPool makes a pool for peer that is closed at the test's end.
func newPool(t *testing.T, peer *peertest.Peer, change func(*reqpool.Options)) *reqpool.Pool {
	t.Helper()
	opts := reqpool.Options{Network: peer.Network(), Address: peer.Addr()}
	if change != nil {
		change(&opts)
	}
	p := NewPool(opts)
	t.Cleanup(p.Close)
	return p
}
