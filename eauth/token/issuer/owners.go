package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"saltern/eauth/token/apitoken"
	"saltern/internal/lru"
)

// What is kept of owners, and for how long: where users come from a directory,
// asking for one takes longer than the request.
const (
	ownerTime = 5 * time.Second
	ownerMost = 4096
)

// ownerBook asks for owners, once for all who ask at once. That one is not
// active is not kept.
type ownerBook struct {
	owners Owners
	store  apitoken.Documents
	now    func() time.Time

	mu    sync.Mutex
	known *lru.Cache[apitoken.Owner, *ownerPage]
}

type ownerPage struct {
	turn   chan struct{} // holds one element while the rest is in use
	until  time.Time
	groups []string
}

func newOwnerBook(o Owners, store apitoken.Documents, now func() time.Time) *ownerBook {
	return &ownerBook{owners: o, store: store, now: now, known: lru.New[apitoken.Owner, *ownerPage](ownerMost)}
}

func (b *ownerBook) active(ctx context.Context, o apitoken.Owner) (ok bool, groups []string, err error) {
	p := b.page(o)
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return false, nil, ctx.Err()
	}
	if b.now().Before(p.until) {
		return true, p.groups, nil
	}
	at := b.now()
	ok, groups, err = b.owners.Active(ctx, o)
	if ok && err == nil && groups == nil {
		groups, _, err = b.groups(ctx, o)
	}
	if !ok || err != nil {
		p.until = time.Time{}
		return false, nil, err
	}
	p.until, p.groups = at.Add(ownerTime), groups
	return true, groups, nil
}

// forget has the owner be asked for again.
func (p *ownerPage) forget() {
	p.turn <- struct{}{}
	p.until = time.Time{}
	<-p.turn
}

func (b *ownerBook) page(o apitoken.Owner) *ownerPage {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, ok := b.known.Get(o)
	if !ok {
		p = &ownerPage{turn: make(chan struct{}, 1)}
		b.known.Put(o, p)
	}
	return p
}

// groupsDrawer is where the store has the groups that owners of tokens were
// last seen in.
const groupsDrawer = "owner-groups"

func groupsKey(o apitoken.Owner) string { return o.Eauth + "/" + o.User }

func (b *ownerBook) groups(ctx context.Context, o apitoken.Owner) (groups []string, version int64, err error) {
	d, err := b.store.Document(ctx, groupsDrawer, groupsKey(o))
	if errors.Is(err, apitoken.ErrNotFound) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	if err := json.Unmarshal(d.Value, &groups); err != nil {
		return nil, 0, fmt.Errorf("read the groups of a token's owner: %w", err)
	}
	return groups, d.Version, nil
}

// seen notes the groups of who has logged in.
func (b *ownerBook) seen(ctx context.Context, o apitoken.Owner, groups []string, fresh bool) error {
	known, version, err := b.groups(ctx, o)
	if err != nil || version == 0 && !fresh {
		return err
	}
	groups = slices.Sorted(slices.Values(groups))
	if slices.Equal(known, groups) {
		return nil
	}
	value, err := json.Marshal(groups)
	if err != nil {
		return fmt.Errorf("write the groups of a token's owner: %w", err)
	}
	_, err = b.store.PutDocument(ctx, groupsDrawer, apitoken.Document{Key: groupsKey(o), Version: version, Value: value})
	if errors.Is(err, apitoken.ErrConflict) {
		return nil // another login was faster
	}
	b.page(o).forget()
	return err
}

// Seen notes the groups of a user who has just logged in, where he has tokens:
// those act with them from then on.
func (s *Service) Seen(ctx context.Context, user, eauth string, groups []string) error {
	return s.owners.seen(ctx, apitoken.Owner{Eauth: eauth, User: user}, groups, false)
}
