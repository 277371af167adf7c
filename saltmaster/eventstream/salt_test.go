package eventstream_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
	"github.com/saltern-api/saltern/saltmaster/zmtp"
)

// TestRealBus fires events on real masters and reads them back, and has the
// masters put credentials on their bus in the ways that they have.
func TestRealBus(t *testing.T) {
	for version, salt := range sandboxtest.Salts(t) {
		t.Run(version, func(t *testing.T) {
			sb, err := sandbox.Start(t.Context(), sandbox.Options{Salt: salt, WorkerThreads: 2})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, sb.Stop(context.Background())) })
			b := newRealBus(t, sb)
			t.Run("fire", b.fire)
			t.Run("restart", b.restart)
			t.Run("redact", b.redact)
		})
	}
}

type realBus struct {
	sb    *sandbox.Sandbox
	bus   *eventbus.Bus
	hub   *eventstream.Hub
	firer *eventbus.Firer
	pool  *reqpool.Pool
}

func newRealBus(t *testing.T, sb *sandbox.Sandbox) *realBus {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	bus := eventbus.New(eventbus.Options{Network: "unix", Address: filepath.Join(sb.SockDir(), "master_event_pub.ipc"), Log: quiet})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- bus.Run(ctx) }()
	hub := eventstream.New(eventstream.Options{Tap: func() eventstream.Tap { return bus.Expect("") }, Log: quiet})
	pool := zmtp.NewPool(reqpool.Options{Network: "tcp", Address: fmt.Sprint("127.0.0.1:", sb.RetPort())})
	t.Cleanup(func() {
		pool.Close()
		hub.Close()
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
	})
	require.NoError(t, bus.Ready(t.Context()))
	return &realBus{sb: sb, bus: bus, hub: hub, pool: pool, firer: eventbus.NewFirer(bus, eventbus.FirerOptions{
		Network: "unix", Address: filepath.Join(sb.SockDir(), "master_event_pull.ipc"), MaxEventSize: 1 << 20, Log: quiet,
	})}
}

func object(t *testing.T, js string) msgpack.Raw {
	t.Helper()
	b, err := msgpack.AppendFromJSON(nil, []byte(js))
	require.NoError(t, err)
	return b
}

// until reads frames up to the one with a tag that ends so.
func until(t *testing.T, r *eventstream.Reader, suffix string) (all []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		f, err := r.Next(ctx)
		require.NoError(t, err, "waiting for %q after %q", suffix, all)
		all = append(all, string(f.Block()))
		if strings.HasSuffix(f.Tag, suffix) {
			return all
		}
	}
}

func (b *realBus) fire(t *testing.T) {
	r, err := b.hub.Read(eventstream.Request{Tags: []string{"salt/netapi/*"}})
	require.NoError(t, err)
	defer r.Close()
	large := strings.Repeat("é", 100<<10)
	for n, data := range []string{`{"body": "a", "post": {"é": [1, 2.5, null]}}`, `{"body": "` + large + `"}`, `{}`} {
		tag := fmt.Sprint("salt/netapi/hook/", n)
		require.NoError(t, b.firer.Fire(t.Context(), tag, object(t, data)))
		block := until(t, r, tag)[0]
		require.Contains(t, block, strings.TrimSuffix(data, "}"))
		require.Contains(t, block, `"_stamp": "`)
	}
	require.ErrorIs(t, b.firer.Fire(t.Context(), "salt/netapi/hook", object(t, `{"a": "`+strings.Repeat("a", 1<<20)+`"}`)),
		eventbus.ErrTooLarge)
}

func (b *realBus) restart(t *testing.T) {
	before := b.bus.Stats().Reconnects
	require.NoError(t, b.sb.StopMaster(t.Context()))
	require.NoError(t, b.sb.StartMaster(t.Context()))
	require.Eventually(t, func() bool {
		return b.bus.Stats().Reconnects > before && b.bus.Connected()
	}, time.Minute, 10*time.Millisecond)
	require.NoError(t, b.firer.Fire(t.Context(), "salt/netapi/hook", object(t, `{}`)))
}

func (b *realBus) ask(t *testing.T, load string) msgpack.Raw {
	t.Helper()
	reply, err := b.pool.Request(t.Context(), object(t, `{"enc": "clear", "version": 3, "load": `+load+`}`))
	require.NoError(t, err)
	return reply
}

func (b *realBus) redact(t *testing.T) {
	r, err := b.hub.Read(eventstream.Request{})
	require.NoError(t, err)
	defer r.Close()
	raw := b.bus.Expect("")
	defer raw.Close()
	const wrong = "a wrong password"
	creds := func(password string) string {
		return `"username": "bench", "password": "` + password + `", "eauth": "sharedsecret"`
	}
	b.ask(t, `{"cmd": "publish", "tgt": "*", "fun": "test.ping", "arg": [], "ret": "", "jid": "20260101000000000001", "user": "root", `+
		`"kwargs": {`+creds(wrong)+`}}`)
	b.ask(t, `{"cmd": "publish", "tgt": "*", "fun": "test.ping", "arg": [], "ret": "", "jid": "20260101000000000002", "user": "root", `+
		`"key": "`+strings.Repeat("k", 76)+`"}`)
	shown := until(t, r, "20260101000000000001/error")

	// The way of salt-api's POST /token.
	b.ask(t, `{"cmd": "runner", "fun": "auth.mk_token", "kwarg": {"arg": [], "kwarg": {`+creds(b.sb.Secret())+`}}, `+creds(b.sb.Secret())+`}`)
	shown = append(shown, until(t, r, "/ret")...)
	b.ask(t, `{"cmd": "wheel", "fun": "key.gen", `+creds(b.sb.Secret())+`}`)
	shown = append(shown, until(t, r, "/ret")...)

	text := strings.Join(shown, "")
	require.Contains(t, text, eventstream.Redacted)
	for name, secret := range map[string]string{"password": wrong, "shared secret": b.sb.Secret(), "private key": "PRIVATE KEY"} {
		require.NotContains(t, text, secret, name)
	}
	require.NotRegexp(t, `"token": "[0-9a-f]{64}"`, text)

	// Without the hub all of them were there.
	said := ""
	for !strings.Contains(said, "PRIVATE KEY") {
		e, err := raw.Next(t.Context())
		require.NoError(t, err)
		said += "\n" + e.Tag + string(e.Data)
	}
	require.Contains(t, said, wrong)
	require.Contains(t, said, b.sb.Secret())
}
