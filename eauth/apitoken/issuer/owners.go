package issuer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
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

// LastLogin is the last login of a token's owner at one of the gateways that
// share the store.
type LastLogin struct {
	Groups []string // which the user was in
}

// loginStore keeps the last logins of owners of tokens in the store.
type loginStore struct {
	store apitoken.Documents
	now   func() time.Time
}

// loginsCollection is where the store has them.
const loginsCollection = "owner-groups"

// loginPrecision is how far the time of a login may be off: not every login of
// a program that logs in for each of its requests is written down.
const loginPrecision = time.Hour

// ownerLogin is what is kept of an owner.
type ownerLogin struct {
	Groups []string `json:"groups"`

	// Login tells that the user has logged in; Since is when, or else when the
	// first token of the user was seen.
	Login bool      `json:"login"`
	Since time.Time `json:"since,omitzero"`

	version int64
}

// known is nil for a user who was not seen to log in.
func (l ownerLogin) known() *LastLogin {
	if !l.Login {
		return nil
	}
	return &LastLogin{Groups: l.Groups}
}

// UnmarshalJSON also reads what was kept before there was a time: the groups
// alone.
func (l *ownerLogin) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(b, []byte("[")) {
		l.Login = true
		return json.Unmarshal(b, &l.Groups)
	}
	type plain ownerLogin
	return json.Unmarshal(b, (*plain)(l))
}

func loginKey(o apitoken.Owner) string { return o.Eauth + "/" + o.User }

// last returns the last login of an owner, or the zero one.
func (b *loginStore) last(ctx context.Context, o apitoken.Owner) (l ownerLogin, err error) {
	d, err := b.store.Document(ctx, loginsCollection, loginKey(o))
	if errors.Is(err, apitoken.ErrNotFound) {
		return l, nil
	}
	if err != nil {
		return l, err
	}
	if err := json.Unmarshal(d.Value, &l); err != nil {
		return l, fmt.Errorf("read the last login of a token's owner: %w", err)
	}
	l.version = d.Version
	return l, nil
}

// note writes a login down, of somebody new only with first. changed tells
// whether tokens of the user may act in another way from then on.
func (b *loginStore) note(ctx context.Context, o apitoken.Owner, groups []string, first bool) (changed bool, err error) {
	was, err := b.last(ctx, o)
	if err != nil || was.version == 0 && !first {
		return false, err
	}
	is := ownerLogin{
		Groups: slices.Compact(slices.Sorted(slices.Values(groups))), Login: true,
		Since: apitoken.Micro(b.now()), version: was.version,
	}
	changed = !was.Login || !slices.Equal(was.Groups, is.Groups)
	if !changed && is.Since.Sub(was.Since) < loginPrecision {
		return false, nil
	}
	return changed, b.put(ctx, o, is)
}

// begin has the time of an owner begin who was not seen to log in.
func (b *loginStore) begin(ctx context.Context, o apitoken.Owner, l ownerLogin) error {
	l.Since = apitoken.Micro(b.now())
	return b.put(ctx, o, l)
}

func (b *loginStore) put(ctx context.Context, o apitoken.Owner, l ownerLogin) error {
	value, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("write the last login of a token's owner: %w", err)
	}
	_, err = b.store.PutDocument(ctx, loginsCollection, apitoken.Document{Key: loginKey(o), Version: l.version, Value: value})
	if errors.Is(err, apitoken.ErrConflict) {
		return nil // another login was faster
	}
	return err
}
