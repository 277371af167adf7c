package memory

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// PutDocument stores a document.
func (s *Store) PutDocument(_ context.Context, collection string, d apitoken.Document) (apitoken.Document, error) {
	if err := d.Check(collection); err != nil {
		return apitoken.Document{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := place{collection, d.Key}
	if d.Version != s.documents[at].Version {
		return apitoken.Document{}, apitoken.ErrConflict
	}
	s.version++
	d.Version = s.version
	d.Value = bytes.Clone(d.Value)
	s.documents[at] = d
	s.hub.Publish(apitoken.Notice{Documents: true})
	return d, nil
}

// Document returns a document.
func (s *Store) Document(_ context.Context, collection, key string) (apitoken.Document, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	d, ok := s.documents[place{collection, key}]
	if !ok {
		return apitoken.Document{}, apitoken.ErrNotFound
	}
	d.Value = bytes.Clone(d.Value)
	return d, nil
}

// Documents returns documents in order.
func (s *Store) Documents(_ context.Context, collection, after string, limit int) (found []apitoken.Document, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var keys []string
	for at := range s.documents {
		if at.collection == collection && at.key > after {
			keys = append(keys, at.key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys[:max(0, min(len(keys), limit))] {
		d := s.documents[place{collection, key}]
		d.Value = bytes.Clone(d.Value)
		found = append(found, d)
	}
	return found, nil
}

// DeleteDocument removes a document.
func (s *Store) DeleteDocument(_ context.Context, collection, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := place{collection, key}
	if _, ok := s.documents[at]; !ok {
		return apitoken.ErrNotFound
	}
	delete(s.documents, at)
	s.hub.Publish(apitoken.Notice{Documents: true})
	return nil
}

// Once reports whether this is the first call.
func (s *Store) Once(_ context.Context, key string, ttl time.Duration) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if now.Before(s.once[key]) {
		return false, nil
	}
	s.once[key] = now.Add(ttl)
	return true, nil
}

// UndoOnce undoes a call of Once.
func (s *Store) UndoOnce(_ context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.once, key)
	return nil
}

// AddFailure counts a failure.
func (s *Store) AddFailure(_ context.Context, key string, window time.Duration) (apitoken.Failures, error) {
	return s.failures.Add(key, window), nil
}

// Failures returns a count.
func (s *Store) Failures(_ context.Context, key string) (apitoken.Failures, error) {
	return s.failures.Get(key), nil
}

// ClearFailures resets a count.
func (s *Store) ClearFailures(_ context.Context, key string) error {
	s.failures.Clear(key)
	return nil
}
