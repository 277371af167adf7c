package schedule_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/schedule"
)

// unused is nil.
type unused interface{ records.Schedules }

// fakeStore keeps schedules and runs in memory.
type fakeStore struct {
	unused // nothing else is called

	mu        sync.Mutex
	schedules map[string]records.Schedule
	runs      []records.Run
	at        map[string]int  // where a run is in runs, by its schedule and its time
	claimed   []int           // where those are that have not been settled
	ended     map[string]bool // jobs, by their jids
	down      error
	deaf      bool // whether what came of runs cannot be recorded
}

func newFake(all ...records.Schedule) *fakeStore {
	f := &fakeStore{schedules: make(map[string]records.Schedule), at: make(map[string]int), ended: make(map[string]bool)}
	for _, s := range all {
		f.schedules[s.ID] = s
	}
	return f
}

// add adds runs. It must be called with mu held, or before the store is used.
func (f *fakeStore) add(runs ...records.Run) {
	for _, r := range runs {
		f.at[runKey(r.Schedule, r.Due)] = len(f.runs)
		if r.State == records.RunClaimed {
			f.claimed = append(f.claimed, len(f.runs))
		}
		f.runs = append(f.runs, r)
	}
}

func (f *fakeStore) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fakeStore) Job(_ context.Context, jid string, _ bool) (j records.Job, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended[jid] {
		j.End = time.Now()
	}
	return j, f.down
}

func (f *fakeStore) DueSchedules(_ context.Context, now time.Time) (due []records.Schedule, next time.Time, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.schedules {
		switch {
		case !s.Enabled || s.Start.IsZero():
		case !s.Start.After(now):
			due = append(due, s)
		case next.IsZero() || s.Start.Before(next):
			next = s.Start
		}
	}
	return due, next, f.down
}

func (f *fakeStore) ClaimRuns(_ context.Context, s records.Schedule, due, start time.Time, runs []records.Run) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	is := f.schedules[s.ID]
	if f.down != nil || !is.Due.Equal(s.Due) || is.Version != s.Version || !is.Enabled {
		return false, f.down
	}
	for _, r := range runs {
		if _, there := f.at[runKey(r.Schedule, r.Due)]; there {
			return false, nil
		}
	}
	is.Due, is.Start = due, start
	f.schedules[s.ID] = is
	f.add(runs...)
	return true, nil
}

func (f *fakeStore) Schedules(context.Context, records.ScheduleQuery) ([]records.Schedule, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Collect(maps.Values(f.schedules)), f.down
}

func (f *fakeStore) SettleRun(_ context.Context, r records.Run) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.deaf {
		return records.ErrUnavailable
	}
	i, there := f.at[runKey(r.Schedule, r.Due)]
	if !there {
		return records.ErrNotFound
	}
	f.runs[i] = r
	f.claimed = slices.DeleteFunc(f.claimed, func(j int) bool { return j == i && r.State != records.RunClaimed })
	return nil
}

func (f *fakeStore) LoseRuns(_ context.Context, now time.Time, why string) (lost []records.Run, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.claimed = slices.DeleteFunc(f.claimed, func(i int) bool {
		r := &f.runs[i]
		gone := r.Until.Before(now)
		if gone {
			r.State, r.Why = records.RunUnknown, why
			lost = append(lost, *r)
		}
		return gone
	})
	return lost, f.down
}

func (f *fakeStore) Runs(_ context.Context, q records.RunQuery) (all []records.Run, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.runs {
		r := &f.runs[i]
		if (q.Schedule == "" || r.Schedule == q.Schedule) && (q.State == "" || r.State == q.State) &&
			!r.Due.Before(q.From) && (q.To.IsZero() || !r.Due.After(q.To)) {
			all = append(all, *r)
		}
	}
	slices.SortFunc(all, func(a, b records.Run) int { return cmp.Or(b.Due.Compare(a.Due), cmp.Compare(a.Schedule, b.Schedule)) })
	return all, f.down
}

func (f *fakeStore) TrimRuns(context.Context, time.Time, bool) (int64, error) { return 0, nil }

func (f *fakeStore) CountSchedules(context.Context) (all, enabled int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.schedules {
		if s.Enabled {
			enabled++
		}
	}
	return len(f.schedules), enabled, f.down
}

// runner takes what it runs down.
type runner struct {
	mu    sync.Mutex
	ran   []time.Time
	names []string
	jid   func(n int) string
	takes time.Duration
}

// Run implements schedule.Runner.
func (r *runner) Run(ctx context.Context, s records.Schedule, due time.Time) (out schedule.Outcome) {
	r.mu.Lock()
	r.ran, r.names = append(r.ran, due), append(r.names, s.Name)
	n := len(r.ran)
	r.mu.Unlock()
	if r.takes > 0 {
		select {
		case <-time.After(r.takes):
		case <-ctx.Done():
			return schedule.Outcome{State: records.RunUnknown, Why: ctx.Err().Error()}
		}
	}
	out = schedule.Outcome{State: records.RunStarted, Cmd: "local", Fun: "test.ping"}
	if r.jid != nil {
		out.JID = r.jid(n)
	}
	return out
}

func (r *runner) times() []time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.ran)
}

// counting counts how often each time of each schedule is run.
type counting struct {
	mu  sync.Mutex
	ran map[string]int
}

func newCounting() *counting { return &counting{ran: make(map[string]int)} }

func runKey(name string, due time.Time) string { return name + " " + due.UTC().String() }

// Run implements schedule.Runner.
func (c *counting) Run(_ context.Context, s records.Schedule, due time.Time) schedule.Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ran[runKey(s.Name, due)]++
	return schedule.Outcome{State: records.RunStarted, JID: "20261129120054248604", Cmd: "local", Fun: "test.ping"}
}

func (c *counting) times(name string, due time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ran[runKey(name, due)]
}
