package certs

import (
	"sync"
	"sync/atomic"
	"time"
)

// reloadEvery is how often handshakes check whether files have changed.
const reloadEvery = time.Second

// source loads a value from files.
type source[T any] interface {
	// version returns a text that changes with the files.
	version() string

	// load reads the files.
	load() (T, error)

	// changed is called when the files have changed, with what load returned.
	changed(v T, err error)
}

// reloaded is the content of files, reloaded when they change. Files that cannot
// be used leave the old value in place: often the other half of a pair is about
// to be written. It is safe for concurrent use.
type reloaded[T any] struct {
	from    source[T]
	current atomic.Pointer[T]

	mu     sync.Mutex // held by the one handshake that checks
	looked time.Time
	seen   string // the version of the last attempt to load, failed or not
}

// newReloaded loads the files for the first time.
func newReloaded[T any](from source[T]) (*reloaded[T], error) {
	r := &reloaded[T]{from: from, looked: time.Now(), seen: from.version()}
	v, err := from.load()
	if err != nil {
		return nil, err
	}
	r.current.Store(&v)
	return r, nil
}

// get returns the current value.
func (r *reloaded[T]) get() T {
	if r.mu.TryLock() {
		r.look()
		r.mu.Unlock()
	}
	return *r.current.Load()
}

// look reloads the files if they have changed.
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
