package guard

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/admission"
	"github.com/saltern-api/saltern/eauth/throttle"
	"github.com/saltern-api/saltern/internal/pause"
)

// An Outcome is the result of an attempt, for metrics.
type Outcome string

// The outcomes. An attempt has exactly one.
const (
	OK        Outcome = "ok"
	Wrong     Outcome = "wrong"
	Throttled Outcome = "throttled" // refused as wrong, without a call of the backend
	Busy      Outcome = "busy"      // no slot was free in time
	Error     Outcome = "error"     // the backend could not decide
)

// Options set up a [Guard]. The zero value is usable.
type Options struct {
	Admission admission.Options
	Throttle  throttle.Options

	// FailDelay is the minimum time of a refusal, whatever the reason. Waiting
	// occupies no slot and no thread. With 0, the backend itself must not
	// reveal an unknown user by a quick refusal.
	FailDelay time.Duration

	// Timeout bounds a check that honors its context, 60 s when 0. The check
	// does not end with the caller's context: a check in progress may have made
	// a token, which is then removed.
	Timeout time.Duration

	// Observe, when set, is called with the outcome of every attempt.
	Observe func(Outcome)

	// Logger receives checks that panicked. nil discards.
	Logger *slog.Logger
}

// Guard is a backend in front of another one.
type Guard struct {
	inner    eauth.Backend
	queue    *admission.Queue
	throttle *throttle.Throttle
	delay    time.Duration
	timeout  time.Duration
	observe  func(Outcome)
	log      *slog.Logger
}

var _ eauth.Backend = (*Guard)(nil)

// New returns a guard in front of inner.
func New(inner eauth.Backend, o Options) *Guard {
	g := &Guard{
		inner:    inner,
		queue:    admission.New(o.Admission),
		throttle: throttle.New(o.Throttle),
		delay:    o.FailDelay,
		timeout:  o.Timeout,
		observe:  o.Observe,
		log:      o.Logger,
	}
	if g.timeout <= 0 {
		g.timeout = time.Minute
	}
	if g.observe == nil {
		g.observe = func(Outcome) {}
	}
	if g.log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	return g
}

// Authenticate calls the inner backend if the rules of the guard permit it. Its
// own errors are [eauth.ErrBusy] and ctx's.
func (g *Guard) Authenticate(ctx context.Context, c eauth.Credentials) (eauth.Identity, bool, error) {
	start := time.Now()
	id, ok, err := g.authenticate(ctx, c)
	if !ok && err == nil {
		_ = pause.For(ctx, g.delay-time.Since(start))
	}
	return id, ok, err
}

func (g *Guard) authenticate(ctx context.Context, c eauth.Credentials) (eauth.Identity, bool, error) {
	no := eauth.Identity{}
	t, ok, err := g.admit(ctx, c)
	if !ok || err != nil {
		return no, false, err
	}
	answers := make(chan answer)
	go g.check(ctx, t, answers)
	select {
	case a := <-answers:
		return a.id, a.ok, a.err
	case <-ctx.Done():
		return no, false, fmt.Errorf("authenticate: %w", ctx.Err())
	}
}

// admit lets credentials through to the backend, with a slot. ok is false where
// they count as wrong without a check.
func (g *Guard) admit(ctx context.Context, c eauth.Credentials) (t attempt, ok bool, err error) {
	if c.Check() != nil {
		g.observe(Wrong)
		return t, false, nil
	}
	key := throttle.KeyOf(c)
	if g.throttle.Refused(key) > 0 && !g.queue.AllowThrottled(c) {
		g.observe(Throttled)
		return t, false, nil
	}
	slot, err := g.acquire(ctx, c)
	if err != nil {
		g.observe(Busy)
		return t, false, fmt.Errorf("authenticate: %w", err)
	}
	// Other attempts with the same name and address may have failed while this
	// one waited: a burst of guesses must not bypass the throttle.
	refused := g.throttle.Refused(key) > 0
	if refused && !g.queue.AllowThrottled(c) {
		slot.Done(admission.Unknown)
		g.observe(Throttled)
		return t, false, nil
	}
	return attempt{c, key, refused, slot}, true, nil
}

func (g *Guard) acquire(ctx context.Context, c eauth.Credentials) (*admission.Slot, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return g.queue.Acquire(ctx, c)
}

// answer is the result of the inner backend.
type answer struct {
	id  eauth.Identity
	ok  bool
	err error
}

// attempt is credentials on their way through the guard.
type attempt struct {
	creds  eauth.Credentials
	key    throttle.Key
	passed bool // let through although the throttle refuses them
	slot   *admission.Slot
}

// done records the result of a check. A success with known-good credentials
// does not reset the count of failures: guesses from the same address would
// start afresh with each request of an active user.
func (g *Guard) done(t attempt, v admission.Verdict) {
	switch {
	case v == admission.Wrong:
		g.throttle.Failed(t.key)
	case v == admission.Right && !t.slot.KnownGood && !t.passed:
		g.throttle.Succeeded(t.key)
	}
	if t.passed {
		t.slot.DonePassed(v)
		return
	}
	t.slot.Done(v)
}

// check calls the inner backend and keeps the slot until that returns. If the
// caller has left by then, the grant is released.
func (g *Guard) check(ctx context.Context, t attempt, answers chan<- answer) {
	detached := context.WithoutCancel(ctx)
	a := g.ask(detached, t.creds)

	switch {
	case a.err != nil:
		g.observe(Error)
		g.done(t, admission.Unknown)
	case !a.ok:
		g.observe(Wrong)
		g.done(t, admission.Wrong)
	default:
		g.observe(OK)
		g.done(t, admission.Right)
	}

	select {
	case answers <- a:
	case <-ctx.Done():
		if a.ok {
			a.id.Grant.Release(detached)
		}
	}
}

// ask calls the inner backend. It runs outside of the goroutines in which an
// HTTP server recovers from a panic, so it recovers itself.
func (g *Guard) ask(ctx context.Context, c eauth.Credentials) (a answer) {
	ctx, cancel := context.WithTimeout(ctx, g.timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			a = answer{err: g.panicked(p)}
		}
	}()
	a.id, a.ok, a.err = g.inner.Authenticate(ctx, c)
	return a
}

// panicked logs a panic with p. The value of p may quote a password, its type
// does not.
func (g *Guard) panicked(p any) error {
	g.log.Error("a check of credentials panicked",
		slog.String("type", fmt.Sprintf("%T", p)), slog.String("stack", string(debug.Stack())))
	return fmt.Errorf("authenticate: the check panicked with a %T", p)
}
