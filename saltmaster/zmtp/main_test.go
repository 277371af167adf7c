package zmtp

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
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

// soon is a context for what is expected to end at once.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// requireFailure checks an error's step and what it says about the request.
func requireFailure(t *testing.T, err error, op string, sent bool) {
	t.Helper()
	var e *reqpool.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, op, e.Op, "step of %v", err)
	require.Equal(t, sent, e.Sent, "sent of %v", err)
}
