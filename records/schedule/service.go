package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/saltern-api/saltern/internal/pause"
	"github.com/saltern-api/saltern/internal/timetable"
	"github.com/saltern-api/saltern/records"
)

// Store is what a service needs of a store of records.
type Store interface {
	records.Schedules
	Job(ctx context.Context, jid string, minions bool) (records.Job, error)
}

// Runner runs a schedule once, as its owner and with what the owner may do now. It
// does not try again.
type Runner interface {
	Run(ctx context.Context, s records.Schedule, due time.Time) Outcome
}

// Outcome is what came of a run.
type Outcome struct {
	State    records.RunState
	JID      string
	Why      string // in a few words, for those who see the schedule
	Cmd, Fun string // what was run
}

// Options set a service up.
type Options struct {
	// Tell is called with each run that has ended: from several goroutines, and it
	// must not block. It may be nil.
	Tell func(ctx context.Context, r records.Run)

	Log *slog.Logger // nil discards
}

const (
	// lookEvery is how often schedules are looked for that nothing has pointed to:
	// those saved by other gateways, and claims that have ended.
	lookEvery = 10 * time.Second

	// Late is how much later than its time a run may start.
	Late = time.Minute

	// runTimeout bounds a run, and claimFor is how long its claim lasts: longer, for
	// the database and for clocks that differ.
	runTimeout = time.Minute
	claimFor   = runTimeout + 30*time.Second

	// atOnce bounds the runs of a gateway at a time.
	atOnce = 8

	storeTimeout = 10 * time.Second

	// grace is how long a run may go on when the gateway stops.
	grace = 5 * time.Second

	cleanEvery = time.Hour
)

// Runs are kept for keepRuns, or for less where these are more than maxRuns.
const (
	keepRuns = 90 * 24 * time.Hour
	maxRuns  = 200_000
)

// What is recorded of runs without an outcome.
const (
	whyMissed   = "no gateway was there in time"
	whyUnknown  = "its gateway ended before it could record what came of it"
	whyPanicked = "an error of the gateway ended it"
	whySkipped  = "a user has left it out"
)

// maxMissed is how many missed times are recorded each by itself, the latest of them,
// and maxCatchUp how many are counted.
const (
	maxMissed  = 20
	maxCatchUp = 2000
)

// Service runs schedules. It is safe for concurrent use.
type Service struct {
	store Store
	tell  func(ctx context.Context, r records.Run)
	log   *slog.Logger
	look  time.Duration
	wake  chan struct{}

	all, enabled atomic.Int64 // as counted last

	mu      sync.Mutex
	running int
}

