package recorder_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/recorder"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
)

// started runs a recorder with 500 ms to go until it writes what comes next, and returns
// how many batches were written until a time.
func started(t *testing.T, m *memory, awaited string) (r *recorder.Recorder, s tap, batches *atomic.Int32) {
	t.Helper()
	s, batches = tap{make(chan eventbus.Event, 1000)}, new(atomic.Int32)
	r = recorder.New(m, recorder.Options{
		Recorded: func(records.Batch) { batches.Add(1) }, Awaited: func(jid string) bool { return jid == awaited },
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { r.Run(ctx, s); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	s.events <- began(jid, `["a", "b", "c"]`)
	synctest.Wait()
	require.EqualValues(t, 1, batches.Load(), "the first one is written at once")
	return r, s, batches
}

const others = "20261122133409055077"

// What comes next is gathered, but for those who wait for its job, or read.
func TestGather(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		awaited string
		do      func(ctx context.Context, r *recorder.Recorder, m *memory)
		after   time.Duration
	}{
		"nobody waits":    {"", func(context.Context, *recorder.Recorder, *memory) {}, 500 * time.Millisecond},
		"for another job": {others, func(context.Context, *recorder.Recorder, *memory) {}, 500 * time.Millisecond},
		"for the job":     {jid, func(context.Context, *recorder.Recorder, *memory) {}, 10 * time.Millisecond},
		"it settles":      {"", func(ctx context.Context, r *recorder.Recorder, _ *memory) { r.Settle(ctx) }, 0},
		"the store was read": {"", func(ctx context.Context, r *recorder.Recorder, m *memory) {
			_, _ = r.Fresh(reader{of: m}).Job(ctx, jid, false)
		}, 0},
		"before many reads": {"", func(ctx context.Context, r *recorder.Recorder, m *memory) {
			r.Fresh(reader{of: m}).(interface {
				Settled(ctx context.Context) records.Reader
			}).Settled(ctx)
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				r, s, batches := started(t, m, c.awaited)
				for _, id := range []string{"a", "b"} {
					s.events <- returned(jid, id)
				}
				synctest.Wait()
				require.EqualValues(t, 1, batches.Load())
				c.do(t.Context(), r, m)
				if c.after > 0 {
					time.Sleep(c.after - time.Nanosecond)
					synctest.Wait()
					require.EqualValues(t, 1, batches.Load())
					time.Sleep(time.Nanosecond)
				}
				synctest.Wait()
				require.EqualValues(t, 2, batches.Load())
				_, returns := m.recorded()
				require.Len(t, returns, 2)
			})
		})
	}
}

// Enough for a batch is written at once.
func TestFullBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, s, batches := started(t, newMemory(), "")
		for i := range 500 {
			s.events <- returned(jid, fmt.Sprint("m", i))
		}
		synctest.Wait()
		require.EqualValues(t, 2, batches.Load())
	})
}

// Nobody waits long for a store that is away, nor where there is nothing to wait for.
func TestSettleAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		r, s, _ := started(t, m, "")
		began := time.Now()
		r.Settle(t.Context())
		require.Zero(t, time.Since(began))
		m.mu.Lock()
		m.away = true
		m.mu.Unlock()
		s.events <- returned(jid, "a")
		synctest.Wait()
		r.Settle(t.Context())
		require.Zero(t, time.Since(began), "the first attempt to write has failed")
		r.Settle(t.Context())
		require.Zero(t, time.Since(began))
		m.mu.Lock()
		m.away = false
		m.mu.Unlock()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		_, returns := m.recorded()
		require.Len(t, returns, 1)
	})
}

// While the job cache is read, the first one waits for what came since, and no others:
// that may take minutes.
func TestSettleFill(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		slow := slowFill{m, make(chan struct{})}
		r, s := recorder.New(slow, recorder.Options{}), tap{make(chan eventbus.Event, 1000)}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { r.Run(ctx, s); close(done) }()
		defer func() { cancel(); <-done }()
		settle := func() time.Duration {
			began := time.Now()
			r.Settle(t.Context())
			return time.Since(began)
		}
		for _, want := range []time.Duration{250 * time.Millisecond, 0, 0} {
			s.events <- returned(jid, "a")
			synctest.Wait()
			require.Equal(t, want, settle())
		}
		close(slow.filled)
		synctest.Wait()
		time.Sleep(time.Second)
		s.events <- returned(jid, "b")
		s.events <- returned(jid, "c")
		synctest.Wait()
		require.Zero(t, settle())
		_, returns := m.recorded()
		require.Len(t, returns, 3, "it is waited for again")
	})
}

// slowFill is a store whose newest job is found after a while: then the job cache is read.
type slowFill struct {
	*memory
	filled chan struct{}
}

func (s slowFill) Jobs(ctx context.Context, q records.Query) (records.JobPage, error) {
	select {
	case <-s.filled:
	case <-ctx.Done():
	}
	return s.memory.Jobs(ctx, q)
}

// reader has the jobs of a memory.
type reader struct {
	records.Reader
	of *memory
}

func (r reader) Job(_ context.Context, jid string, _ bool) (records.Job, error) {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	return r.of.jobs[jid], nil
}
