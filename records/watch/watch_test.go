package watch_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/watch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store has the states of jobs, and counts how often each is read.
type store struct {
	mu     sync.Mutex
	states map[string]records.State
	reads  map[string]int
	err    error
}

func (s *store) job(_ context.Context, jid string, _ bool) (records.Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads[jid]++
	state, ok := s.states[jid]
	switch {
	case s.err != nil:
		return records.Job{}, s.err
	case !ok:
		return records.Job{}, records.ErrNotFound
	}
	return records.Job{JID: jid, State: state}, nil
}

func (s *store) set(jid string, state records.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.states[jid] = state
}

func (s *store) remove(jid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.states, jid)
}

func (s *store) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *store) count(jid string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads[jid]
}

// run calls f with a running hub in a bubble.
func run(t *testing.T, f func(t *testing.T, h *watch.Hub, s *store)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &store{states: make(map[string]records.State), reads: make(map[string]int)}
		h := watch.New(s.job, s.job)
		ctx, cancel := context.WithCancel(t.Context())
		defer synctest.Wait()
		defer cancel()
		go h.Run(ctx)
		f(t, h, s)
		require.Zero(t, h.Len())
	})
}

func is(c <-chan struct{}) bool {
	synctest.Wait()
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func returned(jid string) records.Batch {
	return records.Batch{Returns: []records.Return{{JID: jid, Minion: "web1"}}}
}

func TestEnds(t *testing.T) {
	t.Parallel()
	for _, state := range records.States() {
		for name, batch := range map[string]records.Batch{
			"job": {Jobs: []records.Job{{JID: "a"}}}, "return": returned("a"), "end": {Ends: []records.End{{JID: "a"}}},
		} {
			t.Run(string(state)+" by a "+name, func(t *testing.T) {
				t.Parallel()
				run(t, func(t *testing.T, h *watch.Hub, s *store) {
					w, other := h.Watch("a"), h.Watch("b")
					defer w.Close()
					defer other.Close()
					changed, also := w.Changed(), other.Changed()
					s.set("a", state)
					require.False(t, is(w.Ended()), "nothing was recorded")
					h.Recorded(batch)
					require.Equal(t, state.Ended(), is(w.Ended()))
					require.True(t, is(changed))
					require.False(t, is(w.Changed()), "not again")
					require.False(t, is(other.Ended()))
					require.False(t, is(also))
				})
			})
		}
	}
}

// However many watch a job, and however often it changes, it is read a few times.
func TestReadOnce(t *testing.T) {
	t.Parallel()
	run(t, func(t *testing.T, h *watch.Hub, s *store) {
		var woken atomic.Int64
		s.set("a", records.Running)
		for range 1000 {
			w := h.Watch("a")
			go func() {
				defer w.Close()
				<-w.Ended()
				woken.Add(1)
			}()
		}
		require.Equal(t, 1000, h.Len())
		for range 1000 {
			h.Recorded(returned("a"))
			h.Recorded(returned("nobody's"))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		require.LessOrEqual(t, s.count("a"), 3)
		require.Zero(t, s.count("nobody's"))
		s.set("a", records.Failed)
		h.Recorded(returned("a"))
		time.Sleep(time.Second)
		synctest.Wait()
		require.EqualValues(t, 1000, woken.Load())
	})
}

// The end that only another gateway has recorded is found.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	run(t, func(t *testing.T, h *watch.Hub, s *store) {
		w := h.Watch("a")
		defer w.Close()
		s.set("a", records.MissingReturns)
		time.Sleep(30 * time.Second)
		require.False(t, is(w.Ended()))
		<-w.Ended()
	})
}

// A job is looked at again each minute. What waits for its changes wakes only if there
// was one, also if another gateway has recorded it.
func TestSame(t *testing.T) {
	t.Parallel()
	run(t, func(t *testing.T, h *watch.Hub, s *store) {
		s.set("a", records.New)
		w := h.Watch("a")
		defer w.Close()
		changed := w.Changed()
		_, err := w.Job(t.Context(), false)
		require.NoError(t, err)
		before := s.count("a")
		time.Sleep(5 * time.Minute)
		require.False(t, is(changed), "it is the same")
		require.GreaterOrEqual(t, s.count("a"), before+4)

		h.Recorded(returned("a"))
		<-changed
		changed = w.Changed()
		s.set("a", records.Running)
		<-changed
		changed = w.Changed()
		time.Sleep(5 * time.Minute)
		require.False(t, is(changed), "it is the same again")

		s.set("a", records.New)
		other := h.Watch("a")
		defer other.Close()
		_, err = other.Job(t.Context(), false)
		require.NoError(t, err)
		time.Sleep(time.Second)
		require.True(t, is(changed), "one that came later has read it before the minute was over")

		changed = w.Changed()
		s.remove("a")
		<-changed
		changed = w.Changed()
		time.Sleep(5 * time.Minute)
		require.False(t, is(changed), "it is not there")
		s.set("a", records.New)
		<-changed
	})
}

