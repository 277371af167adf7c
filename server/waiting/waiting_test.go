package waiting_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
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
				hub := watch.New(read, read)
				running, end := context.WithCancel(t.Context())
				defer synctest.Wait()
				defer end()
				go hub.Run(running)
				stopping, stop := context.WithCancel(t.Context())
				w := &waiting.Jobs{Watches: hub, Most: time.Hour, Stopping: stopping}
				var of credential
				request, leave := context.WithCancel(t.Context())
				defer leave()
				defer stop()
				ctx, done := w.Follow(request, &of, nil)
				defer done()
				time.AfterFunc(time.Minute, func() {
					if c.after != "" {
						state.Store(c.after)
						hub.Recorded(records.Batch{Ends: []records.End{{JID: jid}}})
					}
				})
				var later *waiting.Wait
				var over atomic.Int64 // when After said that it is over
				var ofLater credential
				if c.before == "" || !c.before.Ended() {
					later = w.Begin(jid, 2*time.Minute)
					later.Follow(&ofLater, nil)
					later.After(func() { over.Store(time.Now().UnixNano()) })
				}
				if c.happen != nil {
					time.AfterFunc(30*time.Second, func() {
						c.happen(stop, leave, &of)
						if ofLater.end != nil {
							c.happen(stop, func() { later.Leave(); over.Store(time.Now().UnixNano()) }, &ofLater)
						}
					})
				}
				began := time.Now()
				wait := w.Begin(jid, 2*time.Minute)
				j, err := wait.Job(ctx, false)
				ended := j.State.Ended()
				if !ended {
					ended, err = wait.End(ctx)
				}
				wait.Close()
				require.Equal(t, c.ended, ended)
				require.Equal(t, c.within, time.Since(began).Round(time.Second))
				if later != nil {
					synctest.Wait()
					require.Equal(t, c.within, time.Unix(0, over.Load()).Sub(began).Round(time.Second))
					same, sameErr := later.End(t.Context())
					require.Equal(t, ended, same)
					require.Equal(t, err, sameErr)
					later.Close()
				}
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

// A job of a moment ago is waited for until it is recorded and seen.
func TestRecorded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		there, seen time.Duration // when it is recorded, and seen; 0 for from the beginning, less for never
		want        time.Duration
	}{
		"it is there":             {0, 0, 0},
		"it is recorded":          {time.Second, 0, time.Second},
		"it is not there":         {-1, 0, time.Minute},
		"it is not seen":          {0, -1, time.Minute},
		"it is recorded, unseen":  {time.Second, -1, time.Minute},
		"it is seen later":        {0, time.Second, time.Second},
		"it is recorded and seen": {time.Second, 2 * time.Second, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				since := func(d time.Duration) bool { return d >= 0 && time.Since(began) >= d }
				read := func(context.Context, string, bool) (records.Job, error) {
					if !since(c.there) {
						return records.Job{}, records.ErrNotFound
					}
					return records.Job{State: records.New}, nil
				}
				hub := watch.New(read, read)
				ctx, end := context.WithCancel(t.Context())
				defer synctest.Wait()
				defer end()
				go hub.Run(ctx)
				for _, at := range []time.Duration{c.there, c.seen} {
					if at > 0 {
						timer := time.AfterFunc(at, func() { hub.Recorded(records.Batch{Jobs: []records.Job{{JID: jid}}}) })
						defer timer.Stop()
					}
				}
				w := &waiting.Jobs{Watches: hub, Stopping: t.Context()}
				require.NoError(t, w.Recorded(t.Context(), jid, time.Minute, func(records.Job) bool { return since(c.seen) }))
				require.Equal(t, c.want, time.Since(began))
				require.Zero(t, hub.Len())
			})
		})
	}
}

