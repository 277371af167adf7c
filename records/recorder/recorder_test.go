package recorder_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/postgres"
	"github.com/saltern-api/saltern/records/postgres/pgtest"
	"github.com/saltern-api/saltern/records/recorder"
	"github.com/saltern-api/saltern/records/sqlite"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/jobcache"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

const jid = "20261122133409055051"

// tap is a list of events, and then nothing more until the end.
type tap struct{ events chan eventbus.Event }

func (s tap) Next(ctx context.Context) (eventbus.Event, error) {
	select {
	case e := <-s.events:
		return e, nil
	case <-ctx.Done():
		return eventbus.Event{}, ctx.Err()
	}
}
func (tap) Close() {}

func event(tag, format string, args ...any) eventbus.Event {
	return eventbus.Event{Tag: tag, Data: mastertest.JSON(fmt.Sprintf(format, args...))}
}

func began(jid, minions string) eventbus.Event {
	return event("salt/job/"+jid+"/new", `{"jid": %q, "fun": "test.ping", "user": "ops", "tgt": "*", "tgt_type": "glob",
		"arg": ["token=x"], "minions": %s, "_stamp": "2026-11-22T13:34:09.055051"}`, jid, minions)
}

func returned(jid, minion string) eventbus.Event {
	return event("salt/job/"+jid+"/ret/"+minion, `{"cmd": "_return", "jid": %q, "id": %q, "fun": "test.ping", "return": true,
		"retcode": 0, "success": true, "_stamp": "2026-11-22T13:34:10.055051+00:00"}`, jid, minion)
}

// memory is a store that may be away.
type memory struct {
	mu      sync.Mutex
	away    bool
	jobs    map[string]records.Job
	returns map[string]int
	values  map[string]records.Return
	ends    map[string]time.Time
	open    []records.Job // that have not ended

	complete bool // whether jobs end with their first return
}

func (m *memory) Put(_ context.Context, b records.Batch) (c records.Changes, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return c, records.ErrUnavailable
	}
	for _, j := range b.Jobs {
		m.jobs[j.JID] = merged(m.jobs[j.JID], j)
	}
	for _, r := range b.Returns {
		m.returns[r.JID+"/"+r.Minion]++
		m.values[r.JID+"/"+r.Minion] = r
		c.Returns++
		if m.complete {
			c.Ended = append(c.Ended, r.JID)
		}
	}
	for _, e := range b.Ends {
		m.ends[e.JID] = e.Time
	}
	return c, nil
}

func (m *memory) Trim(_ context.Context, t records.Trim) (done records.Trimmed, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for jid := range m.jobs {
		if start, ok := records.StartOf(jid); ok && start.Before(t.Before) {
			delete(m.jobs, jid)
			done.Jobs++
		}
	}
	return done, nil
}

// merged fills in what is not known of a job, as a store does.
func merged(j, more records.Job) records.Job {
	if j.Client == "" || strings.HasPrefix(more.Client, j.Client+"_") {
		j.Client = more.Client
	}
	j.Origin = cmp.Or(j.Origin, more.Origin)
	j.JID, j.User, j.Eauth, j.Fun = more.JID, cmp.Or(j.User, more.User), cmp.Or(j.Eauth, more.Eauth), cmp.Or(j.Fun, more.Fun)
	if j.Minions == nil {
		j.Minions = more.Minions
	}
	return j
}

func (m *memory) Jobs(_ context.Context, q records.Query) (page records.JobPage, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	first, _ := strconv.Atoi(q.After)
	for n, j := range m.open {
		if _, ended := m.ends[j.JID]; ended || n < first {
			continue
		}
		if len(page.Jobs) == records.PageSize(q.Limit) {
			page.Next = strconv.Itoa(n)
			break
		}
		page.Jobs = append(page.Jobs, j)
	}
	return page, nil
}

// ended returns the jobs that were ended.
func (m *memory) ended() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.ends))
}

// recorded returns the jobs and returns that were put.
func (m *memory) recorded() (jobs, returns []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.jobs)), slices.Sorted(maps.Keys(m.returns))
}

func newMemory() *memory {
	return &memory{jobs: map[string]records.Job{}, returns: map[string]int{}, values: map[string]records.Return{}, ends: map[string]time.Time{}}
}

func spools(t testing.TB) *spool.Store {
	dir := t.TempDir()
	return spool.NewStore(spool.Options{Memory: 1, Disk: 1 << 30, Create: func() (spool.File, error) { return spool.Unlinked(dir) }})
}