// While the store is away nothing wakes, and nothing is forgotten.
func TestAway(t *testing.T) {
	t.Parallel()
	run(t, func(t *testing.T, h *watch.Hub, s *store) {
		w, unknown := h.Watch("a"), h.Watch("unknown")
		defer w.Close()
		defer unknown.Close()
		s.set("a", records.Completed)
		s.fail(errors.New("away"))
		changed := unknown.Changed()
		h.Recorded(returned("a"))
		h.Recorded(returned("unknown"))
		time.Sleep(10 * time.Second)
		require.False(t, is(w.Ended()))
		require.LessOrEqual(t, s.count("a")+s.count("unknown"), 15, "there is a pause after each attempt")
		s.fail(nil)
		<-w.Ended()
		<-changed
		require.False(t, is(unknown.Ended()), "it is not recorded")
	})
}

// A watch may be closed at any time, also while the job is read.
func TestClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reading, goOn := make(chan struct{}), make(chan struct{})
		h := watch.New(func(context.Context, string, bool) (records.Job, error) {
			reading <- struct{}{}
			<-goOn
			return records.Job{State: records.Completed}, nil
		}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		defer synctest.Wait()
		defer cancel()
		go h.Run(ctx)
		w := h.Watch("a")
		h.Recorded(returned("a"))
		<-reading
		w.Close()
		w.Close()
		require.Zero(t, h.Len())
		again := h.Watch("a")
		close(goOn)
		require.True(t, is(again.Ended()), "what was read is true for a later watch too")
		again.Close()
		require.Zero(t, h.Len())
	})
}

// What is to be called after the end of a job is called once, unless the watch is closed.
func TestAfterEnd(t *testing.T) {
	t.Parallel()
	run(t, func(t *testing.T, h *watch.Hub, s *store) {
		var calls, never atomic.Int64
		all := make([]*watch.Watch, 100)
		for i := range all {
			all[i] = h.Watch("a")
			all[i].AfterEnd(func() { calls.Add(1) })
		}
		closed := h.Watch("a")
		closed.AfterEnd(func() { never.Add(1) })
		closed.Close()
		s.set("a", records.Running)
		h.Recorded(returned("a"))
		time.Sleep(time.Second)
		synctest.Wait()
		require.Zero(t, calls.Load(), "it goes on")
		s.set("a", records.Completed)
		for range 2 {
			h.Recorded(returned("a"))
			time.Sleep(time.Second)
		}
		synctest.Wait()
		require.EqualValues(t, len(all), calls.Load())
		all[0].AfterEnd(func() { calls.Add(1) })
		synctest.Wait()
		require.EqualValues(t, len(all)+1, calls.Load(), "it has ended")
		for _, w := range all {
			w.Close()
		}
		require.Zero(t, never.Load())
	})
}

// What is to be called after a change is called once for each, unless the watch is closed.
func TestAfterChange(t *testing.T) {
	t.Parallel()
	run(t, func(t *testing.T, h *watch.Hub, s *store) {
		var calls, never atomic.Int64
		w, closed := h.Watch("a"), h.Watch("a")
		defer w.Close()
		closed.AfterChange(closed.Changed(), func() { never.Add(1) })
		closed.Close()
		changed := w.Changed()
		w.AfterChange(changed, func() { never.Add(1) })
		w.AfterChange(changed, func() { calls.Add(1) }) // in place of the first
		s.set("a", records.Running)
		for range 2 {
			h.Recorded(returned("a"))
			time.Sleep(time.Second)
		}
		synctest.Wait()
		require.EqualValues(t, 1, calls.Load())
		w.AfterChange(changed, func() { calls.Add(1) })
		synctest.Wait()
		require.EqualValues(t, 2, calls.Load(), "it has changed since")
		require.Zero(t, never.Load())
	})
}

// Many that come at once read the job once, until something is recorded about it.
func TestJob(t *testing.T) {
	t.Parallel()
	run(t, func(t *testing.T, h *watch.Hub, s *store) {
		w := h.Watch("a")
		defer w.Close()
		_, err := w.Job(t.Context(), false)
		require.ErrorIs(t, err, records.ErrNotFound)
		s.set("a", records.New)
		before := s.count("a")
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				w := h.Watch("a")
				defer w.Close()
				j, err := w.Job(t.Context(), false)
				if err != nil || j.State != records.New {
					t.Errorf("%v, %v", j.State, err)
				}
			})
		}
		all.Wait()
		require.Equal(t, before+1, s.count("a"))
		s.set("a", records.Completed)
		h.Recorded(returned("a"))
		j, err := w.Job(t.Context(), false)
		require.NoError(t, err)
		require.Equal(t, records.Completed, j.State, "it was recorded")
		s.set("a", records.Failed)
		time.Sleep(time.Second)
		j, err = w.Job(t.Context(), false)
		require.NoError(t, err)
		require.Equal(t, records.Failed, j.State, "another gateway may have recorded it")
		time.Sleep(time.Second)
		s.fail(errors.New("away"))
		_, err = w.Job(t.Context(), false)
		require.EqualError(t, err, "away")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = w.Job(ctx, false)
		require.Error(t, err)
	})
}
