package recorder_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/pause"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/postgres"
	"github.com/saltern-api/saltern/records/postgres/pgtest"
	"github.com/saltern-api/saltern/records/recorder"
	"github.com/saltern-api/saltern/records/sqlite"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/jobcache"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
)

// patience is how long a test waits for what must happen.
const patience = 2 * time.Minute

// perJob is how many minions each job of a test is for.
const perJob = 5

// jobs writes jobs into the job cache, and fires their events as the master does.
func (c cached) jobs(from, to int) {
	c.t.Helper()
	for n := from; n < to; n++ {
		jid := fmt.Sprintf("20261122133409%06d", n)
		c.master.Fire("salt/job/"+jid+"/new", began(jid, `["m0", "m1", "m2", "m3", "m4"]`).Data)
		c.published(jid, "test.ping", `["m0", "m1", "m2", "m3", "m4"]`)
		for i := range perJob {
			minion := fmt.Sprint("m", i)
			c.master.Fire("salt/job/"+jid+"/ret/"+minion, returned(jid, minion).Data)
			c.returned(jid, minion, "true")
		}
	}
}

// record has a recorder of its own record the master's events in a store, until
// the test ends.
func (c cached) record(store records.Store, ended func([]string)) (*recorder.Recorder, *eventbus.Bus) {
	c.t.Helper()
	bus := eventbus.New(eventbus.Options{Network: "unix", Address: c.master.BusPath(), Log: slog.New(slog.DiscardHandler)})
	r := recorder.New(store, recorder.Options{MasterID: "m_master", Cache: c.cache(), Ended: ended, Spool: spools(c.t),
		Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(c.t.Context())
	var all sync.WaitGroup
	tap := bus.Expect("salt/")
	all.Go(func() { _ = bus.Run(ctx) })
	all.Go(func() { r.Run(ctx, tap) })
	c.t.Cleanup(func() {
		cancel()
		all.Wait()
		require.NoError(c.t, store.Close())
	})
	require.NoError(c.t, bus.Ready(ctx))
	return r, bus
}

// requireAll waits until all of these jobs and their returns are recorded, and
// requires that none of them is twice.
func requireAll(t *testing.T, store records.Store, jobs int) {
	t.Helper()
	var size records.Size
	require.Eventually(t, func() bool {
		counts, err := store.CountJobs(t.Context(), records.Filter{States: []records.State{records.Completed}})
		if err != nil || counts.Total != jobs {
			return false
		}
		size, err = store.Size(t.Context()) // after the jobs had ended
		return err == nil
	}, patience, 50*time.Millisecond)
	require.EqualValues(t, jobs, size.Jobs)
	require.EqualValues(t, jobs*perJob, size.Returns)
}

// Two gateways record each return once, and each end is reported to one of them.
func TestTwoRecorders(t *testing.T) {
	t.Parallel()
	const jobs = 200
	url := pgtest.Start(t).Database(t)
	c := newCached(t)
	var mu sync.Mutex
	ended := map[string]int{}
	var all [2]*recorder.Recorder
	var stores [2]records.Store
	for i := range all {
		var err error
		stores[i], err = postgres.Open(postgres.Options{URL: url})
		require.NoError(t, err)
		all[i], _ = c.record(stores[i], func(jids []string) {
			mu.Lock()
			defer mu.Unlock()
			for _, jid := range jids {
				ended[jid]++
			}
		})
	}
	c.jobs(0, jobs)
	requireAll(t, stores[0], jobs)
	require.Eventually(t, func() bool {
		return all[0].Stats().Returns+all[1].Stats().Returns == jobs*perJob && all[0].Stats().Jobs+all[1].Stats().Jobs == jobs
	}, patience, 10*time.Millisecond, "each counts those that it has recorded")
	require.Eventually(t, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(ended) == jobs
	}, patience, 10*time.Millisecond)
	for jid, times := range ended {
		require.Equal(t, 1, times, jid)
	}
}

// A database that is killed in the middle of it, and comes back, has all.
func TestDatabaseKilled(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	store, err := postgres.Open(postgres.Options{URL: server.Database(t)})
	require.NoError(t, err)
	c := newCached(t)
	r, _ := c.record(store, nil)
	c.jobs(0, 200)
	require.Eventually(t, func() bool { return r.Stats().Returns > 0 }, patience, time.Millisecond)
	server.Kill() // in the middle of it, or a moment after that
	c.jobs(200, 400)
	require.Eventually(t, func() bool { return r.Stats().Failures > 0 }, patience, time.Millisecond)
	server.Start()
	c.jobs(400, 500)
	requireAll(t, store, 500)
	require.Zero(t, r.Stats().Dropped)
}

// What the bus of a master that is started again has not fired is in the job
// cache.
func TestBusRestarted(t *testing.T) {
	t.Parallel()
	c := newCached(t)
	store := sqlite.Open(sqlite.Options{File: filepath.Join(t.TempDir(), "r.db")})
	r, bus := c.record(store, nil)
	c.jobs(0, 100)
	require.Eventually(t, func() bool { return r.Stats().Returns > 0 }, patience, time.Millisecond)
	c.master.StopBus()
	require.Eventually(t, func() bool { return !bus.Connected() }, patience, time.Millisecond)
	c.jobs(100, 200)
	require.NoError(t, c.master.StartBus())
	require.Eventually(t, func() bool { return bus.Connected() }, patience, time.Millisecond)
	c.jobs(200, 300)
	requireAll(t, store, 300)
	require.Positive(t, r.Stats().Filled)
}

// Jobs that an earlier process has left open end, too.
func TestFindOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, s := newMemory(), tap{make(chan eventbus.Event)}
		for n := range 2*records.MaxLimit + 10 {
			m.open = append(m.open, records.Job{JID: fmt.Sprintf("20261122133409%06d", n), Client: "local"})
		}
		m.open[7].Client = "runner_async"
		r := recorder.New(m, recorder.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { r.Run(ctx, s); close(done) }()
		time.Sleep(9 * time.Minute)
		require.Empty(t, m.ended())
		time.Sleep(2 * time.Minute)
		require.Len(t, m.ended(), 2*records.MaxLimit+9)
		require.NotContains(t, m.ended(), m.open[7].JID)
		time.Sleep(24 * time.Hour)
		require.Contains(t, m.ended(), m.open[7].JID, "a runner may take longer")
		cancel()
		<-done
	})
}

