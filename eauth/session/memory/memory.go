package memory

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth/session"
)

// Store is a session store in memory.
type Store struct {
	mu       sync.Mutex
	sessions map[session.Hash]session.Record
	denied   map[session.Hash]time.Time
}

var _ session.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	return &Store{
		sessions: make(map[session.Hash]session.Record),
		denied:   make(map[session.Hash]time.Time),
	}
}

// Put implements [session.Store].
func (s *Store) Put(_ context.Context, r session.Record, most int) (ended []session.Record, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[r.Key] = r
	var users []session.Record
	for _, other := range s.sessions {
		if other.User == r.User {
			users = append(users, other)
		}
	}
	if len(users) <= most {
		return nil, nil
	}
	slices.SortFunc(users, func(a, b session.Record) int {
		if c := a.Start.Compare(b.Start); c != 0 {
			return c
		}
		return bytes.Compare(a.Key[:], b.Key[:])
	})
	ended = users[:len(users)-most]
	for _, old := range ended {
		delete(s.sessions, old.Key)
	}
	return ended, nil
}

// Get implements [session.Store].
func (s *Store) Get(_ context.Context, key session.Hash) (session.Record, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.sessions[key]
	return r, ok, nil
}

// End implements [session.Store].
func (s *Store) End(_ context.Context, token session.Hash, until time.Time, most int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.sessions, func(_ session.Hash, r session.Record) bool { return r.Token == token })
	if until.IsZero() {
		return nil
	}
	if _, ok := s.denied[token]; !ok && len(s.denied) >= most {
		return session.ErrFull
	}
	s.denied[token] = until
	return nil
}

// Denied implements [session.Store].
func (s *Store) Denied(_ context.Context, token session.Hash) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, denied := s.denied[token]
	return denied, nil
}

// Sweep implements [session.Store].
func (s *Store) Sweep(_ context.Context, now time.Time) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.sessions) + len(s.denied)
	maps.DeleteFunc(s.sessions, func(_ session.Hash, r session.Record) bool { return !now.Before(r.Expire) })
	maps.DeleteFunc(s.denied, func(_ session.Hash, until time.Time) bool { return !now.Before(until) })
	return before - len(s.sessions) - len(s.denied), nil
}

// Close does nothing.
func (s *Store) Close() error { return nil }
