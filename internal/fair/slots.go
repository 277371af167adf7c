package fair

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
)

// ErrFull means that the queue is full, or that other prefixes have a better
// claim to the place in it.
var ErrFull = errors.New("too many are waiting")

// Key is the owner of a slot. All keys without a prefix share one prefix.
type Key struct {
	From netip.Prefix
	User string // may be empty
}

// Options bound [Slots].
type Options struct {
	Slots     int // held at once, at least 1
	PerPrefix int // of them for one prefix; as many as there are when 0
	Queue     int // how many may wait; 0 for none
}

// Slots hands out slots. It is safe for concurrent use.
type Slots struct {
	perPrefix, limit int

	mu      sync.Mutex
	free    int
	held    map[netip.Prefix]int
	waiting int
	turns   []*turn // of the prefixes with waiters, the next one first
}

// turn is the waiters of one prefix.
type turn struct {
	from  netip.Prefix
	n     int
	users []*line // the next one first
}

// line is the waiters of one user within a prefix, the longest waiting first.
type line struct {
	user    string
	waiters []*waiter
}

// waiter waits for a slot. Its fields are guarded by Slots.mu until ready is
// closed.
type waiter struct {
	key   Key
	ready chan struct{}
	err   error // why there is no slot
}

// NewSlots returns slots that are all free.
func NewSlots(o Options) *Slots {
	n := max(o.Slots, 1)
	if o.PerPrefix <= 0 || o.PerPrefix > n {
		o.PerPrefix = n
	}
	return &Slots{perPrefix: o.PerPrefix, limit: o.Queue, free: n, held: make(map[netip.Prefix]int)}
}

// Acquire waits for a slot and returns the function that releases it; further
// calls of that do nothing. It fails with [ErrFull] if the queue is full, or
// later if the place is needed for a prefix with fewer waiters; and with ctx's
// error if ctx ends first.
func (s *Slots) Acquire(ctx context.Context, k Key) (release func(), err error) {
	s.mu.Lock()
	if s.free > 0 && s.held[k.From] < s.perPrefix {
		s.take(k.From)
		s.mu.Unlock()
		return s.releaser(k.From), nil
	}
	if s.waiting >= s.limit && !s.makeRoom(k.From) {
		s.mu.Unlock()
		return nil, ErrFull
	}
	w := &waiter{key: k, ready: make(chan struct{})}
	s.enqueue(w)
	s.mu.Unlock()

	select {
	case <-w.ready:
	case <-ctx.Done():
		if s.abandon(w) {
			return nil, ctx.Err()
		}
		<-w.ready // a slot came at the same moment
		if w.err == nil {
			s.release(k.From)
		}
		return nil, ctx.Err()
	}
	if w.err != nil {
		return nil, w.err
	}
	return s.releaser(k.From), nil
}

func (s *Slots) take(from netip.Prefix) {
	s.free--
	s.held[from]++
}

func (s *Slots) releaser(from netip.Prefix) func() {
	return sync.OnceFunc(func() { s.release(from) })
}

func (s *Slots) release(from netip.Prefix) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free++
	if s.held[from]--; s.held[from] == 0 {
		delete(s.held, from)
	}
	s.serve()
}

// serve gives free slots to the next waiters.
func (s *Slots) serve() {
	for s.free > 0 {
		i := slices.IndexFunc(s.turns, func(t *turn) bool { return s.held[t.from] < s.perPrefix })
		if i < 0 {
			return
		}
		w := s.next(i)
		s.take(w.key.From)
		close(w.ready)
	}
}

// next removes the next waiter of a prefix from the queue; the prefix and the
// user go to the end of theirs.
func (s *Slots) next(i int) *waiter {
	t := s.turns[i]
	s.turns = slices.Delete(s.turns, i, i+1)
	l := t.users[0]
	t.users = slices.Delete(t.users, 0, 1)
	w := l.waiters[0]
	if l.waiters = slices.Delete(l.waiters, 0, 1); len(l.waiters) > 0 {
		t.users = append(t.users, l)
	}
	s.waiting--
	if t.n--; t.n > 0 {
		s.turns = append(s.turns, t)
	}
	return w
}

func (s *Slots) enqueue(w *waiter) {
	t := s.turn(w.key.From)
	if t == nil {
		t = &turn{from: w.key.From}
		s.turns = append(s.turns, t)
	}
	i := slices.IndexFunc(t.users, func(l *line) bool { return l.user == w.key.User })
	if i < 0 {
		i = len(t.users)
		t.users = append(t.users, &line{user: w.key.User})
	}
	t.users[i].waiters = append(t.users[i].waiters, w)
	t.n++
	s.waiting++
}

// turn returns the waiters of a prefix, or nil.
func (s *Slots) turn(from netip.Prefix) *turn {
	i := slices.IndexFunc(s.turns, func(t *turn) bool { return t.from == from })
	if i < 0 {
		return nil
	}
	return s.turns[i]
}

// makeRoom removes the last waiter of the prefix with the most waiters, unless
// from would then have more of them: that would gain nothing.
func (s *Slots) makeRoom(from netip.Prefix) bool {
	own := 0
	if t := s.turn(from); t != nil {
		own = t.n
	}
	var most *turn
	for _, t := range s.turns {
		if most == nil || t.n >= most.n {
			most = t
		}
	}
	if most == nil || most.n <= own+1 {
		return false
	}
	longest := most.users[0]
	for _, l := range most.users {
		if len(l.waiters) >= len(longest.waiters) {
			longest = l // of equal ones the last, whose turn is the latest
		}
	}
	w := longest.waiters[len(longest.waiters)-1]
	s.remove(w)
	w.err = ErrFull
	close(w.ready)
	return true
}

// abandon removes w from the queue, if it is still there.
func (s *Slots) abandon(w *waiter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.remove(w)
}

func (s *Slots) remove(w *waiter) bool {
	for i, t := range s.turns {
		for j, l := range t.users {
			k := slices.Index(l.waiters, w)
			if k < 0 {
				continue
			}
			if l.waiters = slices.Delete(l.waiters, k, k+1); len(l.waiters) == 0 {
				t.users = slices.Delete(t.users, j, j+1)
			}
			s.waiting--
			if t.n--; t.n == 0 {
				s.turns = slices.Delete(s.turns, i, i+1)
			}
			return true
		}
	}
	return false
}