// What the master was about to write when the bus came back is read a while later,
// without the jobs of which all was read from the bus.
func TestFillAgain(t *testing.T) {
	t.Parallel()
	c := newCached(t)
	const late, read = "20261122133409055071", "20261122133409055072"
	synctest.Test(t, func(t *testing.T) {
		m, s := newMemory(), tap{make(chan eventbus.Event)}
		r := recorder.New(m, recorder.Options{Cache: c.cache()})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { r.Run(ctx, s); close(done) }()
		time.Sleep(time.Second)
		for _, jid := range []string{late, read} {
			c.published(jid, "test.ping", `["a"]`)
			c.returned(jid, "a", "true")
		}
		s.events <- began(read, `["a"]`)
		s.events <- returned(read, "a")
		time.Sleep(5 * time.Second)
		require.Zero(t, r.Stats().Filled)
		time.Sleep(15 * time.Second)
		require.EqualValues(t, 2, r.Stats().Filled)
		jobs, returns := m.recorded()
		require.Equal(t, []string{late, read}, jobs)
		require.Equal(t, []string{late + "/a", read + "/a"}, returns)
		cancel()
		<-done
	})
}

// A job of which the returns are together too large for a look-up is recorded, but
// for a return that is too large by itself.
func TestFillLarge(t *testing.T) {
	t.Parallel()
	c := newCached(t)
	const jid, size, minions = "20261122133409055081", 8 << 20, 10
	c.published(jid, "test.echo", `["m0"]`)
	sparse := func(minion string, size int64) {
		head := append(mastertest.JSON(`{"return": 0}`)[:8], 0xc6, byte(size>>24), byte(size>>16), byte(size>>8), byte(size)) // a bin of zeros
		c.write(jid, minion+"/return.p", head)
		require.NoError(t, os.Truncate(filepath.Join(c.master.JobDir(jid), minion, "return.p"), int64(len(head))+size))
	}
	for i := range minions {
		sparse(fmt.Sprint("m", i), size)
	}
	sparse("large", 2<<30)
	_, err := c.cache().Job(t.Context(), jid)
	require.ErrorIs(t, err, jobcache.ErrUnsure)
	store := sqlite.Open(sqlite.Options{File: filepath.Join(t.TempDir(), "r.db")})
	r, _ := c.record(store, nil)
	// The job cache is read twice where the bus is connected while it is read the first time.
	require.Eventually(t, func() bool { return r.Stats().Returns >= minions && r.Stats().Unfilled >= 1 }, patience, 10*time.Millisecond)
	ret, err := store.Return(t.Context(), jid, "m3")
	require.NoError(t, err)
	require.True(t, ret.Omitted)
	require.EqualValues(t, size+5, ret.Size)
}