// A job without a sign ends, later while a minion works on it.
func TestEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, s := newMemory(), tap{make(chan eventbus.Event, 10)}
		var written []records.End
		r := recorder.New(m, recorder.Options{Recorded: func(b records.Batch) { written = append(written, b.Ends...) }})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { r.Run(ctx, s); close(done) }()
		const other, find = "20261122133409055052", "20261122133409055053"
		s.events <- began(jid, `["a", "b"]`)
		s.events <- began(other, `["a"]`)
		time.Sleep(20 * time.Second)
		require.Empty(t, m.ended())
		s.events <- event("salt/job/"+find+"/new", `{"jid": %q, "fun": "saltutil.find_job", "arg": [%q]}`, find, jid)
		s.events <- event("salt/job/"+find+"/ret/a",
			`{"cmd": "_return", "id": "a", "jid": %q, "fun": "saltutil.find_job", "fun_args": [%q], "return": {"pid": 1}}`, find, jid)
		time.Sleep(12 * time.Second)
		require.Empty(t, m.ended())
		time.Sleep(5 * time.Second)
		require.Contains(t, m.ended(), jid)
		require.NotContains(t, m.ended(), other)
		time.Sleep(10 * time.Minute)
		require.Contains(t, m.ended(), other)
		jobs, _ := m.recorded()
		require.NotContains(t, jobs, find)
		cancel()
		<-done
		require.Len(t, written, 2, "each batch that was written is announced")
	})
}

// A job that ended with its returns is not watched for its end any more.
func TestEndedByReturns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, s := newMemory(), tap{make(chan eventbus.Event, 10)}
		m.complete = true
		r := recorder.New(m, recorder.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { r.Run(ctx, s); close(done) }()
		s.events <- began(jid, `["a"]`)
		s.events <- returned(jid, "a")
		time.Sleep(time.Hour)
		jobs, returns := m.recorded()
		require.Contains(t, jobs, jid)
		require.Len(t, returns, 1)
		require.Empty(t, m.ended())
		cancel()
		<-done
	})
}

// With a database that is away, a burst waits in files and is then recorded.
func TestBurst(t *testing.T) {
	t.Parallel()
	const n = 50_000
	m := newMemory()
	m.away = true
	s := tap{make(chan eventbus.Event)}
	r := recorder.New(m, recorder.Options{Spool: spools(t)})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { r.Run(ctx, s); close(done) }()
	for i := range n {
		s.events <- returned(jid, fmt.Sprintf("m%d", i))
	}
	m.mu.Lock()
	m.away = false
	m.mu.Unlock()
	require.Eventually(t, func() bool { return r.Stats().Returns == n }, time.Minute, 10*time.Millisecond)
	_, returns := m.recorded()
	require.Len(t, returns, n)
	require.Zero(t, r.Stats().Dropped)
	require.Zero(t, r.Stats().Queue)
	cancel()
	<-done
}

// What is more than a batch has room for is written at once too, though nothing comes
// after it.
func TestBacklog(t *testing.T) {
	t.Parallel()
	store := spools(t)
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		var mu sync.Mutex
		var wrote []time.Time
		p := startRecorder(t, m, recorder.Options{Spool: store, Recorded: func(records.Batch) {
			mu.Lock()
			defer mu.Unlock()
			wrote = append(wrote, time.Now())
		}})
		defer func() { p.stop() }()
		m.setAway(true)
		const n = 200
		for i := range n {
			if i == 1 {
				synctest.Wait()
			}
			p.tap.events <- event(fmt.Sprintf("salt/job/%s/ret/m%d", jid, i), `{"cmd": "_return", "jid": %q, "id": "m%d", "fun": "test.ping",
				"return": %q, "_stamp": "2026-11-22T13:34:10.055051+00:00"}`, jid, i, strings.Repeat("x", 60<<10))
		}
		synctest.Wait()
		require.Equal(t, n, p.Stats().Queue+1, "the first one is being written")
		m.setAway(false)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		_, returns := m.recorded()
		require.Len(t, returns, n)
		require.Greater(t, len(wrote), 2)
		require.Equal(t, wrote[0], wrote[len(wrote)-1])
	})
}

