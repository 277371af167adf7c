package eventbus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// fireRig is a stand-in master with a bus and a firer.
type fireRig struct {
	*mastertest.Master
	bus   *Bus
	firer *Firer
}

func newFireRig(t *testing.T, o mastertest.Options, change func(*FirerOptions)) *fireRig {
	t.Helper()
	r := &fireRig{Master: mastertest.Start(t, o)}
	quiet := slog.New(slog.DiscardHandler)
	r.bus = New(Options{Network: "unix", Address: r.BusPath(), Log: quiet})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.bus.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
	})
	fo := FirerOptions{Network: "unix", Address: r.PullPath(), MaxEventSize: 1 << 20, Log: quiet}
	if change != nil {
		change(&fo)
	}
	r.firer = NewFirer(r.bus, fo)
	r.connected(t, 1)
	return r
}

// connected waits until the stand-in has taken the bus's n-th connection.
func (r *fireRig) connected(t *testing.T, n uint64) {
	t.Helper()
	require.Eventually(t, func() bool {
		return r.bus.Connected() && r.bus.counts.connects.Load() == n && r.Subscriptions() == int(n) && r.Subscribers() == 1
	}, 20*time.Second, time.Millisecond)
}

// decoded is an event's data, and its _stamp apart.
func decoded(t *testing.T, e Event) (data map[string]any, stamp string) {
	t.Helper()
	js, err := msgpack.AppendJSON(nil, e.Data)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(js, &data))
	stamp, _ = data["_stamp"].(string)
	delete(data, "_stamp")
	return data, stamp
}

