package fair

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
)

// ErrFull says that no more may wait, or that others have the better claim to
// the place in the queue.
var ErrFull = errors.New("too many are waiting")

// Key says for whom a slot is. Keys without a prefix are one prefix together.
type Key struct {
	From netip.Prefix
	User string // may be empty
}

// Options bound [Slots].
type Options struct {
	Slots     int // held at once, at least 1
	PerPrefix int // of them for one prefix; as many as there are when 0
	Queue     int // how many may wait; 0 is none
}

// Slots hands out slots. It is safe for use by several goroutines.
type Slots struct {
	perPrefix, limit int

	mu      sync.Mutex
	free    int
	held    map[netip.Prefix]int
	waiting int
	turns   []*turn // of the prefixes that have waiters, the next one first
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
	err   error // why there is no slot after all
}

// NewSlots returns slots that are all free.
func NewSlots(o Options) *Slots {
	n := max(o.Slots, 1)
	if o.PerPrefix <= 0 || o.PerPrefix > n {
		o.PerPrefix = n
	}
	return &Slots{perPrefix: o.PerPrefix, limit: o.Queue, free: n, held: make(map[netip.Prefix]int)}
}

// Acquire waits for a slot and returns the function that gives it back, of
// which only the first call counts. It fails with [ErrFull] when the queue has
// no place, also later when the place is needed for a prefix that has fewer;
// and with ctx's error when that ends first.
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
		<-w.ready // it came at the same moment
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

// serve gives free slots to those whose turn it is.
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

// next takes the next waiter of a prefix out of the queue; the prefix and the
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

// turn returns the waiters of a prefix, nil when it has none.
func (s *Slots) turn(from netip.Prefix) *turn {
	i := slices.IndexFunc(s.turns, func(t *turn) bool { return t.from == from })
	if i < 0 {
		return nil
	}
	return s.turns[i]
}

// makeRoom sends away the last waiter of the prefix that has the most, where
// that is still no fewer than from has then; otherwise nothing is gained.
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
			longest = l // of equal ones the last: its turn is the farthest away
		}
	}
	w := longest.waiters[len(longest.waiters)-1]
	s.remove(w)
	w.err = ErrFull
	close(w.ready)
	return true
}

// abandon takes w out of the queue, unless it is not there any more.
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
