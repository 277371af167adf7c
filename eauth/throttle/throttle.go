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

// Backoff is how long attempts are refused after a number of failures.
type Backoff struct {
	Free  int           // failures without a refusal
	First time.Duration // the refusal after the first failure that is not free; doubled by each further one
	Most  time.Duration // the longest refusal
}

// Refusal returns how long attempts are refused from the last of so many
// failures on.
func (b Backoff) Refusal(failures int) time.Duration {
	if failures <= b.Free {
		return 0
	}
	d := b.First
	for range failures - b.Free - 1 {
		if d >= b.Most {
			break
		}
		d *= 2
	}
	return min(d, b.Most)
}

// Options set up a [Throttle]. The zero value of a field stands for its default.
type Options struct {
	Free     int           // see [Backoff]; 3
	First    time.Duration // see [Backoff]; 1 s
	Most     time.Duration // see [Backoff]; 60 s
	Forget   time.Duration // the time without a failure after which a count is dropped; 10 min
	Prefixes int           // address prefixes remembered; 2048
	Names    int           // names remembered of each prefix; 64
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

// Key is what failures are counted by.
type Key struct {
	eauth, user string
	from        netip.Prefix
}

// KeyOf returns the key of credentials. Addresses count by their [fair.Prefix],
// and all unknown addresses as one. Names that differ in case only count as one,
// since some eauth modules take them for the same user.
func KeyOf(c eauth.Credentials) Key {
	return Key{eauth: c.Eauth, user: strings.ToLower(c.Username), from: fair.Prefix(c.RemoteAddr)}
}

// Throttle is safe for use by several goroutines.
type Throttle struct {
	opts    Options
	backoff Backoff
	seed    maphash.Seed

	mu       sync.Mutex
	prefixes *lru.Cache[netip.Prefix, *failures]
}

// failures are those of one prefix. Names are kept as hashes, since clients
// choose them and they may be long.
type failures struct {
	names  map[uint64]record
	others record // of the names that had no room
}

type record struct {
	failures int
	last     time.Time // of the last failure
	until    time.Time // refused before
}

// New returns a throttle without any failures.
func New(o Options) *Throttle {
	o = o.withDefaults()
	return &Throttle{
		opts: o, backoff: Backoff{Free: o.Free, First: o.First, Most: o.Most},
		seed: maphash.MakeSeed(), prefixes: lru.New[netip.Prefix, *failures](o.Prefixes),
	}
}

func (t *Throttle) name(k Key) uint64 {
	return maphash.Comparable(t.seed, [2]string{k.eauth, k.user})
}

// of returns the record of a name: its own, or the shared one of the names that
// had no room.
func (f *failures) of(name uint64) record {
	if r, known := f.names[name]; known {
		return r
	}
	return f.others
}

// Refused returns for how long k is still refused, 0 when an attempt is allowed.
// The call itself does not count.
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
	r.until = now.Add(t.backoff.Refusal(r.failures))
	if _, known := f.names[name]; !known && !t.hasRoom(f, now) {
		f.others = r
		return
	}
	f.names[name] = r
}

func (t *Throttle) isForgotten(r record, now time.Time) bool { return now.Sub(r.last) > t.opts.Forget }

// hasRoom drops the names of a prefix whose failures are forgotten, and reports
// whether one more fits.
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

// Succeeded resets the failures of k, but not those that it shares with other
// names.
func (t *Throttle) Succeeded(k Key) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f, ok := t.prefixes.Get(k.from); ok {
		delete(f.names, t.name(k))
	}
}
