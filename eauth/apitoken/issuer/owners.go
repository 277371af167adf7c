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

// Owners reports whether the owners of tokens may still act.
type Owners interface {
	// Active reports whether a user may act now, for a client at an address, and
	// the groups of the user. The owner is never a service account.
	//
	// last is the user's last recorded login; nil is none. Nil groups mean that
	// they cannot be looked up without the user's password: then those of the last
	// login apply, and the user has to log in regularly, see
	// [Options.OwnerMaxIdle]. An error leaves open whether the user may act.
	Active(ctx context.Context, o apitoken.Owner, from netip.Addr, last *LastLogin) (active bool, groups []string, err error)
}

// The number of cached owners, and for how long each is cached: a look-up in a
// directory takes longer than the request itself.
const (
	ownerTime = 5 * time.Second
	ownerMost = 4096
)

// Why an owner may not act, as in [Event].
const (
	whyOwner = "owner" // gone, or not allowed anything
	whyIdle  = "idle"  // has not logged in for too long
)

// ownerCache coalesces concurrent look-ups of an owner. Negative results are not
// cached.
type ownerCache struct {
	owners  Owners
	logins  *loginStore
	maxIdle time.Duration
	now     func() time.Time

	// changes counts the logins that changed an owner. Entries of an earlier
	// count are stale, also those whose look-up is still under way, so that a
	// login does not wait for it.
	changes atomic.Int64

	mu    sync.Mutex
	known *lru.Cache[ownerKey, *ownerEntry]
}

// ownerKey includes the address, because PAM may allow an account from some
// addresses only.
type ownerKey struct {
	owner apitoken.Owner
	from  netip.Addr
}

type ownerEntry struct {
	turn   chan struct{} // holds one element while the rest is in use
	of     int64         // the value of changes before the look-up
	until  time.Time
	groups []string
}

func newOwnerCache(o Options, now func() time.Time) *ownerCache {
	return &ownerCache{
		owners: o.Owners, logins: &loginStore{store: o.Store, now: now}, maxIdle: o.OwnerMaxIdle, now: now,
		known: lru.New[ownerKey, *ownerEntry](ownerMost),
	}
}

// active returns the groups with which an owner may act, or why the owner may not
// act.
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

// idle reports whether an owner has to log in. For one without a recorded login the
// time begins now.
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

// admit reports whether a first record of a user may be made.
type admit func(context.Context) (bool, error)

func always(context.Context) (bool, error) { return true, nil }
func never(context.Context) (bool, error)  { return false, nil }

// seen records that a user has logged in: one without a record, which the owners of
// tokens have, only if first says so.
func (b *ownerCache) seen(ctx context.Context, o apitoken.Owner, groups []string, first admit) error {
	changed, err := b.logins.note(ctx, o, groups, first)
	if changed {
		b.changes.Add(1)
	}
	return err
}

// RecordLogin records that a user has just logged in, and the groups, where the user
// has tokens: the tokens act with these groups from then on. It waits only for the
// store, and no longer than ctx lasts.
func (s *Service) RecordLogin(ctx context.Context, user, eauth string, groups []string) error {
	return s.owners.seen(ctx, apitoken.Owner{Eauth: eauth, User: user}, groups, never)
}

// RecordUser is RecordLogin for users without tokens, too. They are listed from then on,
// see [Service.Users]. Where 10,000 are recorded already, a further one without tokens is
// not.
func (s *Service) RecordUser(ctx context.Context, user, eauth string, groups []string) error {
	return s.owners.seen(ctx, apitoken.Owner{Eauth: eauth, User: user}, groups, s.admitUser)
}

// fullTime is for how long nobody looks again whether there is room for one more user.
const fullTime = time.Minute

