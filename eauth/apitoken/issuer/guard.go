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
	"github.com/saltern-api/saltern/eauth/throttle"
	"github.com/saltern-api/saltern/internal/fair"
	"github.com/saltern-api/saltern/internal/lru"
)

// Throttle bounds guesses of secrets. The zero value of a field stands for its
// default.
type Throttle struct {
	Free   int           // see [throttle.Backoff]; 10, since some clients send every request twice
	First  time.Duration // see [throttle.Backoff]; 1 s
	Most   time.Duration // see [throttle.Backoff]; 60 s
	Window time.Duration // the time without a failure after which a count is dropped; 10 min
}

func (t Throttle) withDefaults() Throttle {
	t.Free = cmp.Or(t.Free, 10)
	t.First = cmp.Or(t.First, time.Second)
	t.Most = cmp.Or(t.Most, time.Minute)
	t.Window = cmp.Or(t.Window, 10*time.Minute)
	return t
}

// backoff returns the times of refusal.
func (t Throttle) backoff() throttle.Backoff {
	return throttle.Backoff{Free: t.Free, First: t.First, Most: t.Most}
}

// guard refuses secrets after too many failures. The counts are in the store, and
// so apply to all gateways together.
//
// While the guard refuses, a valid secret passes only where it is known-good: it
// was valid from the same address prefix within [knownGoodTime]. Elsewhere it is
// refused like an invalid one, after the same work, so that the difference
// reveals nothing.
type guard struct {
	store apitoken.Shared
	opts  Throttle
	now   func() time.Time

	mu        sync.Mutex
	knownGood *lru.Cache[apitoken.Hash, []validUse]
}

// validUse is where and when a secret was valid, or was issued for a valid one.
type validUse struct {
	from netip.Prefix
	at   time.Time
}

const (
	maxKnownGood  = 8192 // secrets; only valid ones are added
	maxPrefixes   = 8    // of each
	knownGoodTime = 24 * time.Hour
)

func newGuard(store apitoken.Shared, o Throttle, now func() time.Time) *guard {
	return &guard{store: store, opts: o.withDefaults(), now: now, knownGood: lru.New[apitoken.Hash, []validUse](maxKnownGood)}
}

// allow returns a [Throttled] where the secret must not be looked up. A
// known-good secret is allowed despite the failures of others, without a call of
// the store.
func (g *guard) allow(ctx context.Context, h apitoken.Hash, from Origin) error {
	if g.isKnownGood(h, from) {
		return nil
	}
	return g.allowKeys(ctx, byAddress(from.Addr), bySecret(h))
}

func (g *guard) isKnownGood(h apitoken.Hash, from Origin) bool {
	prefix := fair.Prefix(from.Addr)
	g.mu.Lock()
	defer g.mu.Unlock()
	all, _ := g.knownGood.Get(h)
	return slices.ContainsFunc(all, func(u validUse) bool { return u.from == prefix && g.now().Sub(u.at) < knownGoodTime })
}

func (g *guard) allowKeys(ctx context.Context, keys ...string) error {
	var wait time.Duration
	for _, key := range keys {
		f, err := g.store.Failures(ctx, key)
		if err != nil {
			return err
		}
		wait = max(wait, f.Last.Add(g.opts.backoff().Refusal(f.Count)).Sub(g.now()))
	}
	if wait > 0 {
		return &Error{Kind: Throttled, RetryAfter: wait}
	}
	return nil
}

// good makes a secret known-good at the address it was presented from. Where the
// address is unknown it does nothing.
func (g *guard) good(h apitoken.Hash, from Origin) {
	prefix := fair.Prefix(from.Addr)
	if !prefix.IsValid() {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	all, _ := g.knownGood.Get(h)
	all = slices.DeleteFunc(all, func(u validUse) bool { return u.from == prefix })
	if all = append(all, validUse{prefix, g.now()}); len(all) > maxPrefixes {
		all = slices.Delete(all, 0, 1)
	}
	g.knownGood.Put(h, all)
}

// forget makes a secret known-good nowhere: it is invalid, or not valid any more.
func (g *guard) forget(h apitoken.Hash) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.knownGood.Delete(h)
}

// bad counts a failure, in the same way for every secret, known or not.
func (g *guard) bad(ctx context.Context, h apitoken.Hash, from Origin) {
	g.count(ctx, byAddress(from.Addr), bySecret(h))
}

// count adds a failure for each key. It ignores errors: a store that cannot count
// cannot look up secrets either.
func (g *guard) count(ctx context.Context, keys ...string) {
	for _, key := range keys {
		_, _ = g.store.AddFailure(context.WithoutCancel(ctx), key, g.opts.Window)
	}
}

// byAddress is the key for the failures of an address prefix. All unknown
// addresses count as one.
func byAddress(addr netip.Addr) string { return "token-address:" + fair.Prefix(addr).String() }

// bySecret is the key for the failures of one secret: half of its hash, which
// reveals nothing of it.
func bySecret(h apitoken.Hash) string { return "token-secret:" + hex.EncodeToString(h[:16]) }
