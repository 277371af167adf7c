package waiting_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/watch"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/waiting"
	"github.com/saltern-api/saltern/server/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParse(t *testing.T) {
	t.Parallel()
	w := &waiting.Jobs{Most: 5 * time.Minute}
	for value, want := range map[string]time.Duration{"1s": time.Second, "90s": 90 * time.Second, "5m": 5 * time.Minute, "1m30s": 90 * time.Second} {
		got, err := w.Parse(value)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, value := range []string{"", "0", "0s", "999ms", "5m1s", "60", "-1s", "x", "1e9s", "9999999999999h"} {
		_, err := w.Parse(value)
		require.EqualError(t, err, "it is no time from 1s to 5m, such as 30s", value)
	}
	_, err := (&waiting.Jobs{Most: 2 * time.Hour}).Parse("3h")
	require.ErrorContains(t, err, "to 2h")
	_, err = (&waiting.Jobs{Most: 90 * time.Second}).Parse("3h")
	require.ErrorContains(t, err, "to 1m30s")
}

func FuzzParse(f *testing.F) {
	for _, value := range []string{"60s", "", "-1s", "1h", "1.5m", "\xff"} {
		f.Add(value)
	}
	w := &waiting.Jobs{Most: 5 * time.Minute}
	f.Fuzz(func(t *testing.T, value string) {
		if d, err := w.Parse(value); err == nil {
			require.GreaterOrEqual(t, d, time.Second)
			require.LessOrEqual(t, d, w.Most)
		}
	})
}

// credential is what a context of follower ends with.
type credential struct{ end context.CancelCauseFunc }

func (c *credential) Follow(
	ctx context.Context, _ *caller.Caller, _ ...role.Permission,
) (context.Context, context.CancelFunc) {
	ctx, c.end = context.WithCancelCause(ctx)
	return ctx, func() { c.end(nil) }
}

const jid = "20261129231654248604"

// What ends a wait, and how.
func TestEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before records.State // "" for a job that is not recorded
		after  records.State // recorded after a minute; "" for nothing
		happen func(stop, leave func(), of *credential)
		within time.Duration
		ended  bool
		status int   // of an error for the client
		err    error // another one
	}{
		"it has ended":         {before: records.Failed, ended: true},
		"it ends":              {before: records.Running, after: records.MissingReturns, within: time.Minute, ended: true},
		"it goes on":           {before: records.New, after: records.Running, within: 2 * time.Minute},
		"it is not recorded":   {within: 2 * time.Minute},
		"it is recorded later": {after: records.Completed, within: time.Minute, ended: true},
		"the gateway stops": {
			before: records.New, within: 30 * time.Second,
			happen: func(stop, _ func(), _ *credential) { stop() },
		},
		"the client leaves": {
			before: records.New, within: 30 * time.Second, err: context.Canceled,
			happen: func(_, leave func(), _ *credential) { leave() },
		},
		"the session expires": {
			before: records.New, within: 30 * time.Second, status: 401,
			happen: func(_, _ func(), of *credential) { of.end(session.ErrExpired) },
		},
		"the token is revoked": {
			before: records.New, within: 30 * time.Second, status: 401,
			happen: func(_, _ func(), of *credential) { of.end(session.ErrRevoked) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var state atomic.Value // a records.State
				state.Store(c.before)
				read := func(context.Context, string, bool) (records.Job, error) {
					now := state.Load().(records.State)
					if now == "" {
						return records.Job{}, records.ErrNotFound
					}
					return records.Job{State: now}, nil
				}
				hub := watch.New(read)
				running, end := context.WithCancel(t.Context())
				defer synctest.Wait()
				defer end()
				go hub.Run(running)
				stopping, stop := context.WithCancel(t.Context())
				w := &waiting.Jobs{Watches: hub, Read: read, Most: time.Hour, Stopping: stopping}
				var of credential
				request, leave := context.WithCancel(t.Context())
				defer leave()
				defer stop()
				ctx, done := w.Follow(request, &of, nil)
				defer done()
				if c.happen != nil {
					time.AfterFunc(30*time.Second, func() { c.happen(stop, leave, &of) })
				}
				time.AfterFunc(time.Minute, func() {
					if c.after != "" {
						state.Store(c.after)
						hub.Recorded(records.Batch{Ends: []records.End{{JID: jid}}})
					}
				})
				began := time.Now()
				ended, err := w.End(ctx, jid, 2*time.Minute)
				require.Equal(t, c.ended, ended)
				require.Equal(t, c.within, time.Since(began).Round(time.Second))
				require.Zero(t, hub.Len(), "nothing is left of the wait")
				switch e, known := errors.AsType[*web.Error](err); {
				case c.status != 0:
					require.True(t, known)
					require.Equal(t, c.status, e.Status)
				default:
					require.ErrorIs(t, err, c.err)
				}
			})
		})
	}
}

// A job of a moment ago is waited for until it is recorded.
func TestRecorded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var there atomic.Bool
		read := func(context.Context, string, bool) (records.Job, error) {
			if !there.Load() {
				return records.Job{}, records.ErrNotFound
			}
			return records.Job{State: records.New}, nil
		}
		hub := watch.New(read)
		ctx, end := context.WithCancel(t.Context())
		defer synctest.Wait()
		defer end()
		go hub.Run(ctx)
		w := &waiting.Jobs{Watches: hub, Read: read, Stopping: t.Context()}
		began := time.Now()
		require.NoError(t, w.Recorded(t.Context(), jid, time.Second))
		require.Equal(t, time.Second, time.Since(began), "it is not there")
		time.AfterFunc(time.Second, func() {
			there.Store(true)
			hub.Recorded(records.Batch{Jobs: []records.Job{{JID: jid}}})
		})
		began = time.Now()
		require.NoError(t, w.Recorded(t.Context(), jid, time.Minute))
		require.Equal(t, time.Second, time.Since(began))
		require.NoError(t, w.Recorded(t.Context(), jid, time.Minute))
		require.Equal(t, time.Second, time.Since(began), "it is there")
		require.Zero(t, hub.Len())
	})
}