// What waits for more when the recorder stops is written, also to a slow store, unless
// it is away.
func TestStop(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		away bool
		slow time.Duration // how long a write takes
	}{"there": {}, "away": {away: true}, "slow": {slow: 2500 * time.Millisecond}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, s := newMemory(), tap{make(chan eventbus.Event)}
				m.away = c.away
				r := recorder.New(slowly{m, c.slow}, recorder.Options{Log: slog.New(slog.DiscardHandler)})
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan struct{})
				go func() { r.Run(ctx, s); close(done) }()
				for n := range 100 {
					s.events <- returned(jid, fmt.Sprint("m", n))
				}
				s.events <- began(jid, `["a"]`) // the last one was taken by then
				synctest.Wait()
				began := time.Now()
				cancel()
				<-done
				require.Less(t, time.Since(began), 2*c.slow+3*time.Second) // the entries, and the notes
				jobs, returns := m.recorded()
				if c.away {
					require.Empty(t, jobs)
					return
				}
				require.Equal(t, []string{jid}, jobs)
				require.Len(t, returns, 100)
			})
		})
	}
}

// What was removed does not come back from the job cache, neither if that is read later nor if it is at that moment,
// and is counted then.
func TestRemovedStaysRemoved(t *testing.T) {
	t.Parallel()
	const removed, kept = "20261122133409055071", "20261122133410055071"
	at, _ := records.StartOf(kept)
	for name, c := range map[string]struct {
		when  time.Duration
		count int64
	}{"before it is read": {time.Second, 0}, "while it is read": {15500 * time.Millisecond, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			salt := newCached(t)
			synctest.Test(t, func(t *testing.T) {
				m, s := newMemory(), tap{make(chan eventbus.Event)}
				r := recorder.New(slowly{m, time.Second}, recorder.Options{Cache: salt.cache()})
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan struct{})
				go func() { r.Run(ctx, s); close(done) }()
				time.Sleep(time.Second)
				for _, jid := range []string{removed, kept} {
					salt.published(jid, "test.ping", `["a"]`)
					salt.returned(jid, "a", "true")
				}
				time.Sleep(c.when)
				trimmed, err := r.Remove(t.Context(), records.Trim{Before: at})
				require.NoError(t, err)
				require.Equal(t, c.count, trimmed.Jobs)
				jobs, _ := m.recorded()
				require.NotContains(t, jobs, removed)
				time.Sleep(30 * time.Second)
				jobs, _ = m.recorded()
				require.Equal(t, []string{kept}, jobs)
				cancel()
				<-done
			})
		})
	}
}

// slowly is a store whose writes take some time.
type slowly struct {
	*memory
	takes time.Duration
}

func (s slowly) Put(ctx context.Context, b records.Batch) (records.Changes, error) {
	if err := pause.For(ctx, s.takes); err != nil {
		return records.Changes{}, err
	}
	return s.memory.Put(ctx, b)
}
