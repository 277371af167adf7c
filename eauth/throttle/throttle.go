// Package throttle refuses those who guess passwords before anything costly is
// asked. It counts wrong answers per eauth, user and address; the first few
// are free, then each one doubles the time in which the next try is refused.
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
// The address is part of the key, so a stranger cannot lock a user out.
package throttle

import (
	"net/netip"
	"sync"
	"time"

	"saltern/eauth"
	"saltern/eauth/internal/lru"
)

// Options set how patient the throttle is. The zero value of a field stands
// for its default.
type Options struct {
	Free   int           // wrong answers that cost nothing; 3
	First  time.Duration // the refusal after the first that is not free; 1 s
	Most   time.Duration // the longest refusal; 60 s
	Forget time.Duration // a quiet time after which all is forgotten; 10 min
	Size   int           // how many keys are kept; 8192
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
	if o.Size <= 0 {
		o.Size = 8192
	}
	return o
}

// Key is whom failures are counted for.
type Key struct {
	eauth, user string
	from        netip.Prefix
}

// KeyOf returns the key that credentials count for. An IPv6 client is known by
// its /64, since a host commonly has all of that for itself.
func KeyOf(c eauth.Credentials) Key {
	k := Key{eauth: c.Eauth, user: c.Username}
	addr := c.RemoteAddr.Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	k.from, _ = addr.Prefix(bits) // an unset address is one address too
	return k
}

// Throttle is safe for use by several goroutines.
type Throttle struct {
	opts Options

	mu   sync.Mutex
	keys *lru.Cache[Key, record]
}

type record struct {
	failures int
	last     time.Time // of the last failure
	until    time.Time // refused before
}

// New returns a throttle that knows of no failure yet.
func New(o Options) *Throttle {
	o = o.withDefaults()
	return &Throttle{opts: o, keys: lru.New[Key, record](o.Size)}
}

// Refused returns how long k is still refused, 0 when it may try. Asking does
// not make it longer.
func (t *Throttle) Refused(k Key) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, _ := t.keys.Get(k)
	return max(0, time.Until(r.until))
}

// Failed counts a wrong answer.
func (t *Throttle) Failed(k Key) {
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	r, _ := t.keys.Get(k)
	if now.Sub(r.last) > t.opts.Forget {
		r = record{}
	}
	r.failures++
	r.last = now
	r.until = now.Add(t.refusal(r.failures))
	t.keys.Put(k, r)
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

// Succeeded forgets the failures of k.
func (t *Throttle) Succeeded(k Key) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.keys.Delete(k)
}
