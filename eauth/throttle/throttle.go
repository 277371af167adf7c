// Package throttle refuses those who guess passwords before anything costly is
// asked. It counts wrong answers per eauth, user and address prefix; the first
// few are free, then each one doubles the time in which the next try is
// refused.
//
//	if t.Refused(key) > 0 {
//		return wrong
//	}
//	if check(credentials) {
//		t.Succeeded(key)
//	} else {
//		t.Failed(key)
//	}
//
// The prefix is part of the key, so a stranger cannot lock a user out.
//
// What is remembered is bounded, and trying many names is no way to have it
// forgotten: a prefix has room for some names of its own, and those that do not
// fit share one count. Prefixes push out others only, and have no more to gain
// by that than the tries that each new prefix has free anyway.
package throttle

import (
	"hash/maphash"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/internal/fair"
	"github.com/saltern-api/saltern/internal/lru"
)

// Options set how patient the throttle is. The zero value of a field stands
// for its default.
type Options struct {
	Free     int           // wrong answers that cost nothing; 3
	First    time.Duration // the refusal after the first that is not free; 1 s
	Most     time.Duration // the longest refusal; 60 s
	Forget   time.Duration // a quiet time after which all is forgotten; 10 min
	Prefixes int           // how many address prefixes are kept; 2048
	Names    int           // how many names are kept of each; 64
}

func (o Options) withDefaults() Options {
	if o.Free <= 0 {
		o.Free = 3
	}
	if o.First <= 0 {
		o.First = time.Second
	}
	if o.Most <= 0 {
		o.Most = time.Minute
	}
	if o.Forget <= 0 {
		o.Forget = 10 * time.Minute
	}
	if o.Prefixes <= 0 {
		o.Prefixes = 2048
	}
	if o.Names <= 0 {
		o.Names = 64
	}
	return o
}

// Key is whom failures are counted for.
type Key struct {
	eauth, user string
	from        netip.Prefix
}

// KeyOf returns the key that credentials count for. Addresses count by their
// [fair.Prefix]; all that are not known are one. Names that differ in case are
// one as well, since some eauth modules take them for the same user.
func KeyOf(c eauth.Credentials) Key {
	return Key{eauth: c.Eauth, user: strings.ToLower(c.Username), from: fair.Prefix(c.RemoteAddr)}
}

// Throttle is safe for use by several goroutines.
type Throttle struct {
	opts Options
	seed maphash.Seed

	mu       sync.Mutex
	prefixes *lru.Cache[netip.Prefix, *failures]
}

// failures are those of one prefix. Names are kept as hashes, since they may be
// long and anybody can send them.
type failures struct {
	names  map[uint64]record
	others record // of the names that had no room
}

type record struct {
	failures int
	last     time.Time // of the last failure
	until    time.Time // refused before
}

// New returns a throttle that knows of no failure yet.
func New(o Options) *Throttle {
	o = o.withDefaults()
	return &Throttle{opts: o, seed: maphash.MakeSeed(), prefixes: lru.New[netip.Prefix, *failures](o.Prefixes)}
}

func (t *Throttle) name(k Key) uint64 {
	return maphash.Comparable(t.seed, [2]string{k.eauth, k.user})
}

// of returns what is kept of a name: its own record, or that of all the names
// that had no room.
func (f *failures) of(name uint64) record {
	if r, known := f.names[name]; known {
		return r
	}
	return f.others
}

// Refused returns how long k is still refused, 0 when it may try. Asking does
// not make it longer.
func (t *Throttle) Refused(k Key) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	f, ok := t.prefixes.Get(k.from)
	if !ok {
		return 0
	}
	return max(0, time.Until(f.of(t.name(k)).until))
}

// Failed counts a wrong answer.
func (t *Throttle) Failed(k Key) {
	now := time.Now()
	name := t.name(k)
	t.mu.Lock()
	defer t.mu.Unlock()
	f, ok := t.prefixes.Get(k.from)
	if !ok {
		f = &failures{names: make(map[uint64]record)}
		t.prefixes.Put(k.from, f)
	}
	r := f.of(name)
	if t.isForgotten(r, now) {
		r = record{}
	}
	r.failures++
	r.last = now
	r.until = now.Add(t.refusal(r.failures))
	if _, known := f.names[name]; !known && !t.hasRoom(f, now) {
		f.others = r
		return
	}
	f.names[name] = r
}

func (t *Throttle) isForgotten(r record, now time.Time) bool { return now.Sub(r.last) > t.opts.Forget }

// hasRoom reports whether a prefix may have one more name, once those that are
// forgotten are gone.
func (t *Throttle) hasRoom(f *failures, now time.Time) bool {
	if len(f.names) < t.opts.Names {
		return true
	}
	for name, r := range f.names {
		if t.isForgotten(r, now) {
			delete(f.names, name)
		}
	}
	return len(f.names) < t.opts.Names
}

// refusal is the time after so many failures.
func (t *Throttle) refusal(failures int) time.Duration {
	if failures <= t.opts.Free {
		return 0
	}
	d := t.opts.First
	for range failures - t.opts.Free - 1 {
		if d >= t.opts.Most {
			break
		}
		d *= 2
	}
	return min(d, t.opts.Most)
}

// Succeeded forgets the failures of k, but not those that it shares with other
// names.
func (t *Throttle) Succeeded(k Key) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f, ok := t.prefixes.Get(k.from); ok {
		delete(f.names, t.name(k))
	}
}
