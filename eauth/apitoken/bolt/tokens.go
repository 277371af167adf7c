package bolt

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// Create adds a token.
func (s *Store) Create(_ context.Context, i apitoken.Issue) error {
	i, err := i.Prepared()
	if err != nil {
		return err
	}
	var crowded []string
	err = s.update(func(t tables) error {
		if i.Record.Parent != "" {
			parent, err := t.get([]byte(i.Record.Parent))
			if err != nil {
				return err
			}
			if err := i.Record.CheckParent(parent.Record, i.Record.Created); err != nil {
				return err
			}
		}
		if err := t.takeName(i.Record, i.Record.Created); err != nil {
			return err
		}
		crowded, err = t.add(i, i.Record.Created)
		return err
	})
	if err != nil {
		return err
	}
	s.publish(crowded)
	return nil
}

// Lookup returns the token with this hash of its secret.
func (s *Store) Lookup(_ context.Context, h apitoken.Hash) (apitoken.Record, error) {
	var i apitoken.Issue
	err := s.view(func(t tables) (err error) {
		i, err = t.lookup(h)
		return err
	})
	return found(i.Record, err)
}

// Get returns the token with this id.
func (s *Store) Get(_ context.Context, id string) (apitoken.Record, error) {
	var i apitoken.Issue
	err := s.view(func(t tables) (err error) {
		i, err = t.get([]byte(id))
		return err
	})
	return found(i.Record, err)
}

// found returns no record together with an error.
func found(r apitoken.Record, err error) (apitoken.Record, error) {
	if err != nil {
		return apitoken.Record{}, err
	}
	return r, nil
}

// Consume ends a one-time token.
func (s *Store) Consume(
	_ context.Context, h apitoken.Hash, now time.Time, next ...apitoken.Issue,
) (r apitoken.Record, err error) {
	next, err = apitoken.PreparedFor(next)
	if err != nil {
		return r, err
	}
	now = apitoken.Micro(now)
	var revoked []string
	var refused error // returned although the transaction is committed
	err = s.update(func(t tables) error {
		i, err := t.lookup(h)
		if err != nil {
			return err
		}
		r = i.Record
		refused = r.CheckConsume(now)
		switch {
		case errors.Is(refused, apitoken.ErrReused):
			revoked, err = t.revoke(r, apitoken.Revocation{At: now, Why: apitoken.WhyReused})
			if err == nil {
				i, err = t.get([]byte(r.ID))
				r = i.Record
			}
			return err
		case refused != nil:
			return refused
		}
		if revoked, err = t.succeed(r, now, next); err != nil {
			return err
		}
		old := i
		i.Record.Used = now
		r.Used = now
		return t.replace(old, i)
	})
	if err != nil {
		return r, err
	}
	s.publish(revoked)
	return r, refused
}

// succeed adds the tokens that r is exchanged for, and returns the ids of those
// that ended for it.
func (t tables) succeed(r apitoken.Record, now time.Time, next []apitoken.Issue) (crowded []string, err error) {
	for at, n := range next {
		if err := r.CheckSuccessor(n.Record, next[:at], now); err != nil {
			return nil, err
		}
		more, err := t.add(n, now)
		if err != nil {
			return nil, err
		}
		crowded = append(crowded, more...)
	}
	return crowded, nil
}

// Renew gives a token another secret.
func (s *Store) Renew(_ context.Context, id string, n apitoken.Renewal) (r apitoken.Record, err error) {
	n, err = n.Prepared()
	if err != nil {
		return r, err
	}
	var changed []string
	err = s.update(func(t tables) error {
		old, err := t.get([]byte(id))
		if err != nil {
			return err
		}
		if err := old.Record.CheckRenew(n); err != nil {
			return err
		}
		if t.bucket(hashesName).Get(n.Hash[:]) != nil {
			return apitoken.ErrConflict
		}
		if err := t.takeName(old.Record, n.At); err != nil {
			return err
		}
		r = old.Record.Renewed(n)
		children, err := t.endAll(t.idsUnder(childrenName, id), n.At, apitoken.WhyRenewed)
		if err != nil {
			return err
		}
		crowded, err := t.succeed(r, n.At, n.Next) // while the old secret is still valid
		if err != nil {
			return err
		}
		changed = slices.Concat([]string{id}, children, crowded)
		return t.replace(old, apitoken.Issue{Hash: n.Hash, Record: r})
	})
	if err != nil {
		return apitoken.Record{}, err
	}
	s.publish(changed)
	return r, nil
}

// Touch records a use. It writes only when that is due.
func (s *Store) Touch(ctx context.Context, id string, u apitoken.Use) error {
	u = u.Prepared()
	r, err := s.Get(ctx, id)
	if err != nil || !r.TouchDue(u.At) {
		return err
	}
	return s.update(func(t tables) error {
		i, err := t.get([]byte(id))
		if err != nil {
			return err
		}
		if !i.Record.TouchDue(u.At) {
			return errUnchanged
		}
		i.Record.LastUsed = u
		b, err := encode(i)
		if err != nil {
			return err
		}
		return t.bucket(tokensName).Put([]byte(id), b) // it is in no index
	})
}