// callers with the same credential share what follows it; each has its own end.
func TestSharedCredential(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		read := func(context.Context, string, bool) (records.Job, error) { return records.Job{State: records.New}, nil }
		hub := watch.New(read, read)
		w := &waiting.Jobs{Watches: hub, Most: time.Hour, Stopping: t.Context()}
		follower := &counted{}
		of := func(id, token string, expires time.Time) *caller.Caller {
			return &caller.Caller{User: "a", Session: &session.Session{ID: id, Token: token, Expire: expires}}
		}
		later := time.Now().Add(time.Hour)
		same := []*caller.Caller{of("1", "x", later), of("1", "x", later), of("1", "x", later)}
		others := []*caller.Caller{of("2", "x", later), of("1", "x", later.Add(time.Hour)), nil, nil}
		var ended atomic.Int64
		var all []*waiting.Wait
		for i, c := range append(same, others...) {
			wait := w.Begin(jid, time.Hour)
			kept := wait.Follow(follower, c)
			if i < len(same) {
				require.Same(t, same[0], kept)
			} else {
				require.Same(t, c, kept)
			}
			wait.After(func() { ended.Add(1) })
			all = append(all, wait)
		}
		require.Len(t, follower.open, 1+len(others))
		all[0].Close() // the first one does not end the others
		synctest.Wait()
		require.Zero(t, ended.Load())
		require.NoError(t, follower.open[0].Err())
		follower.ends[0](session.ErrRevoked)
		synctest.Wait()
		require.EqualValues(t, 2, ended.Load())
		_, err := all[2].End(t.Context())
		var refused *web.Error
		require.ErrorAs(t, err, &refused)
		require.Equal(t, 401, refused.Status)

		again := w.Begin(jid, time.Hour)
		require.Same(t, same[1], again.Follow(follower, same[1]), "one that has ended is not shared")
		require.Len(t, follower.open, 2+len(others))
		again.Close()
		for _, wait := range all {
			wait.Close()
		}
		for _, ctx := range follower.open {
			require.Error(t, ctx.Err(), "the last one ends it")
		}
		require.Zero(t, hub.Len())
	})
}

// What is done after a wait ends when the client goes, before that or meanwhile.
func TestPresent(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]bool{"gone before": true, "goes meanwhile": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var w waiting.Wait
			if gone {
				w.Leave()
			}
			ctx, cancel := w.Present(t.Context())
			defer cancel()
			if !gone {
				require.NoError(t, ctx.Err())
				w.Leave()
			}
			require.ErrorIs(t, ctx.Err(), context.Canceled)
		})
	}
}

// Some have a turn at once, and the others wait for it, until their context ends.
func TestTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		read := func(context.Context, string, bool) (records.Job, error) { return records.Job{State: records.New}, nil }
		w := &waiting.Jobs{Watches: watch.New(read, read), Most: time.Hour, Stopping: t.Context()}
		var turns []func()
		ctx, cancel := context.WithCancel(t.Context())
		const waits = 100
		got := make(chan func())
		for range waits {
			go func() {
				if done, err := w.Turn(ctx); err == nil {
					got <- done
				} else {
					got <- nil
				}
			}()
		}
		for synctest.Wait(); len(turns) < 16; synctest.Wait() {
			turns = append(turns, <-got)
		}
		select {
		case <-got:
			require.Fail(t, "one more has a turn")
		default:
		}
		turns[0]()
		turns[0] = <-got
		cancel()
		for range waits - 17 {
			require.Nil(t, <-got)
		}
		for _, done := range turns {
			done()
		}
	})
}

// A token is followed from each address that it comes from: its owner may be allowed to
// act from one and not from another.
func TestSharedAddress(t *testing.T) {
	t.Parallel()
	read := func(context.Context, string, bool) (records.Job, error) { return records.Job{State: records.New}, nil }
	w := &waiting.Jobs{Watches: watch.New(read, read), Most: time.Hour, Stopping: t.Context()}
	follower := &counted{}
	for i, c := range []struct {
		addr string
		want int
	}{{"192.0.2.1", 1}, {"192.0.2.1", 1}, {"192.0.2.2", 2}, {"192.0.2.2", 2}} {
		wait := w.Begin(jid, time.Hour)
		t.Cleanup(wait.Close)
		wait.Follow(follower, &caller.Caller{
			Principal: &issuer.Principal{TokenID: "1"}, From: issuer.Origin{Addr: netip.MustParseAddr(c.addr), Agent: fmt.Sprint(i)},
		})
		require.Len(t, follower.open, c.want)
	}
}

// counted counts what is followed.
type counted struct {
	open []context.Context
	ends []context.CancelCauseFunc
}

func (c *counted) Follow(ctx context.Context, _ *caller.Caller, _ ...role.Permission) (context.Context, context.CancelFunc) {
	ctx, end := context.WithCancelCause(ctx)
	c.open, c.ends = append(c.open, ctx), append(c.ends, end)
	return ctx, func() { end(nil) }
}
