package issuer

import (
	"cmp"
	"context"
	"encoding/hex"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/internal/fair"
	"github.com/saltern-api/saltern/internal/lru"
)

// Throttle is how patient the service is. The zero value of a field stands for
// its default.
type Throttle struct {
	Free   int           // failures that cost nothing; 10, as some clients try everything twice
	First  time.Duration // the refusal after the first that is not free; 1 s, doubled by each one more
	Most   time.Duration // the longest refusal; 60 s
	Window time.Duration // a quiet time after which all is forgotten; 10 min
}

func (t Throttle) withDefaults() Throttle {
	t.Free = cmp.Or(t.Free, 10)
	t.First = cmp.Or(t.First, time.Second)
	t.Most = cmp.Or(t.Most, time.Minute)
	t.Window = cmp.Or(t.Window, 10*time.Minute)
	return t
}

// after is how long somebody is refused from his last failure on.
func (t Throttle) after(failures int) time.Duration {
	if failures <= t.Free {
		return 0
	}
	d := t.First
	for range failures - t.Free - 1 {
		if d >= t.Most {
			break
		}
		d *= 2
	}
	return min(d, t.Most)
}

// guard slows down who shows secrets that are not good. The counts are in the
// store, and so for all gateways together.
//
// A secret that is good passes only where it was good before: from the same
// address prefix, within [provenFor]. Anywhere else it is refused like one that
// is not, after the same work, so that nobody learns from the difference.
type guard struct {
	store apitoken.Shared
	opts  Throttle
	now   func() time.Time

	mu     sync.Mutex
	proven *lru.Cache[apitoken.Hash, []proof]
}

// proof is where and when a secret was good, or was given for one that was.
type proof struct {
	from netip.Prefix
	at   time.Time
}

const (
	maxProven   = 8192 // secrets; only good ones get in
	maxPrefixes = 8    // of each
	provenFor   = 24 * time.Hour
)

func newGuard(store apitoken.Shared, o Throttle, now func() time.Time) *guard {
	return &guard{store: store, opts: o.withDefaults(), now: now, proven: lru.New[apitoken.Hash, []proof](maxProven)}
}

// admit returns a [Throttled] where the secret is not to be looked up. It is
// quick for a secret that was good before: nobody else's failures are in its
// way, and it costs no question to the store.
func (g *guard) admit(ctx context.Context, h apitoken.Hash, from Origin) error {
	if g.isProven(h, from) {
		return nil
	}
	return g.admitKeys(ctx, byAddress(from.Addr), bySecret(h))
}

func (g *guard) isProven(h apitoken.Hash, from Origin) bool {
	prefix := fair.Prefix(from.Addr)
	g.mu.Lock()
	defer g.mu.Unlock()
	all, _ := g.proven.Get(h)
	return slices.ContainsFunc(all, func(p proof) bool { return p.from == prefix && g.now().Sub(p.at) < provenFor })
}

func (g *guard) admitKeys(ctx context.Context, keys ...string) error {
	var wait time.Duration
	for _, key := range keys {
		f, err := g.store.Failures(ctx, key)
		if err != nil {
			return err
		}
		wait = max(wait, f.Last.Add(g.opts.after(f.Count)).Sub(g.now()))
	}
	if wait > 0 {
		return &Throttled{After: wait}
	}
	return nil
}

// good remembers that a secret is good, and where it was shown. That is nothing
// where the address is not known.
func (g *guard) good(h apitoken.Hash, from Origin) {
	prefix := fair.Prefix(from.Addr)
	if !prefix.IsValid() {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	all, _ := g.proven.Get(h)
	all = slices.DeleteFunc(all, func(p proof) bool { return p.from == prefix })
	if all = append(all, proof{prefix, g.now()}); len(all) > maxPrefixes {
		all = slices.Delete(all, 0, 1)
	}
	g.proven.Put(h, all)
}

// forget is for a secret that is not good, or not any more.
func (g *guard) forget(h apitoken.Hash) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.proven.Delete(h)
}

// bad counts a failure. It does the same for every secret, known or not.
func (g *guard) bad(ctx context.Context, h apitoken.Hash, from Origin) {
	g.count(ctx, byAddress(from.Addr), bySecret(h))
}

// count counts a failure for each key. Where the store cannot take it, it has
// not told anything about a secret either.
func (g *guard) count(ctx context.Context, keys ...string) {
	for _, key := range keys {
		_, _ = g.store.AddFailure(context.WithoutCancel(ctx), key, g.opts.Window)
	}
}

// byAddress is for the failures of an address prefix; addresses that are not
// known are one.
func byAddress(addr netip.Addr) string { return "token-address:" + fair.Prefix(addr).String() }

// bySecret names the secret by some of its hash, which tells nothing of it.
func bySecret(h apitoken.Hash) string { return "token-secret:" + hex.EncodeToString(h[:16]) }
