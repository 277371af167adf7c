package issuer

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/internal/lru"
)

// Owners reports whether users are still what they were.
type Owners interface {
	// Active reports whether a user may act now, for a client at an address, and
	// the groups that the user is in. The owner is never a service account.
	//
	// last is what is known of the user's last login; nil is nothing. Nil groups
	// in the answer say that nobody can be asked for them without the user's
	// password: then those of the last login count, and the user has to log in
	// again and again, see [Options.OwnerMaxIdle]. An error says that it cannot
	// be told now.
	Active(ctx context.Context, o apitoken.Owner, from netip.Addr, last *LastLogin) (active bool, groups []string, err error)
}

// What is kept of owners, and for how long: where users come from a directory,
// asking for one takes longer than the request.
const (
	ownerTime = 5 * time.Second
	ownerMost = 4096
)

// Why an owner may not act, as in [Event].
const (
	whyOwner = "owner" // gone, or not allowed anything
	whyIdle  = "idle"  // has not logged in for too long
)

// ownerCache asks for owners, once for all requests that need the same answer
// at the same time. That an owner may not act is not kept.
type ownerCache struct {
	owners  Owners
	logins  *loginStore
	maxIdle time.Duration
	now     func() time.Time

	// changes goes up with each login that changes something. It makes what is
	// kept worthless without a wait for those who are asking at the moment.
	changes atomic.Int64

	mu    sync.Mutex
	known *lru.Cache[ownerKey, *ownerEntry]
}

// ownerKey has the address, because PAM may let an account in from some places
// only.
type ownerKey struct {
	owner apitoken.Owner
	from  netip.Addr
}

type ownerEntry struct {
	turn   chan struct{} // holds one element while the rest is in use
	of     int64         // the value of changes before the answer
	until  time.Time
	groups []string
}

func newOwnerCache(o Options, now func() time.Time) *ownerCache {
	return &ownerCache{
		owners: o.Owners, logins: &loginStore{store: o.Store, now: now}, maxIdle: o.OwnerMaxIdle, now: now,
		known: lru.New[ownerKey, *ownerEntry](ownerMost),
	}
}

// active returns the groups with which an owner may act, or why the owner may
// not.
func (b *ownerCache) active(ctx context.Context, o apitoken.Owner, from netip.Addr) (groups []string, why string, err error) {
	p := b.entry(ownerKey{o, from.Unmap().WithZone("")})
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return nil, "", ctx.Err()
	}
	at, of := b.now(), b.changes.Load()
	if p.of == of && at.Before(p.until) {
		return p.groups, "", nil
	}
	p.until = time.Time{}
	groups, why, err = b.ask(ctx, o, from)
	if why != "" || err != nil {
		return nil, why, err
	}
	p.of, p.until, p.groups = of, at.Add(ownerTime), groups
	return groups, "", nil
}

func (b *ownerCache) ask(ctx context.Context, o apitoken.Owner, from netip.Addr) (groups []string, why string, err error) {
	last, err := b.logins.last(ctx, o)
	if err != nil {
		return nil, "", err
	}
	ok, groups, err := b.owners.Active(ctx, o, from, last.known())
	switch {
	case err != nil:
		return nil, "", err
	case !ok:
		return nil, whyOwner, nil
	case groups != nil:
		return groups, "", nil
	}
	idle, err := b.idle(ctx, o, last)
	switch {
	case err != nil:
		return nil, "", err
	case idle:
		return nil, whyIdle, nil
	}
	return last.Groups, "", nil
}

// idle reports whether an owner has to log in. The time of one who was never seen
// begins now.
func (b *ownerCache) idle(ctx context.Context, o apitoken.Owner, last ownerLogin) (bool, error) {
	if b.maxIdle <= 0 {
		return false, nil
	}
	if last.Since.IsZero() {
		return false, b.logins.begin(ctx, o, last)
	}
	return b.now().Sub(last.Since) > b.maxIdle, nil
}

func (b *ownerCache) entry(k ownerKey) *ownerEntry {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, ok := b.known.Get(k)
	if !ok {
		p = &ownerEntry{turn: make(chan struct{}, 1)}
		b.known.Put(k, p)
	}
	return p
}

// seen notes that a user has logged in. Without first it does so only of
// owners of tokens.
func (b *ownerCache) seen(ctx context.Context, o apitoken.Owner, groups []string, first bool) error {
	changed, err := b.logins.note(ctx, o, groups, first)
	if changed {
		b.changes.Add(1)
	}
	return err
}

// RecordLogin notes that a user has just logged in, and the groups, where the user has
// tokens: those act with these groups from then on. It waits for the store
// alone, and for no longer than ctx lasts.
func (s *Service) RecordLogin(ctx context.Context, user, eauth string, groups []string) error {
	return s.owners.seen(ctx, apitoken.Owner{Eauth: eauth, User: user}, groups, false)
}
