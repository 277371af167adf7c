package bolt

import (
	"context"
	"slices"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// Revoke ends a token and what belongs to it.
func (s *Store) Revoke(_ context.Context, id string, v apitoken.Revocation) (revoked []string, err error) {
	v.At = apitoken.Micro(v.At)
	err = s.update(func(t tables) error {
		i, err := t.get([]byte(id))
		if err != nil {
			return err
		}
		if !v.UnusedSince.IsZero() && i.Record.LastActivity().After(v.UnusedSince) {
			return errUnchanged
		}
		revoked, err = t.revoke(i.Record, v)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.publish(revoked)
	return revoked, nil
}

// publish notifies watchers of tokens whose change is on the disk.
func (s *Store) publish(ids []string) {
	if len(ids) > 0 {
		s.hub.Publish(apitoken.Notice{Revoked: ids})
	}
}

// revoke ends r, its family and all their children.
func (t tables) revoke(r apitoken.Record, v apitoken.Revocation) ([]string, error) {
	ids := []string{r.ID}
	if r.Family != "" {
		ids = t.idsUnder(familiesName, r.Family)
	}
	for _, id := range slices.Clone(ids) {
		ids = append(ids, t.idsUnder(childrenName, id)...)
	}
	return t.endAll(ids, v.At, v.Why)
}

// endAll marks tokens as revoked, and returns those that were not before.
func (t tables) endAll(ids []string, at time.Time, why string) (ended []string, err error) {
	for _, id := range ids {
		old, err := t.get([]byte(id))
		if err != nil {
			return nil, err
		}
		if !old.Record.Revoked.IsZero() {
			continue
		}
		i := old
		i.Record.Revoked, i.Record.RevokedWhy = at, why
		if err := t.replace(old, i); err != nil {
			return nil, err
		}
		if err := t.dropName(i.Record); err != nil {
			return nil, err
		}
		ended = append(ended, id)
	}
	return ended, nil
}