func TestFire(t *testing.T) {
	t.Parallel()
	for _, release := range mastertest.Lines() {
		for _, bare := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s bare=%t", release, bare), func(t *testing.T) {
				t.Parallel()
				r := newFireRig(t, mastertest.Options{Release: release, BarePull: bare}, nil)
				sub := r.bus.Expect("salt/netapi/")
				defer sub.Close()
				body := strings.Repeat("é", 200<<10)
				data := mastertest.JSON(`{"body": "` + body + `", "_stamp": "mine", "post": {"a": [1]}}`)
				require.NoError(t, r.firer.Fire(soon(t), "salt/netapi/hook/a", data))
				require.NoError(t, r.firer.Fire(soon(t), "salt/netapi/hook/b", data))
				var last string
				for _, tag := range []string{"salt/netapi/hook/a", "salt/netapi/hook/b"} {
					e, err := sub.Next(soon(t))
					require.NoError(t, err)
					require.Equal(t, tag, e.Tag)
					got, stamp := decoded(t, e)
					require.Equal(t, map[string]any{"body": body, "post": map[string]any{"a": []any{1.0}}}, got)
					require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$`, stamp)
					require.Greater(t, stamp, last)
					last = stamp
				}
				want := FramingPrefixed
				if bare {
					want = FramingBare
				}
				how, ok := r.firer.cached()
				require.True(t, ok)
				require.Equal(t, want, how.framing)
			})
		}
	}
}

func TestFireManyAtOnce(t *testing.T) {
	t.Parallel()
	r := newFireRig(t, mastertest.Options{}, nil)
	sub := r.bus.Expect("salt/netapi/hook")
	defer sub.Close()
	const n = 100
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			// All alike, so that only the stamp shows whose event came back.
			err := r.firer.Fire(t.Context(), "salt/netapi/hook", mastertest.JSON(`{}`))
			require.NoError(t, err) //nolint:testifylint // ends this goroutine, which is all that is left to do
		})
	}
	all.Wait()
	stamps := make(map[string]bool)
	for range n {
		e, err := sub.Next(soon(t))
		require.NoError(t, err)
		_, stamp := decoded(t, e)
		stamps[stamp] = true
	}
	require.Len(t, stamps, n)
}

func TestFireRefusals(t *testing.T) {
	t.Parallel()
	r := newFireRig(t, mastertest.Options{}, func(o *FirerOptions) { o.MaxEventSize = 4 << 10 })
	good := mastertest.JSON(`{}`)
	for name, tc := range map[string]struct {
		tag  string
		data msgpack.Raw
		want error
	}{
		"no tag":            {"", good, ErrMalformed},
		"tag ends early":    {"a\n\nb", good, ErrMalformed},
		"tag no UTF-8":      {"a\xff", good, ErrMalformed},
		"tag too long":      {strings.Repeat("a", maxFiredTag+1), good, ErrMalformed},
		"data no map":       {"a", mastertest.JSON(`[]`), ErrMalformed},
		"data broken":       {"a", msgpack.Raw{0x81}, ErrMalformed},
		"no data":           {"a", nil, ErrMalformed},
		"larger than Salts": {"a", mastertest.JSON(`{"a": "` + strings.Repeat("a", 4<<10) + `"}`), ErrTooLarge},
	} {
		require.ErrorIs(t, r.firer.Fire(soon(t), tc.tag, tc.data), tc.want, name)
	}
	require.NoError(t, r.firer.Fire(soon(t), "a", good))
	require.EqualValues(t, 2, r.bus.Stats().Events, "a probe and the event")
}

func TestFireLosesNothingInSilence(t *testing.T) {
	t.Parallel()
	r := newFireRig(t, mastertest.Options{}, nil)
	fire := func() error { return r.firer.Fire(soon(t), "salt/netapi/hook", mastertest.JSON(`{}`)) }
	drop := func(all bool) { // only what never comes is waited for but briefly
		r.Fail(func(f *mastertest.Faults) { f.DropFired = all })
		r.firer.opts.Confirm = 5 * time.Second
		if all {
			r.firer.opts.Confirm = 300 * time.Millisecond
		}
	}

	drop(true)
	require.ErrorIs(t, fire(), ErrUnavailable, "neither framing comes back")
	drop(false)
	require.NoError(t, fire())

	drop(true)
	require.ErrorIs(t, fire(), ErrNotConfirmed)
	drop(false)
	require.NoError(t, fire(), "found out anew")

	r.Close()
	require.Eventually(t, func() bool { return !r.bus.Connected() }, 20*time.Second, time.Millisecond)
	require.ErrorIs(t, fire(), ErrUnavailable)
	require.NoError(t, r.Restart())
	r.connected(t, 2)
	require.NoError(t, fire())
}

func TestFireEndsWithItsContext(t *testing.T) {
	t.Parallel()
	r := newFireRig(t, mastertest.Options{}, func(o *FirerOptions) { o.Concurrent = 1 })
	require.NoError(t, r.firer.Fire(soon(t), "a", mastertest.JSON(`{}`)))
	r.Fail(func(f *mastertest.Faults) { f.DropFired = true })
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.firer.Fire(ctx, "a", mastertest.JSON(`{}`)) }()
	require.Eventually(t, func() bool { return len(r.firer.slots) == 1 }, 20*time.Second, time.Millisecond)
	waiting, stop := context.WithCancel(t.Context())
	stop()
	require.ErrorIs(t, r.firer.Fire(waiting, "a", mastertest.JSON(`{}`)), context.Canceled)
	cancel(gone)
	require.ErrorIs(t, <-done, gone)
}

func TestFiredFrames(t *testing.T) {
	t.Parallel()
	for _, framing := range []Framing{FramingBare, FramingPrefixed} {
		data := withStamp(mastertest.JSON(`{"a": 1}`), "1970-01-01T00:00:00.000000+00:00")
		frame := appendFired(nil, framing, "salt/x", data)
		s := newStream(strings.NewReader(string(frame)), 1<<20)
		tag, err := s.open()
		require.NoError(t, err)
		require.Equal(t, "salt/x", tag)
		require.Equal(t, framing, s.framing)
		body, err := s.finish(true)
		require.NoError(t, err)
		require.Equal(t, "salt/x\n\n"+string(data), string(body))
		_, stamp := decoded(t, Event{Data: data})
		require.Equal(t, "1970-01-01T00:00:00.000000+00:00", stamp)
	}
}
