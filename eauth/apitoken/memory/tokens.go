package memory

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// Create adds a token.
func (s *Store) Create(_ context.Context, i apitoken.Issue) error {
	i, err := i.Prepared()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i.Record.Parent != "" {
		parent, ok := s.tokens[i.Record.Parent]
		if !ok {
			return apitoken.ErrNotFound
		}
		if err := i.Record.CheckParent(parent.Record, i.Record.Created); err != nil {
			return err
		}
	}
	if s.taken(i) || s.nameTaken(i.Record, i.Record.Created) {
		return apitoken.ErrConflict
	}
	s.publish(s.add(i, i.Record.Created))
	return nil
}

// taken reports whether the id or the hash of a new token exists already.
func (s *Store) taken(i apitoken.Issue) bool {
	_, id := s.tokens[i.Record.ID]
	_, hash := s.byHash[i.Hash]
	return id || hash
}

// nameTaken reports whether another API token that has not ended has this name
// and owner.
func (s *Store) nameTaken(r apitoken.Record, now time.Time) bool {
	if r.Kind != apitoken.KindAPI {
		return false
	}
	for _, i := range s.tokens {
		o := i.Record
		state := o.State(now)
		if o.Kind == r.Kind && o.Name == r.Name && o.Owner == r.Owner && o.ID != r.ID &&
			state != apitoken.Revoked && state != apitoken.Expired {
			return true
		}
	}
	return false
}

func (s *Store) put(i apitoken.Issue) {
	s.tokens[i.Record.ID] = &i
	if !i.Hash.IsZero() {
		s.byHash[i.Hash] = i.Record.ID
	}
}

// Lookup finds a token by its secret.
func (s *Store) Lookup(_ context.Context, h apitoken.Hash) (apitoken.Record, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i, ok := s.tokens[s.byHash[h]]
	if !ok || !i.Hash.Equal(h) {
		return apitoken.Record{}, apitoken.ErrNotFound
	}
	return i.Record.Clone(), nil
}

// Get finds a token by its id.
func (s *Store) Get(_ context.Context, id string) (apitoken.Record, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i, ok := s.tokens[id]
	if !ok {
		return apitoken.Record{}, apitoken.ErrNotFound
	}
	return i.Record.Clone(), nil
}

const idSize = 36 // as text

