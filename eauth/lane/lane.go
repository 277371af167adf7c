// Package lane bounds how many credentials are checked at once, so that
// strangers who guess passwords cannot make users wait.
//
// There are two lanes, each with its own slots and its own queue. Credentials
// that were right lately, from the address prefix that they come from now, take
// the known-good lane; everything else takes the unproven one. A wrong password,
// which PAM holds for two seconds, so can only ever fill the unproven lane.
// Within a lane prefixes take turns, and within a prefix its users do; one
// prefix cannot have all slots of the unproven lane. What is remembered says
// which lane to take, and whom the throttle lets by, and nothing more: the check
// is always done.
//
//	slot, err := lanes.Acquire(ctx, credentials)
//	if err != nil {
//		return err // eauth.ErrBusy, or the context's
//	}
//	slot.Done(check(credentials))
//
// The package imports eauth for its credentials and errors only.
package lane

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/internal/fair"
)

// Options bound the lanes. The zero value of a field stands for its default.
type Options struct {
	Proven   int           // checks at once of credentials that were right lately; 8
	Unproven int           // checks at once of all others; 4
	Queue    int           // how many may wait in each lane; 64
	Remember int           // how many users are remembered; 4096
	Prefixes int           // from how many prefixes each user may have been right; 8
	Age      time.Duration // how long that counts; 24 h
	Misses   int           // see [Lanes.Pass]; 20
}

func (o Options) withDefaults() Options {
	for _, f := range []struct {
		field *int
		value int
	}{
		{&o.Proven, 8}, {&o.Unproven, 4}, {&o.Queue, 64}, {&o.Remember, 4096}, {&o.Prefixes, 8}, {&o.Misses, 20},
	} {
		if *f.field <= 0 {
			*f.field = f.value
		}
	}
	if o.Age <= 0 {
		o.Age = 24 * time.Hour
	}
	return o
}

// A Verdict is what a check said of credentials.
type Verdict int

// The verdicts.
const (
	Unknown Verdict = iota // the check could not tell: nothing is learnt
	Right
	Wrong
)

// Lanes hands out slots. It is safe for use by several goroutines.
type Lanes struct {
	secret   secret
	proven   *fair.Slots
	unproven *fair.Slots

	mu      sync.Mutex
	known   *known
	waiting map[mark]map[*waiter]struct{} // in the unproven lane
}

// waiter waits in the unproven lane.
type waiter struct{ promote context.CancelCauseFunc }

// errPromoted is why somebody stops waiting in the unproven lane: the same
// credentials were found to be right meanwhile.
var errPromoted = errors.New("right meanwhile")

// New returns lanes with all slots free.
func New(o Options) *Lanes {
	o = o.withDefaults()
	return &Lanes{
		secret:   newSecret(),
		proven:   fair.NewSlots(fair.Options{Slots: o.Proven, Queue: o.Queue}),
		unproven: fair.NewSlots(fair.Options{Slots: o.Unproven, PerPrefix: max(o.Unproven-1, 1), Queue: o.Queue}),
		known:    newKnown(o),
		waiting:  make(map[mark]map[*waiter]struct{}),
	}
}

// Proven reports whether these very credentials were right lately, from the
// same prefix. Without an address they never were.
func (l *Lanes) Proven(c eauth.Credentials) bool {
	m := l.secret.mark(c)
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known.has(c, m)
}

// Pass is [Lanes.Proven] for credentials that the throttle refuses. Others than
// the right ones count as misses for the user and the prefix, each once, and
// after [Options.Misses] of them what is known of the two is forgotten: somebody
// behind the same address as the user has no more guesses than that until the
// user has been right again, after the throttle's time.
func (l *Lanes) Pass(c eauth.Credentials) bool {
	m := l.secret.mark(c)
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known.has(c, m) || l.known.miss(c, m)
}

// Acquire waits for a slot in the lane that c belongs to. It fails with
// [eauth.ErrBusy] when the lane's queue has no place, and with ctx's error when
// that ends first.
func (l *Lanes) Acquire(ctx context.Context, c eauth.Credentials) (*Slot, error) {
	s := &Slot{lanes: l, creds: c, mark: l.secret.mark(c)}
	key := fair.Key{From: fair.Prefix(c.RemoteAddr), User: c.Username}
	l.mu.Lock()
	s.Proven = l.known.has(c, s.mark)
	if s.Proven {
		l.mu.Unlock()
		return s.acquire(ctx, l.proven, key)
	}
	unproven, w := l.enter(ctx, s.mark)
	l.mu.Unlock()
	slot, err := s.acquire(unproven, l.unproven, key)
	l.leave(s.mark, w)
	if err != nil && errors.Is(context.Cause(unproven), errPromoted) && ctx.Err() == nil {
		return s.acquire(ctx, l.proven, key)
	}
	return slot, err
}

func (s *Slot) acquire(ctx context.Context, lane *fair.Slots, key fair.Key) (*Slot, error) {
	release, err := lane.Acquire(ctx, key)
	if errors.Is(err, fair.ErrFull) {
		return nil, eauth.ErrBusy
	}
	if err != nil {
		return nil, err
	}
	s.release = release
	return s, nil
}

// enter returns a context that ends also when the credentials turn out right.
func (l *Lanes) enter(ctx context.Context, m mark) (context.Context, *waiter) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &waiter{promote: cancel}
	if l.waiting[m] == nil {
		l.waiting[m] = make(map[*waiter]struct{})
	}
	l.waiting[m][w] = struct{}{}
	return ctx, w
}

func (l *Lanes) leave(m mark, w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.waiting[m], w)
	if len(l.waiting[m]) == 0 {
		delete(l.waiting, m)
	}
	w.promote(nil)
}

// A Slot is the right to check one set of credentials.
type Slot struct {
	// Proven tells that the credentials were right lately.
	Proven bool

	lanes   *Lanes
	creds   eauth.Credentials
	mark    mark
	release func()
	once    sync.Once
}

// Done gives the slot back. It is called when the check has returned and not
// when its caller has lost patience: a call into PAM cannot be stopped, so
// only the slots bound how many threads are inside one. A second call does
// nothing.
func (s *Slot) Done(v Verdict) { s.done(v, true) }

// DonePassed is Done for credentials that the throttle had refused, see
// [Lanes.Pass]: that they are right takes back no misses.
func (s *Slot) DonePassed(v Verdict) { s.done(v, false) }

func (s *Slot) done(v Verdict, forgive bool) {
	s.once.Do(func() {
		s.lanes.learn(s.creds, s.mark, v, forgive)
		s.creds = eauth.Credentials{}
		s.release()
	})
}

// learn takes up what a check has said. Everybody who waits with credentials
// that are right moves to the known-good lane, so that a user's burst of first
// requests is not stuck among strangers.
func (l *Lanes) learn(c eauth.Credentials, m mark, v Verdict, forgive bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch v {
	case Right:
		if !l.known.add(c, m, forgive) {
			return
		}
		for w := range l.waiting[m] {
			w.promote(errPromoted)
		}
	case Wrong:
		l.known.remove(c, m) // the password was changed
	case Unknown:
	}
}

// prefixOf is where credentials come from.
func prefixOf(c eauth.Credentials) netip.Prefix { return fair.Prefix(c.RemoteAddr) }
