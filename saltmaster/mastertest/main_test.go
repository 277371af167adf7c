package mastertest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/zmtp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func newPool(t testing.TB, m *Master) *reqpool.Pool {
	p := zmtp.NewPool(reqpool.Options{Network: "tcp", Address: m.Addr()})
	t.Cleanup(p.Close)
	return p
}

// newBus runs a bus that the master has accepted.
func newBus(t testing.TB, m *Master) *eventbus.Bus {
	t.Helper()
	b := eventbus.New(eventbus.Options{Network: "unix", Address: m.BusPath(), Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = b.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	require.NoError(t, b.Ready(soon(t)))
	require.Eventually(t, func() bool { return m.Subscribers() > 0 }, 10*time.Second, time.Millisecond)
	return b
}

// request is the envelope around a load given as JSON.
func request(load string) []byte {
	return JSON(`{"enc": "clear", "load": ` + load + `, "version": 3}`)
}

func publication(jid, fun, tgt, arg, creds string) []byte {
	return request(`{"cmd": "publish", "tgt": ` + tgt + `, "fun": "` + fun + `", "arg": ` + arg +
		`, "tgt_type": "glob", "ret": "", "jid": "` + jid + `", "user": "root", "kwargs": ` + creds + `}`)
}

const login = `{"username": "bench", "password": "secret", "eauth": "pam"}`

func printedJSON(t testing.TB, v []byte) string {
	t.Helper()
	b, err := msgpack.AppendJSON(nil, v)
	require.NoError(t, err)
	return string(b)
}