// List returns a page of tokens. A page begins after a time and an id.
func (s *Store) List(_ context.Context, q apitoken.Query) (page []apitoken.Record, next string, err error) {
	if q.After != "" && !apitoken.ValidID(q.After[max(0, len(q.After)-idSize):]) {
		return nil, "", apitoken.ErrInvalid
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, i := range s.tokens {
		if r := i.Record; listed(r) && (q.Owner == nil || r.Owner == *q.Owner) && order(r) > q.After {
			page = append(page, r.Clone())
		}
	}
	slices.SortFunc(page, func(a, b apitoken.Record) int { return strings.Compare(order(a), order(b)) })
	if size := q.PageSize(); len(page) > size {
		page = page[:size]
		next = order(page[size-1])
	}
	return page, next, nil
}

func listed(r apitoken.Record) bool {
	return r.Kind.Lasting() && r.Revoked.IsZero() && r.Used.IsZero()
}

// order returns a text by which older tokens sort first.
func order(r apitoken.Record) string { return r.Created.Format("2006-01-02T15:04:05.000000") + r.ID }

// Consume ends a one-time token.
func (s *Store) Consume(
	_ context.Context, h apitoken.Hash, now time.Time, next ...apitoken.Issue,
) (apitoken.Record, error) {
	next, err := apitoken.PreparedFor(next)
	if err != nil {
		return apitoken.Record{}, err
	}
	now = apitoken.Micro(now)
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.tokens[s.byHash[h]]
	if !ok || !i.Hash.Equal(h) {
		return apitoken.Record{}, apitoken.ErrNotFound
	}
	err = i.Record.CheckConsume(now)
	if err == apitoken.ErrReused { //nolint:errorlint // it is never wrapped there
		s.revoke(i.Record, apitoken.Revocation{At: now, Why: apitoken.WhyReused})
	}
	if err == nil {
		err = s.checkNext(i.Record, now, next)
	}
	if err == nil {
		i.Record.Used = now
		s.publish(s.addAll(next, now))
	}
	return i.Record.Clone(), err
}

// checkNext returns an error if r must not be exchanged for these tokens.
func (s *Store) checkNext(r apitoken.Record, now time.Time, next []apitoken.Issue) error {
	for at, n := range next {
		if err := r.CheckSuccessor(n.Record, next[:at], now); err != nil {
			return err
		}
		if s.taken(n) {
			return apitoken.ErrConflict
		}
	}
	return nil
}

// Renew gives a token another secret.
func (s *Store) Renew(_ context.Context, id string, n apitoken.Renewal) (apitoken.Record, error) {
	n, err := n.Prepared()
	if err != nil {
		return apitoken.Record{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.tokens[id]
	if !ok {
		return apitoken.Record{}, apitoken.ErrNotFound
	}
	if err := i.Record.CheckRenew(n); err != nil {
		return apitoken.Record{}, err
	}
	if _, taken := s.byHash[n.Hash]; taken || s.nameTaken(i.Record, n.At) {
		return apitoken.Record{}, apitoken.ErrConflict
	}
	renewed := i.Record.Renewed(n)
	if err := s.checkNext(renewed, n.At, n.Next); err != nil {
		return apitoken.Record{}, err
	}
	delete(s.byHash, i.Hash)
	i.Hash, i.Record = n.Hash, renewed
	s.byHash[n.Hash] = id
	changed := append([]string{id}, s.endAll(s.childrenOf(id), n.At, apitoken.WhyRenewed)...)
	s.publish(append(changed, s.addAll(n.Next, n.At)...))
	return i.Record.Clone(), nil
}

// Revoke ends a token and what belongs to it.
func (s *Store) Revoke(_ context.Context, id string, v apitoken.Revocation) ([]string, error) {
	v.At = apitoken.Micro(v.At)
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.tokens[id]
	if !ok {
		return nil, apitoken.ErrNotFound
	}
	if !v.UnusedSince.IsZero() && i.Record.LastActivity().After(v.UnusedSince) {
		return nil, nil
	}
	return s.revoke(i.Record, v), nil
}

// revoke ends r, its family and all their children.
func (s *Store) revoke(r apitoken.Record, v apitoken.Revocation) []string {
	ids := []string{r.ID}
	for _, i := range s.tokens {
		if i.Record.Family == r.Family && r.Family != "" && i.Record.ID != r.ID {
			ids = append(ids, i.Record.ID)
		}
	}
	for _, id := range slices.Clone(ids) {
		ids = append(ids, s.childrenOf(id)...)
	}
	ended := s.endAll(ids, v.At, v.Why)
	s.publish(ended)
	return ended
}

// publish notifies watchers of tokens that have changed.
func (s *Store) publish(ids []string) {
	if len(ids) > 0 {
		s.hub.Publish(apitoken.Notice{Revoked: ids})
	}
}

// endAll marks tokens as revoked, and returns those that were not before.
func (s *Store) endAll(ids []string, at time.Time, why string) (ended []string) {
	for _, id := range ids {
		if r := &s.tokens[id].Record; r.Revoked.IsZero() {
			r.Revoked, r.RevokedWhy = at, why
			ended = append(ended, id)
		}
	}
	return ended
}

// Touch records a use.
func (s *Store) Touch(_ context.Context, id string, u apitoken.Use) error {
	u = u.Prepared()
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.tokens[id]
	if !ok {
		return apitoken.ErrNotFound
	}
	if i.Record.TouchDue(u.At) {
		i.Record.LastUsed = u
	}
	return nil
}

// CountExpiring counts the tokens that end in that time.
func (s *Store) CountExpiring(_ context.Context, from, to time.Time) (n int, err error) {
	from, to = apitoken.Micro(from), apitoken.Micro(to)
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, i := range s.tokens {
		if end := i.Record.Expires; listed(i.Record) && end.After(from) && !end.After(to) {
			n++
		}
	}
	return n, nil
}

// Sweep removes tokens that have ended, children before their parents.
func (s *Store) Sweep(_ context.Context, now time.Time, keep time.Duration) (removed int, err error) {
	now = apitoken.Micro(now)
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.once, func(_ string, until time.Time) bool { return !time.Now().Before(until) })
	return s.sweep(false, now) + s.sweep(true, now.Add(-keep)), nil
}

func (s *Store) sweep(lasting bool, until time.Time) (removed int) {
	for id, i := range s.tokens {
		end := i.Record.End()
		if i.Record.Kind.Lasting() != lasting || end.IsZero() || end.After(until) || len(s.childrenOf(id)) > 0 {
			continue
		}
		s.remove(id)
		removed++
	}
	return removed
}

func (s *Store) remove(id string) {
	delete(s.byHash, s.tokens[id].Hash)
	delete(s.tokens, id)
}
