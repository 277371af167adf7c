package admission

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/internal/mark"
	"github.com/saltern-api/saltern/internal/fair"
)

// Options bound a [Queue]. The zero value of a field stands for its default.
type Options struct {
	KnownGood int           // concurrent checks of credentials that were right lately; 8
	Others    int           // concurrent checks of all other credentials; 4
	Waiting   int           // requests that may wait in each of the two queues; 64
	Remember  int           // users remembered; 4096
	Prefixes  int           // address prefixes remembered of each user; 8
	Age       time.Duration // how long a right check is remembered; 24 h
	Misses    int           // see [Queue.AllowThrottled]; 20
}

func (o Options) withDefaults() Options {
	for _, f := range []struct {
		field *int
		value int
	}{
		{&o.KnownGood, 8}, {&o.Others, 4}, {&o.Waiting, 64}, {&o.Remember, 4096}, {&o.Prefixes, 8}, {&o.Misses, 20},
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

// A Verdict is the result of a check.
type Verdict int

// The verdicts.
const (
	Unknown Verdict = iota // the check failed: nothing is remembered
	Right
	Wrong
)

// Queue hands out slots for checks. It is safe for use by several goroutines.
type Queue struct {
	key       mark.Key
	knownGood *fair.Slots
	others    *fair.Slots

	mu      sync.Mutex
	known   *known
	waiting map[mark.Mark]map[*waiter]struct{} // in the second queue
}

// waiter is a request that waits in the second queue.
type waiter struct{ promote context.CancelCauseFunc }

// errPromoted is the cause with which a wait in the second queue ends when the
// same credentials were found to be right meanwhile.
var errPromoted = errors.New("right meanwhile")

// New returns a queue with all slots free.
func New(o Options) *Queue {
	o = o.withDefaults()
	return &Queue{
		key:       mark.NewKey(),
		knownGood: fair.NewSlots(fair.Options{Slots: o.KnownGood, Queue: o.Waiting}),
		others:    fair.NewSlots(fair.Options{Slots: o.Others, PerPrefix: max(o.Others-1, 1), Queue: o.Waiting}),
		known:     newKnown(o),
		waiting:   make(map[mark.Mark]map[*waiter]struct{}),
	}
}

// KnownGood reports whether these very credentials were right lately, from the
// same address prefix. Without an address the answer is false.
func (l *Queue) KnownGood(c eauth.Credentials) bool {
	m := markOf(&l.key, c)
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known.has(c, m)
}

// AllowThrottled is [Queue.KnownGood] for credentials that the throttle refuses.
// Each distinct set of credentials that is not known-good counts as one miss of
// its user and prefix; after [Options.Misses] misses what is remembered of the
// two is dropped. This bounds the guesses of another client behind the user's
// address, until the user has been right again once the throttle allows it.
func (l *Queue) AllowThrottled(c eauth.Credentials) bool {
	m := markOf(&l.key, c)
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known.has(c, m) || l.known.miss(c, m)
}

// Acquire waits for a slot in the queue that c belongs to. It returns
// [eauth.ErrBusy] when that queue is full, and ctx's error when ctx ends first.
func (l *Queue) Acquire(ctx context.Context, c eauth.Credentials) (*Slot, error) {
	s := &Slot{queue: l, creds: c, mark: markOf(&l.key, c)}
	key := fair.Key{From: fair.Prefix(c.RemoteAddr), User: c.Username}
	l.mu.Lock()
	s.KnownGood = l.known.has(c, s.mark)
	if s.KnownGood {
		l.mu.Unlock()
		return s.acquire(ctx, l.knownGood, key)
	}
	promotable, w := l.enqueue(ctx, s.mark)
	l.mu.Unlock()
	slot, err := s.acquire(promotable, l.others, key)
	l.dequeue(s.mark, w)
	if err != nil && errors.Is(context.Cause(promotable), errPromoted) && ctx.Err() == nil {
		return s.acquire(ctx, l.knownGood, key)
	}
	return slot, err
}

func (s *Slot) acquire(ctx context.Context, slots *fair.Slots, key fair.Key) (*Slot, error) {
	release, err := slots.Acquire(ctx, key)
	if errors.Is(err, fair.ErrFull) {
		return nil, eauth.ErrBusy
	}
	if err != nil {
		return nil, err
	}
	s.release = release
	return s, nil
}

// enqueue returns a context that also ends when the credentials turn out right.
func (l *Queue) enqueue(ctx context.Context, m mark.Mark) (context.Context, *waiter) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &waiter{promote: cancel}
	if l.waiting[m] == nil {
		l.waiting[m] = make(map[*waiter]struct{})
	}
	l.waiting[m][w] = struct{}{}
	return ctx, w
}

func (l *Queue) dequeue(m mark.Mark, w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.waiting[m], w)
	if len(l.waiting[m]) == 0 {
		delete(l.waiting, m)
	}
	w.promote(nil)
}

// A Slot is the permission to check one set of credentials.
type Slot struct {
	// KnownGood is set where the credentials were right lately.
	KnownGood bool

	queue   *Queue
	creds   eauth.Credentials
	mark    mark.Mark
	release func()
	once    sync.Once
}

// Done releases the slot and remembers the verdict. It must be called when the
// check has returned, not when the request has ended: a call into PAM cannot be
// stopped, and only the slots bound how many threads are inside one. Further
// calls do nothing.
func (s *Slot) Done(v Verdict) { s.done(v, true) }

// DonePassed is Done for credentials that passed by [Queue.AllowThrottled]: the
// verdict Right does not reset their misses.
func (s *Slot) DonePassed(v Verdict) { s.done(v, false) }

func (s *Slot) done(v Verdict, forgive bool) {
	s.once.Do(func() {
		s.queue.learn(s.creds, s.mark, v, forgive)
		s.creds = eauth.Credentials{}
		s.release()
	})
}

// learn remembers the result of a check. All requests that wait with credentials
// that are right move to the known-good queue, so that a user's burst of first
// requests does not wait behind guesses.
func (l *Queue) learn(c eauth.Credentials, m mark.Mark, v Verdict, forgive bool) {
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

// prefixOf returns the address prefix that credentials count for.
func prefixOf(c eauth.Credentials) netip.Prefix { return fair.Prefix(c.RemoteAddr) }
