// Package lane bounds how many credentials are checked at once, so that
// strangers who guess passwords cannot make users wait.
//
// There are two lanes, each with its own slots and its own queue. Credentials
// that were right lately take the proven lane; everything else takes the
// unproven one. A wrong password, which PAM holds for two seconds, so can only
// ever fill the unproven lane. What is remembered says which lane to take and
// nothing more: the check is always done.
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
	"container/list"
	"context"
	"sync"

	"saltern/eauth"
	"saltern/eauth/internal/lru"
)

// Options bound the lanes. The zero value of a field stands for its default.
type Options struct {
	Proven   int // checks at once of credentials that were right lately; 8
	Unproven int // checks at once of all others; 4
	Queue    int // how many may wait in each lane; 64
	Remember int // how many credentials are remembered as right; 4096
}

func (o Options) withDefaults() Options {
	for _, f := range []struct {
		field *int
		value int
	}{{&o.Proven, 8}, {&o.Unproven, 4}, {&o.Queue, 64}, {&o.Remember, 4096}} {
		if *f.field <= 0 {
			*f.field = f.value
		}
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
	secret secret

	mu       sync.Mutex
	right    *lru.Cache[mark, struct{}]
	proven   queue
	unproven queue
}

// queue is one lane. While a slot is free nobody waits.
type queue struct {
	free    int
	waiting list.List // of *waiter, the longest waiting first
	limit   int
}

// waiter is one who waits for a slot. All fields but ready are guarded by
// Lanes.mu.
type waiter struct {
	mark  mark
	queue *queue
	place *list.Element // nil once the slot is there
	ready chan struct{} // closed when the slot is there
}

// New returns lanes with all slots free.
func New(o Options) *Lanes {
	o = o.withDefaults()
	return &Lanes{
		secret:   newSecret(),
		right:    lru.New[mark, struct{}](o.Remember),
		proven:   queue{free: o.Proven, limit: o.Queue},
		unproven: queue{free: o.Unproven, limit: o.Queue},
	}
}

// Proven tells whether these very credentials were right lately.
func (l *Lanes) Proven(c eauth.Credentials) bool {
	m := l.secret.mark(c)
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.right.Get(m)
	return ok
}

// Acquire waits for a slot in the lane that c belongs to. It fails at once
// with [eauth.ErrBusy] when the lane's queue is full, and with ctx's error
// when that ends first.
func (l *Lanes) Acquire(ctx context.Context, c eauth.Credentials) (*Slot, error) {
	m := l.secret.mark(c)

	l.mu.Lock()
	q := &l.unproven
	if _, ok := l.right.Get(m); ok {
		q = &l.proven
	}
	if q.free > 0 {
		q.free--
		l.mu.Unlock()
		return &Slot{lanes: l, mark: m, queue: q}, nil
	}
	if q.waiting.Len() >= q.limit {
		l.mu.Unlock()
		return nil, eauth.ErrBusy
	}
	w := &waiter{mark: m, queue: q, ready: make(chan struct{})}
	w.place = q.waiting.PushBack(w)
	l.mu.Unlock()

	select {
	case <-w.ready:
		return &Slot{lanes: l, mark: m, queue: w.queue}, nil
	case <-ctx.Done():
		l.giveUp(w)
		return nil, ctx.Err()
	}
}

// giveUp takes w out of its queue, or hands on the slot that w was given at
// the same moment.
func (l *Lanes) giveUp(w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if w.place != nil {
		w.queue.waiting.Remove(w.place)
		w.place = nil
		return
	}
	w.queue.handOn()
}

// handOn gives a slot that became free to the next in the queue.
func (q *queue) handOn() {
	next := q.waiting.Front()
	if next == nil {
		q.free++
		return
	}
	w := q.waiting.Remove(next).(*waiter)
	w.place = nil
	close(w.ready)
}

// promote moves everybody who waits with the credentials m to the proven
// lane, so that a user's burst of first requests is not stuck among strangers.
func (l *Lanes) promote(m mark) {
	for e := l.unproven.waiting.Front(); e != nil; {
		next := e.Next()
		if w := e.Value.(*waiter); w.mark == m {
			l.unproven.waiting.Remove(e)
			w.queue = &l.proven
			w.place = l.proven.waiting.PushBack(w)
		}
		e = next
	}
	for l.proven.free > 0 && l.proven.waiting.Len() > 0 {
		l.proven.free--
		l.proven.handOn()
	}
}

// A Slot is the right to check one set of credentials.
type Slot struct {
	lanes *Lanes
	mark  mark
	queue *queue
	done  bool
}

// Done gives the slot back. It is called when the check has returned and not
// when its caller has lost patience: a call into PAM cannot be stopped, so
// only the slots bound how many threads are inside one. A second call does
// nothing.
func (s *Slot) Done(v Verdict) {
	l := s.lanes
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.done {
		return
	}
	s.done = true

	switch v {
	case Right:
		l.right.Put(s.mark, struct{}{})
		l.promote(s.mark)
	case Wrong:
		l.right.Delete(s.mark) // the password was changed
	case Unknown:
	}
	s.queue.handOn()
}