// admitUser implements [admit] for users without tokens.
func (s *Service) admitUser(ctx context.Context) (bool, error) {
	now := s.now()
	if until := s.usersFull.Load(); until != nil && now.Before(*until) {
		return false, nil
	}
	err := s.room(ctx, loginsCollection)
	if !errors.Is(err, Conflict) {
		return err == nil, err
	}
	until := now.Add(fullTime)
	s.usersFull.Store(&until)
	s.log.WarnContext(ctx, "too many users are known: further ones without tokens are not listed")
	return false, nil
}

// LastLogin is the last login of a token's owner at one of the gateways that
// share the store.
type LastLogin struct {
	Groups []string // of the user at that time
}

// loginStore stores the last logins of owners of tokens.
type loginStore struct {
	store apitoken.Documents
	now   func() time.Time
}

// loginsCollection is the collection of the last logins.
const loginsCollection = "owner-groups"

// loginPrecision is how old the stored time of a login may be before a new login is
// written: programs may log in for each of their requests.
const loginPrecision = time.Hour

// ownerLogin is the stored record of an owner.
type ownerLogin struct {
	Groups []string `json:"groups"`

	// Login is set where the user has logged in. Since is the time of the login, or
	// without one of the first token that was seen.
	Login bool      `json:"login"`
	Since time.Time `json:"since,omitzero"`

	version int64
}

// known returns the last login, or nil for a user without one.
func (l ownerLogin) known() *LastLogin {
	if !l.Login {
		return nil
	}
	return &LastLogin{Groups: l.Groups}
}

// UnmarshalJSON also reads the former format, which is the list of groups alone.
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

// note stores a login; that of a user without a record only if first says so. changed
// reports whether it may change what the user's tokens may do.
func (b *loginStore) note(ctx context.Context, o apitoken.Owner, groups []string, first admit) (changed bool, err error) {
	was, err := b.last(ctx, o)
	if err != nil {
		return false, err
	}
	if was.version == 0 {
		if ok, err := first(ctx); err != nil || !ok {
			return false, err
		}
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

// begin stores the present as the start of the time of an owner without a login.
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
		return nil // another login was recorded meanwhile
	}
	return err
}

// actor is the user that a token acts as.
type actor struct {
	user, eauth string
	groups      []string

	// For a service account: the most scopes that its tokens can have, and when
	// they were last revoked.
	account bool
	limit   []string
	since   time.Time
}

// narrow returns the scopes that a token has now.
func (a actor) narrow(scopes []string) []string {
	if !a.account {
		return scopes
	}
	return within(scopes, a.limit)
}

// actorOf returns the user that the tokens of an owner act as, or why they may
// not act any more.
func (s *Service) actorOf(ctx context.Context, o apitoken.Owner, from Origin) (owner actor, why string, err error) {
	if o.ServiceAccount != "" {
		a, err := s.account(ctx, o.ServiceAccount)
		if errors.Is(err, NotFound) {
			return actor{}, whyOwner, nil
		}
		if err != nil {
			return actor{}, "", err
		}
		owner = actor{account: true, limit: a.Scopes, since: a.Revoked}
		o = apitoken.Owner{Eauth: a.Eauth, User: a.User}
	}
	owner.user, owner.eauth = o.User, o.Eauth
	owner.groups, why, err = s.owners.active(ctx, o, from.Addr)
	return owner, why, err
}

// mustAct returns an [Invalid] where no token can act for an owner.
func (s *Service) mustAct(ctx context.Context, field string, o apitoken.Owner, from Origin) error {
	owner, why, err := s.actorOf(ctx, o, from)
	switch {
	case err != nil:
		return err
	case s.opts.RightsAtLogin != nil && s.opts.RightsAtLogin(owner.eauth):
		return invalid("%s: what users of eauth %s may do is what the master's eauth module says at each login "+
			"(keep_acl_in_token), so no token can act for them", field, owner.eauth)
	case why == whyIdle:
		return invalid("%s: has not logged in for too long, and has to do so first", field)
	case why != "":
		return invalid("%s: there is no such user, or one who may not do anything", field)
	}
	return nil
}