// What the bus said while nobody listened is in the job cache.
func TestFill(t *testing.T) {
	t.Parallel()
	master := mastertest.Start(t, mastertest.Options{JobCache: true, Minions: []mastertest.Minion{{ID: "a"}}})
	const missed = "20261122133409055000"
	master.Return(mastertest.Job{JID: missed, Fun: "test.retcode", Minion: "a"},
		mastertest.Return{Return: mastertest.JSON(`"before"`), Retcode: 2, Failed: true})
	require.NoError(t, os.WriteFile(filepath.Join(master.JobDir(missed), "jid"), []byte(missed), 0o600))
	store := sqlite.Open(sqlite.Options{File: filepath.Join(t.TempDir(), "r.db")})
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	bus := eventbus.New(eventbus.Options{Network: "unix", Address: master.BusPath()})
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { _ = bus.Run(ctx) })
	r := recorder.New(store, recorder.Options{
		MasterID: "m_master", Spool: spools(t), Cache: jobcache.Cache{Dir: filepath.Join(master.CacheDir(), "jobs"), HashType: "sha256"},
	})
	r.Note(recorder.Note{JID: jid, User: "ops", Eauth: "pam", Client: "local_async", Sent: true})
	all.Go(func() { r.Run(ctx, bus.Expect("salt/")) })
	defer all.Wait()
	defer cancel()
	require.NoError(t, bus.Ready(ctx))
	require.Eventually(t, func() bool {
		ret, err := store.Return(ctx, missed, "a")
		return err == nil && ret.Outcome() == records.NotOK && ret.Retcode == 2 && string(ret.Value) == "\xa6before"
	}, 20*time.Second, 5*time.Millisecond)
	require.Eventually(t, func() bool { return master.Subscribers() == 1 }, 20*time.Second, time.Millisecond, "who connects is known a little later")
	master.Fire("salt/job/"+jid+"/new", began(jid, `["a"]`).Data)
	master.Fire("salt/job/"+jid+"/ret/a", returned(jid, "a").Data)
	require.Eventually(t, func() bool {
		j, err := store.Job(ctx, jid, false)
		return err == nil && j.State == records.Completed && j.Eauth == "pam" && j.Client == "local_async" &&
			string(j.Arguments) == `["token=HIDDEN"]`
	}, 20*time.Second, 5*time.Millisecond)
}

func FuzzDecode(f *testing.F) {
	for _, e := range []eventbus.Event{began(jid, `["a"]`), returned(jid, "a")} {
		f.Add(e.Tag, []byte(e.Data))
	}
	f.Fuzz(func(t *testing.T, tag string, data []byte) {
		e, ok := recorder.Decoder{MasterID: "m", MaxValue: 100}.Decode(tag, data, time.Time{})
		if ok && e.Return != nil && !e.Return.Omitted {
			require.LessOrEqual(t, len(e.Return.Value), 100)
			require.NotEqual(t, msgpack.Invalid, msgpack.Raw(e.Return.Value).Kind())
		}
	})
}

// BenchmarkRecorder prints how many returns a second are recorded, of jobs for ten
// minions each, and what each takes of this process's processor time. Run it with
// -benchtime 1x.
func BenchmarkRecorder(b *testing.B) {
	const jobs, minions = 3000, 10
	for name, open := range map[string]func(b *testing.B) records.Store{
		"SQLite": func(b *testing.B) records.Store {
			return sqlite.Open(sqlite.Options{File: filepath.Join(b.TempDir(), "r.db")})
		},
		"PostgreSQL": func(b *testing.B) records.Store {
			store, err := postgres.Open(postgres.Options{URL: pgtest.Start(b).Database(b)})
			require.NoError(b, err)
			return store
		},
	} {
		b.Run(name, func(b *testing.B) {
			store := open(b)
			require.NoError(b, store.Ping(b.Context()))
			s := tap{make(chan eventbus.Event)}
			r := recorder.New(store, recorder.Options{Spool: spools(b)})
			ctx, cancel := context.WithCancel(b.Context())
			done := make(chan struct{})
			go func() { r.Run(ctx, s); close(done) }()
			before, began := processorTime(b), time.Now()
			for n := range jobs {
				id := fmt.Sprintf("20261122133409%06d", n)
				s.events <- began10(id)
				for i := range minions {
					s.events <- returned(id, fmt.Sprint("m", i))
				}
			}
			for r.Stats().Returns < jobs*minions {
				time.Sleep(time.Millisecond)
			}
			took, used := time.Since(began), processorTime(b)-before
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(jobs*minions/took.Seconds(), "returns/s")
			b.ReportMetric(float64(used.Microseconds())/(jobs*minions), "us-CPU/return")
			cancel()
			<-done
			require.NoError(b, store.Close())
		})
	}
}

func began10(jid string) eventbus.Event {
	return began(jid, `["m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9"]`)
}

// processorTime is what this process has used.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