// New returns a service. It runs nothing before [Service.Run].
func New(store Store, o Options) *Service {
	s := &Service{store: store, tell: o.Tell, log: o.Log, look: lookEvery, wake: make(chan struct{}, 1)}
	if s.tell == nil {
		s.tell = func(context.Context, records.Run) {}
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

// Wake has the service look at the schedules now, as one was changed.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Counts returns how many schedules there are, and how many are enabled, as counted
// within the last seconds.
func (s *Service) Counts() (all, enabled int) { return int(s.all.Load()), int(s.enabled.Load()) }

// Run runs what is due until ctx ends, and then waits for the runs that are under way.
// It is called once.
func (s *Service) Run(ctx context.Context, runner Runner) {
	var runs sync.WaitGroup
	defer runs.Wait()
	var cleaned time.Time
	failed := time.Duration(0) // how long to wait after failures of the store
	for {
		now := time.Now()
		if now.Sub(cleaned) >= cleanEvery && s.clean(ctx, now) == nil && s.setRight(ctx, now) == nil {
			cleaned = now
		}
		next, err := s.round(ctx, runner, &runs)
		wait := s.look
		wake := s.wake
		switch {
		case err != nil && ctx.Err() == nil:
			failed = min(max(2*failed, time.Second), lookEvery)
			wait, wake = failed, nil
			s.log.LogAttrs(ctx, slog.LevelDebug, "the schedules cannot be read", slog.Any("error", err))
		case !next.IsZero():
			wait = min(max(time.Until(next), 0), s.look)
		}
		if err == nil {
			failed = 0
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-wake:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// round starts what is due, and returns when something is due next.
func (s *Service) round(stop context.Context, runner Runner, runs *sync.WaitGroup) (next time.Time, err error) {
	ctx, cancel := context.WithTimeout(stop, storeTimeout)
	defer cancel()
	lost, err := s.store.LoseRuns(ctx, time.Now(), whyUnknown)
	if err != nil {
		return next, err
	}
	for _, r := range lost {
		s.note(ctx, r)
	}
	all, enabled, err := s.store.CountSchedules(ctx)
	if err != nil {
		return next, err
	}
	s.all.Store(int64(all))
	s.enabled.Store(int64(enabled))
	due, next, err := s.store.DueSchedules(ctx, time.Now())
	if err != nil {
		return next, err
	}
	for _, one := range due {
		if !s.enter() {
			return next, nil // a run that ends wakes
		}
		fire, err := s.claim(ctx, one)
		if err != nil || fire == nil {
			s.leave()
			if err != nil {
				return next, err
			}
			continue
		}
		runs.Go(func() {
			defer s.Wake()
			defer s.leave()
			s.run(stop, runner, one, *fire)
		})
	}
	if len(due) > 0 {
		s.Wake() // there may be more
	}
	return next, nil
}

func (s *Service) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running >= atOnce {
		return false
	}
	s.running++
	return true
}

func (s *Service) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
}

// claim claims what is due of a schedule, and returns the run that is to be made, or
// nil for none.
func (s *Service) claim(ctx context.Context, one records.Schedule) (*records.Run, error) {
	now := records.Micro(time.Now())
	of := func(due time.Time, state records.RunState, why string) records.Run {
		return records.Run{
			Schedule: one.ID, Due: due, Name: one.Name, User: one.User, Eauth: one.Eauth, State: state, Why: why, Claimed: now, Done: now,
		}
	}
	body, table, err := Read(one)
	if err != nil {
		s.log.LogAttrs(ctx, slog.LevelError, "a schedule cannot be read, and does not run any more", slog.Any("error", err))
		return nil, s.end(ctx, one, of(one.Due, records.RunFailed, "the schedule cannot be read"))
	}
	var runs []records.Run
	due, start, last, dropped := one.Due, one.Start, one.Start, 0
	for n := 0; !due.IsZero() && !start.After(now); n++ {
		run := of(due, records.RunMissed, whyMissed)
		if body.skips(due) {
			run = of(due, records.RunSkipped, whySkipped)
		}
		run.Cmd, run.Fun = body.Cmd, body.Fun
		runs, last = append(runs, run), start
		if len(runs) > maxMissed+1 {
			runs, dropped = runs[1:], dropped+1
		}
		from := due
		if n == maxCatchUp && due.Before(now.Add(-Late)) { // not one by one
			from = now.Add(-Late)
		}
		due, start = next(nil, one, table, from, start)
	}
	if len(runs) == 0 { // of another gateway, whose clock is ahead
		return nil, nil
	}
	final := &runs[len(runs)-1]
	if final.State == records.RunMissed && !last.Before(now.Add(-Late)) {
		why, err := s.tooMany(ctx, one, table.MaxRunning)
		if err != nil {
			return nil, err
		}
		final.State, final.Why = records.RunSkipped, why
		if why == "" {
			final.State, final.Until, final.Done = records.RunClaimed, now.Add(claimFor), time.Time{}
		}
	}
	if dropped > 0 {
		runs[0].Why += fmt.Sprintf(", and so were %d or more times before", dropped)
	}
	claimed, err := s.store.ClaimRuns(ctx, one, due, start, runs)
	if err == nil && !claimed {
		runs, err = s.claimRest(ctx, one, due, start, runs)
	}
	if err != nil {
		return nil, err
	}
	var fire *records.Run
	for _, r := range runs {
		if r.State == records.RunClaimed {
			fire = &r
		} else {
			s.note(ctx, r)
		}
	}
	return fire, nil
}

// claimRest claims those of some runs that are not there yet, unless the schedule was
// claimed or changed by another gateway, and returns those that it has claimed. A run
// may be there although the schedule is due at its time: where a user has saved it at a
// gateway whose clock is behind.
func (s *Service) claimRest(ctx context.Context, one records.Schedule, due, start time.Time, runs []records.Run) ([]records.Run, error) {
	there, err := s.store.Runs(ctx, records.RunQuery{Schedule: one.ID, From: runs[0].Due, To: runs[len(runs)-1].Due, Limit: records.MaxLimit})
	if err != nil {
		return nil, err
	}
	rest := slices.DeleteFunc(runs, func(r records.Run) bool {
		return slices.ContainsFunc(there, func(t records.Run) bool { return t.Due.Equal(r.Due) })
	})
	claimed, err := s.store.ClaimRuns(ctx, one, due, start, rest)
	if err != nil || !claimed {
		return nil, err
	}
	return rest, nil
}

// end records the last run of a schedule.
func (s *Service) end(ctx context.Context, one records.Schedule, last records.Run) error {
	claimed, err := s.store.ClaimRuns(ctx, one, time.Time{}, time.Time{}, []records.Run{last})
	if claimed {
		s.note(ctx, last)
	}
	return err
}

// tooMany returns why a schedule does not run now: that as many runs of it have not
// ended as there may be.
func (s *Service) tooMany(ctx context.Context, one records.Schedule, most int) (why string, err error) {
	if most == 0 {
		return "", nil
	}
	runs, err := s.store.Runs(ctx, records.RunQuery{Schedule: one.ID, State: records.RunStarted, Limit: min(10*most, records.MaxLimit)})
	if err != nil {
		return "", err
	}
	running := 0
	for _, r := range runs {
		job, err := s.store.Job(ctx, r.JID, false)
		switch {
		case errors.Is(err, records.ErrNotFound):
		case err != nil:
			return "", err
		case job.End.IsZero():
			running++
		}
	}
	if running < most {
		return "", nil
	}
	return fmt.Sprintf("%d of its runs have not ended", running), nil
}

// run makes a run that is claimed, and records what came of it.
func (s *Service) run(stop context.Context, runner Runner, one records.Schedule, r records.Run) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(stop), runTimeout)
	defer cancel()
	defer context.AfterFunc(stop, func() {
		if pause.For(ctx, grace) == nil {
			cancel()
		}
	})()
	out := s.runOnce(ctx, runner, one, r.Due)
	r.State, r.JID, r.Why, r.Cmd, r.Fun, r.Done = out.State, out.JID, out.Why, out.Cmd, out.Fun, records.Micro(time.Now())
	settle, cancelSettle := context.WithTimeout(context.WithoutCancel(stop), storeTimeout)
	defer cancelSettle()
	if err := s.store.SettleRun(settle, r); err != nil {
		s.log.LogAttrs(settle, slog.LevelWarn, "what came of a run of a schedule cannot be recorded; it will show as unknown",
			slog.String("schedule", r.Schedule), slog.String("state", string(r.State)), slog.String("jid", r.JID), slog.Any("error", err))
	}
	s.note(settle, r)
}

// runOnce runs a schedule. After a panic, whose value may be a secret, it is unknown what
// came of it.
func (s *Service) runOnce(ctx context.Context, runner Runner, one records.Schedule, due time.Time) (out Outcome) {
	defer func() {
		if p := recover(); p != nil {
			s.log.LogAttrs(ctx, slog.LevelError, "a run of a schedule panicked",
				slog.String("schedule", one.ID), slog.String("type", fmt.Sprintf("%T", p)), slog.String("stack", string(debug.Stack())))
			out = Outcome{State: records.RunUnknown, Why: whyPanicked}
		}
	}()
	return runner.Run(ctx, one, due)
}

// note logs a run that has ended, and calls tell.
func (s *Service) note(ctx context.Context, r records.Run) {
	level := slog.LevelInfo
	switch r.State {
	case records.RunMissed, records.RunUnknown, records.RunRefused, records.RunFailed:
		level = slog.LevelWarn
	case records.RunClaimed, records.RunStarted, records.RunSkipped:
	}
	attrs := []slog.Attr{
		slog.String("state", string(r.State)), slog.String("schedule", r.Schedule), slog.String("name", r.Name), slog.Time("due", r.Due),
		slog.String("user", r.User),
	}
	if r.JID != "" {
		attrs = append(attrs, slog.String("jid", r.JID))
	}
	if r.Why != "" {
		attrs = append(attrs, slog.String("why", r.Why))
	}
	s.log.LogAttrs(ctx, level, "a run of a schedule", attrs...)
	s.tell(ctx, r)
}

// clean removes runs that are too old, or too many.
func (s *Service) clean(ctx context.Context, now time.Time) error {
	for keep := keepRuns; keep > time.Hour; keep /= 2 {
		if _, err := s.store.TrimRuns(ctx, now.Add(-keep), false); err != nil {
			return err
		}
		n, err := s.store.TrimRuns(ctx, now.Add(time.Hour), true)
		if err != nil || n <= maxRuns {
			return err
		}
	}
	return nil
}

// maxSetRight bounds the times that are looked at to set one schedule right.
const maxSetRight = 3000

// setRight has the schedules due again whose next time was set by a clock that was far
// ahead: to it, all times until then were missed.
func (s *Service) setRight(ctx context.Context, now time.Time) error {
	all, err := s.store.Schedules(ctx, records.ScheduleQuery{})
	if err != nil {
		return err
	}
	for _, one := range all {
		_, table, err := Read(one)
		if err != nil || !one.Enabled {
			continue
		}
		// Clocks may differ by less: what another gateway has begun is not due again.
		due, start := next(timetable.NewLooks(maxSetRight), one, table, now.Add(2*Late), time.Time{})
		if due.IsZero() || !one.Due.IsZero() && !due.Before(one.Due) {
			continue
		}
		claimed, err := s.store.ClaimRuns(ctx, one, due, start, nil)
		if err != nil {
			return err
		}
		if claimed {
			s.log.LogAttrs(ctx, slog.LevelWarn, "a schedule was not due when it should be, and is again: the clock of a gateway was ahead",
				slog.String("schedule", one.ID), slog.Time("was", one.Due), slog.Time("due", due))
		}
	}
	return nil
}
