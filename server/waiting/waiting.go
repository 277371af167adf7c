package waiting

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/watch"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/web"
)

// Param is the name of the parameter with the time that a request waits at most.
const Param = "wait"

// Least is the shortest time that a request may wait at most.
const Least = time.Second

// Watches has the jobs that are waited for. *watch.Hub is one.
type Watches interface {
	Watch(jid string) *watch.Watch
}

var _ Watches = (*watch.Hub)(nil)

// Jobs waits for jobs. Its fields are set once. It is safe for concurrent use.
type Jobs struct {
	Watches Watches

	// Most is the longest time that a request may wait.
	Most time.Duration

	// Stopping ends when waits have to end.
	Stopping context.Context

	credentials credentials
	turns       turns
}

// Follower ends contexts with the credential of a caller. *caller.Resolver is one.
type Follower interface {
	Follow(ctx context.Context, c *caller.Caller, needs ...role.Permission) (context.Context, context.CancelFunc)
}

var _ Follower = (*caller.Resolver)(nil)

// Parse reads the parameter wait: a number with a unit, such as 90s or 2m. The
// error is for the client, and is a text without the name of the parameter.
func (w *Jobs) Parse(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil || d < Least || d > w.Most {
		return 0, fmt.Errorf("it is no time from %s to %s, such as 30s", text(Least), text(w.Most))
	}
	return d, nil
}

// text returns a duration without units that are zero: 5m, not 5m0s.
func text(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}

// Follow returns a context that ends with ctx, with the caller's credential, or
// when the gateway begins to stop, with the cause [web.ErrStopping]. done ends it, and
// must be called; further calls do nothing.
func (w *Jobs) Follow(
	ctx context.Context, from Follower, c *caller.Caller, needs ...role.Permission,
) (_ context.Context, done func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	unhook := context.AfterFunc(w.Stopping, func() { cancel(web.ErrStopping) })
	ctx, release := from.Follow(ctx, c, needs...)
	return ctx, func() {
		unhook()
		cancel(nil)
		release()
	}
}

// Wait is a wait for a job. But for Leave, one goroutine at a time may call its methods.
type Wait struct {
	jobs    *Jobs
	watched *watch.Watch
	over    time.Time
	left    atomic.Bool
	leave   atomic.Pointer[context.CancelFunc] // of the context of Present, if there is one

	hold  *Hold       // nil before Follow
	timer *time.Timer // nil before After
}

// Begin begins a wait, for most at most, which has to be closed. The job may be one that
// is not recorded (yet). The caller reads the job after it: an end that was recorded
// before is not seen by the wait.
func (w *Jobs) Begin(jid string, most time.Duration) *Wait {
	return &Wait{jobs: w, watched: w.Watches.Watch(jid), over: time.Now().Add(most)}
}

// Job reads the job, with its minions or without, once for many that wait; see
// [watch.Watch.Job].
func (w *Wait) Job(ctx context.Context, minions bool) (records.Job, error) {
	return w.watched.Job(ctx, minions)
}

// Follow has the wait end with the caller's credential too, or when the gateway begins
// to stop, as [Jobs.Follow] has it. It returns the caller as far as it is to be kept
// for the time of the wait, and is called once at most.
func (w *Wait) Follow(from Follower, c *caller.Caller, needs ...role.Permission) *caller.Caller {
	w.hold, c = w.jobs.Hold(from, c, needs...)
	return c
}

// Leave has End return that the client has gone, and ends the context of Present.
func (w *Wait) Leave() {
	w.left.Store(true)
	if cancel := w.leave.Load(); cancel != nil {
		(*cancel)()
	}
}

// Present returns a context that ends with ctx, or when the client goes: for what is done
// after the wait, so that nothing is held for it until then. It is called once at most.
func (w *Wait) Present(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	w.leave.Store(&cancel)
	if w.left.Load() {
		cancel()
	}
	return ctx, cancel
}

// End waits for the end of the job, or until the time is over. There is no error when
// the time is over or the gateway begins to stop; that of an ended credential is for the
// client.
func (w *Wait) End(ctx context.Context) (ended bool, err error) {
	if w.left.Load() {
		return false, context.Canceled
	}
	timer := time.NewTimer(time.Until(w.over))
	defer timer.Stop()
	followed := ctx // without a credential, ctx is one of [Jobs.Follow]
	if w.hold != nil {
		followed = w.hold.Context()
	}
	select {
	case <-w.watched.Ended():
		return true, nil
	case <-timer.C:
		return false, nil
	case <-followed.Done():
		return false, Cut(followed)
	case <-ctx.Done():
		return false, Cut(ctx)
	}
}

// Turn waits until few others do what is to be done at the end of their waits, where that
// takes more than memory: thousands may wait for one job. done ends the turn.
func (w *Jobs) Turn(ctx context.Context) (done func(), err error) {
	slots := w.turns.get()
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// turnsAtOnce is how many turns there are at once.
const turnsAtOnce = 16

// turns are the slots of [Jobs.Turn]. The zero value has none in use.
type turns struct {
	once  sync.Once
	slots chan struct{}
}

func (t *turns) get() chan struct{} {
	t.once.Do(func() { t.slots = make(chan struct{}, turnsAtOnce) })
	return t.slots
}

// After has f called when End would return, but for Leave and its context, in a
// goroutine of its own: until then there is none. f may be called more than once.
// After is called once, after Follow.
func (w *Wait) After(f func()) {
	w.timer = time.AfterFunc(time.Until(w.over), f)
	w.hold.After(f)
	w.watched.AfterEnd(f)
}

// Close ends the wait.
func (w *Wait) Close() {
	if w.timer != nil {
		w.timer.Stop()
	}
	if w.hold != nil {
		w.hold.Release()
	}
	w.watched.Close()
}

// Recorded waits until a job is recorded that the caller sees, for most at most. One
// that the caller does not see is waited for as one that does not exist: how long it
// takes does not show that there is one. ctx is one of [Jobs.Follow].
func (w *Jobs) Recorded(ctx context.Context, jid string, most time.Duration, sees func(records.Job) bool) error {
	watched := w.Watches.Watch(jid)
	defer watched.Close()
	timer := time.NewTimer(most)
	defer timer.Stop()
	for {
		changed := watched.Changed()
		switch j, err := watched.Job(ctx, false); {
		case err == nil && sees(j):
			return nil
		case err != nil && !errors.Is(err, records.ErrNotFound):
			return nil // it cannot be read, which the caller finds out too
		}
		select {
		case <-changed:
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return Cut(ctx)
		}
	}
}

// Cut returns why a context of [Jobs.Follow] has ended: nil when the gateway begins
// to stop, an error for the client when it was the caller's credential, or else that
// of the context.
func Cut(ctx context.Context) error {
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, web.ErrStopping):
		return nil
	case errors.Is(cause, session.ErrExpired), errors.Is(cause, session.ErrRevoked):
		return &web.Error{Status: http.StatusUnauthorized, Text: caller.TextNoPermission, Err: cause}
	}
	return ctx.Err()
}
