package expiry_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/internal/expiry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errExpired = errors.New("expired")
	errRevoked = errors.New("revoked")
)

type (
	entry    = expiry.Entry[string, string]
	registry = expiry.Registry[string, string]
)

// newRegistry returns a registry that is checked each second.
func newRegistry(check func(ctx context.Context, open []*entry)) *registry {
	if check == nil {
		check = func(context.Context, []*entry) {}
	}
	return expiry.New(expiry.Options[string, string]{Interval: time.Second, Check: check})
}

func TestHowContextsEnd(t *testing.T) {
	t.Parallel()
	hour := func() time.Time { return time.Now().Add(time.Hour) }
	for name, tc := range map[string]struct {
		expires func() time.Time
		end     func(r *registry, e *entry, hangUp context.CancelCauseFunc)
		within  time.Duration
		cause   error
	}{
		"expiry":            {hour, func(*registry, *entry, context.CancelCauseFunc) {}, time.Hour, errExpired},
		"first key":         {hour, func(r *registry, _ *entry, _ context.CancelCauseFunc) { r.End(errRevoked, "a") }, 0, errRevoked},
		"second key":        {hour, func(r *registry, _ *entry, _ context.CancelCauseFunc) { r.End(errRevoked, "x", "b") }, 0, errRevoked},
		"the entry itself":  {hour, func(_ *registry, e *entry, _ context.CancelCauseFunc) { e.End(errRevoked) }, 0, errRevoked},
		"Close":             {hour, func(r *registry, _ *entry, _ context.CancelCauseFunc) { r.Close() }, 0, context.Canceled},
		"the context above": {hour, func(_ *registry, _ *entry, c context.CancelCauseFunc) { c(errRevoked) }, 0, errRevoked},
		"no expiry": {func() time.Time { return time.Time{} }, func(r *registry, _ *entry, _ context.CancelCauseFunc) {
			time.AfterFunc(2*time.Hour, func() { r.End(errRevoked, "a") })
		}, 2 * time.Hour, errRevoked},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRegistry(nil)
				defer r.Close()
				above, hangUp := context.WithCancelCause(t.Context())
				defer hangUp(nil)
				ctx, e, stop := r.Follow(above, "token", tc.expires(), errExpired, "a", "b")
				defer stop()
				other, _, stopOther := r.Follow(t.Context(), "other", time.Time{}, errExpired, "c")
				defer stopOther()
				require.NoError(t, ctx.Err())
				start := time.Now()
				tc.end(r, e, hangUp)
				<-ctx.Done()
				require.Equal(t, tc.within, time.Since(start))
				require.Equal(t, tc.cause, context.Cause(ctx))
				require.Equal(t, name == "Close", other.Err() != nil, "the others go on")
			})
		})
	}
}

func TestAClosedRegistryFollowsNothing(t *testing.T) {
	t.Parallel()
	r := newRegistry(nil)
	r.Close()
	ctx, _, stop := r.Follow(t.Context(), "token", time.Time{}, errExpired, "a")
	defer stop()
	require.Equal(t, context.Canceled, context.Cause(ctx))
}

// Entries are checked once per interval and at a Recheck. Without entries no
// goroutine is left, or the bubble would wait for it.
func TestChecks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var checks, entries atomic.Int64
		r := newRegistry(func(_ context.Context, open []*entry) {
			checks.Add(1)
			entries.Add(int64(len(open)))
		})
		for range 2 {
			checks.Store(0)
			entries.Store(0)
			_, _, stop := r.Follow(t.Context(), "one", time.Time{}, errExpired, "a", "b")
			_, _, stopSecond := r.Follow(t.Context(), "two", time.Time{}, errExpired, "a")
			time.Sleep(2500 * time.Millisecond)
			require.EqualValues(t, 2, checks.Load())
			require.EqualValues(t, 4, entries.Load(), "each entry once")
			r.Recheck()
			synctest.Wait()
			require.EqualValues(t, 3, checks.Load())
			stopSecond()
			stop()
			stop()
			synctest.Wait()
			time.Sleep(time.Minute)
			require.EqualValues(t, 3, checks.Load())
		}
	})
}

// A check may still run after its last entry is removed and others are added:
// its context has ended, and the next check waits for it.
func TestOneCheckAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running, most, checks atomic.Int64
		r := newRegistry(func(ctx context.Context, _ []*entry) {
			most.Store(max(most.Load(), running.Add(1)))
			defer running.Add(-1)
			checks.Add(1)
			<-ctx.Done()
			time.Sleep(10 * time.Second) // it does not return at once
		})
		for range 3 {
			_, _, stop := r.Follow(t.Context(), "token", time.Time{}, errExpired, "a")
			time.Sleep(11500 * time.Millisecond)
			require.EqualValues(t, 1, running.Load())
			stop()
		}
		_, _, stop := r.Follow(t.Context(), "token", time.Time{}, errExpired, "a")
		stop()
		r.Close()
		require.EqualValues(t, 1, most.Load())
		require.EqualValues(t, 3, checks.Load())
	})
}

// For the race detector: entries are added, checked, ended and removed
// concurrently.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		looked := make(map[string]int) // without a lock: checks are never concurrent
		r := newRegistry(func(_ context.Context, open []*entry) {
			for _, e := range open {
				looked[e.Value]++
				e.End(errRevoked)
			}
		})
		for i := range 50 {
			key := string(rune('a' + i%5))
			go func() {
				for range 20 {
					ctx, _, stop := r.Follow(t.Context(), key, time.Now().Add(time.Minute), errExpired, key)
					if i%2 == 0 {
						go r.End(errRevoked, key)
					}
					<-ctx.Done()
					stop()
				}
			}()
		}
		time.Sleep(10 * time.Minute)
		r.Close()
	})
}
