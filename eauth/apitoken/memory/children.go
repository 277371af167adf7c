package memory

import (
	"cmp"
	"slices"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// add stores a token, for which a child of the same parent may have to be
// removed. It returns that child's id if it had not ended.
func (s *Store) add(i apitoken.Issue, now time.Time) (crowded []string) {
	if i.Record.Parent != "" {
		crowded = s.makeRoom(i.Record.Parent, now)
	}
	s.put(i)
	return crowded
}

func (s *Store) addAll(all []apitoken.Issue, now time.Time) (crowded []string) {
	for _, i := range all {
		crowded = append(crowded, s.add(i, now)...)
	}
	return crowded
}

func (s *Store) makeRoom(parent string, now time.Time) (crowded []string) {
	children := s.childrenOf(parent)
	if len(children) < apitoken.MaxChildren {
		return nil
	}
	ended := slices.DeleteFunc(slices.Clone(children), func(id string) bool {
		end := s.tokens[id].Record.End()
		return end.IsZero() || end.After(now)
	})
	if len(ended) > 0 {
		s.remove(s.first(ended, apitoken.Record.End))
		return nil
	}
	oldest := s.first(children, func(r apitoken.Record) time.Time { return r.Created })
	s.remove(oldest)
	return []string{oldest}
}

// first returns the id of the token with the earliest time, as returned by
// when.
func (s *Store) first(ids []string, when func(apitoken.Record) time.Time) string {
	return slices.MinFunc(ids, func(a, b string) int {
		return cmp.Or(when(s.tokens[a].Record).Compare(when(s.tokens[b].Record)), cmp.Compare(a, b))
	})
}

func (s *Store) childrenOf(id string) (ids []string) {
	for _, i := range s.tokens {
		if i.Record.Parent == id {
			ids = append(ids, i.Record.ID)
		}
	}
	return ids
}
