package certs

import (
	"sync"
	"sync/atomic"
	"time"
)

// reloadEvery is how often handshakes look whether files have changed.
const reloadEvery = time.Second

// source is where a value comes from.
type source[T any] interface {
	// version tells one version of the files from another.
	version() string

	// load reads the files.
	load() (T, error)

	// changed is called when the files have changed, with what load returned.
	changed(v T, err error)
}

// reloaded is what files hold, read again when they change. Files that cannot be
// used leave the old value in its place: often the other half of a pair is about
// to be written. It is safe for many goroutines at once.
type reloaded[T any] struct {
	from    source[T]
	current atomic.Pointer[T]

	mu     sync.Mutex // held by the one handshake that looks
	looked time.Time
	seen   string // the version of the last attempt to read, good or bad
}

// newReloaded reads the files for the first time.
func newReloaded[T any](from source[T]) (*reloaded[T], error) {
	r := &reloaded[T]{from: from, looked: time.Now(), seen: from.version()}
	v, err := from.load()
	if err != nil {
		return nil, err
	}
	r.current.Store(&v)
	return r, nil
}

// get returns the value in force.
func (r *reloaded[T]) get() T {
	if r.mu.TryLock() {
		r.look()
		r.mu.Unlock()
	}
	return *r.current.Load()
}

// look reads the files if they have changed.
func (r *reloaded[T]) look() {
	if time.Since(r.looked) < reloadEvery {
		return
	}
	r.looked = time.Now()
	version := r.from.version()
	if version == r.seen {
		return
	}
	r.seen = version
	v, err := r.from.load()
	if err == nil {
		r.current.Store(&v)
	}
	r.from.changed(v, err)
}
