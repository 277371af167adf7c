package expiry

import (
	"context"
	"sync"
	"time"
)

// Options set up a [Registry]. Both fields are required.
type Options[K comparable, V any] struct {
	// Interval is the time between two checks.
	Interval time.Duration

	// Check ends those of all open entries whose credential is no longer valid.
	// It is never called concurrently, and not at all while there is no entry.
	// Its context ends when the last entry does.
	Check func(ctx context.Context, open []*Entry[K, V])
}

// Registry holds contexts by the keys of their credentials. It is safe for
// concurrent use. One goroutine of its own runs the checks while there are
// entries.
type Registry[K comparable, V any] struct {
	opts    Options[K, V]
	recheck chan struct{} // holds one element when a check is due at once

	mu      sync.Mutex
	entries map[*Entry[K, V]]struct{}
	byKey   map[K]map[*Entry[K, V]]struct{}
	ctx     context.Context // of the checks; ends with the last entry
	cancel  context.CancelFunc
	running bool // the goroutine
	closed  bool
	done    sync.WaitGroup
}

// Entry is one context and the credential that it ends with.
type Entry[K comparable, V any] struct {
	Value V

	keys []K
	end  context.CancelCauseFunc
}

// End ends the entry's context with a cause.
func (e *Entry[K, V]) End(cause error) { e.end(cause) }

// New returns a registry that must be closed.
func New[K comparable, V any](o Options[K, V]) *Registry[K, V] {
	return &Registry[K, V]{
		opts:    o,
		recheck: make(chan struct{}, 1),
		entries: make(map[*Entry[K, V]]struct{}),
		byKey:   make(map[K]map[*Entry[K, V]]struct{}),
	}
}

// Follow returns a context that ends with ctx, at the time expires with the
// cause expired (a zero time is never), and by [Registry.End] for one of the
// keys. On a closed registry it has already ended. stop must be called; further
// calls do nothing.
//
// A credential that was revoked between its lookup and this call is found by
// the next check; if that is too late, the caller must look it up once more.
func (r *Registry[K, V]) Follow(
	ctx context.Context, v V, expires time.Time, expired error, keys ...K,
) (_ context.Context, e *Entry[K, V], stop context.CancelFunc) {
	ctx, end := context.WithCancelCause(ctx)
	e = &Entry[K, V]{Value: v, keys: keys, end: end}
	r.add(e)
	// A timer, and not a context with a deadline, which takes several times the memory.
	stopTimer := func() bool { return true }
	if left := time.Until(expires); !expires.IsZero() && left <= 0 {
		end(expired)
	} else if !expires.IsZero() {
		stopTimer = time.AfterFunc(left, func() { end(expired) }).Stop
	}
	// The context may end without a call of stop.
	stopForget := context.AfterFunc(ctx, func() {
		stopTimer()
		r.remove(e)
	})
	return ctx, e, func() {
		end(context.Canceled)
		stopTimer()
		stopForget()
		r.remove(e)
	}
}

func (r *Registry[K, V]) add(e *Entry[K, V]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		e.end(context.Canceled)
		return
	}
	if len(r.entries) == 0 {
		r.ctx, r.cancel = context.WithCancel(context.Background()) //nolint:gosec // removeLocked calls it with the last entry
	}
	r.entries[e] = struct{}{}
	for _, k := range e.keys {
		if r.byKey[k] == nil {
			r.byKey[k] = make(map[*Entry[K, V]]struct{})
		}
		r.byKey[k][e] = struct{}{}
	}
	if !r.running {
		r.running = true
		r.done.Go(r.run)
	}
}

func (r *Registry[K, V]) remove(e *Entry[K, V]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.removeLocked(e)
}

func (r *Registry[K, V]) removeLocked(e *Entry[K, V]) {
	if _, there := r.entries[e]; !there {
		return
	}
	delete(r.entries, e)
	for _, k := range e.keys {
		delete(r.byKey[k], e)
		if len(r.byKey[k]) == 0 {
			delete(r.byKey, k)
		}
	}
	if len(r.entries) == 0 {
		r.cancel()
	}
}

// End ends all contexts of some keys with a cause. They have ended when it
// returns.
func (r *Registry[K, V]) End(cause error, keys ...K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, k := range keys {
		for e := range r.byKey[k] {
			r.removeLocked(e)
			e.end(cause)
		}
	}
}

// Recheck makes a check run at once.
func (r *Registry[K, V]) Recheck() {
	select {
	case r.recheck <- struct{}{}:
	default:
	}
}

// Close ends all contexts with the cause [context.Canceled] and waits for a
// running check.
func (r *Registry[K, V]) Close() {
	r.mu.Lock()
	r.closed = true
	for e := range r.entries {
		r.removeLocked(e)
		e.end(context.Canceled)
	}
	r.mu.Unlock()
	r.done.Wait()
}

// run runs checks until there is no entry left. The same goroutine serves an
// entry that is added while the last check of former ones is running.
func (r *Registry[K, V]) run() {
	tick := time.NewTicker(r.opts.Interval)
	defer tick.Stop()
	for {
		ctx, open := r.open()
		if len(open) == 0 {
			return
		}
		select {
		case <-ctx.Done():
			continue
		case <-tick.C:
		case <-r.recheck:
		}
		if ctx, open = r.open(); len(open) == 0 {
			return
		}
		r.opts.Check(ctx, open)
	}
}

// open returns the entries and the context of their checks. Without entries the
// goroutine counts as ended: the next entry starts another.
func (r *Registry[K, V]) open() (context.Context, []*Entry[K, V]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.entries) == 0 {
		r.running = false
		return nil, nil
	}
	open := make([]*Entry[K, V], 0, len(r.entries))
	for e := range r.entries {
		open = append(open, e)
	}
	return r.ctx, open
}
