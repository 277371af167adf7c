package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

const versionSize = 8

func documentKey(collection, key string) []byte { return []byte(collection + "\x00" + key) }

func readDocument(key string, b []byte) (apitoken.Document, error) {
	if len(b) < versionSize {
		return apitoken.Document{}, errRecord
	}
	version := int64(binary.BigEndian.Uint64(b) & (1<<63 - 1))
	return apitoken.Document{Key: key, Version: version, Value: bytes.Clone(b[versionSize:])}, nil
}

// PutDocument stores a document.
func (s *Store) PutDocument(_ context.Context, collection string, d apitoken.Document) (apitoken.Document, error) {
	if err := d.Check(collection); err != nil {
		return apitoken.Document{}, err
	}
	err := s.update(func(t tables) error {
		documents := t.bucket(documentsName)
		key := documentKey(collection, d.Key)
		var old apitoken.Document
		if b := documents.Get(key); b != nil {
			var err error
			if old, err = readDocument(d.Key, b); err != nil {
				return err
			}
		}
		if old.Version != d.Version {
			return apitoken.ErrConflict
		}
		version, err := documents.NextSequence()
		if err != nil {
			return err
		}
		d.Version = int64(version) //nolint:gosec // G115: it counts from one
		return documents.Put(key, append(binary.BigEndian.AppendUint64(nil, version), d.Value...))
	})
	if err != nil {
		return apitoken.Document{}, err
	}
	s.hub.Publish(apitoken.Notice{Documents: true})
	d.Value = bytes.Clone(d.Value)
	return d, nil
}

// Document returns a document.
func (s *Store) Document(_ context.Context, collection, key string) (d apitoken.Document, err error) {
	err = s.view(func(t tables) (err error) {
		b := t.bucket(documentsName).Get(documentKey(collection, key))
		if b == nil {
			return apitoken.ErrNotFound
		}
		d, err = readDocument(key, b)
		return err
	})
	return d, err
}

// Documents returns documents in order.
func (s *Store) Documents(_ context.Context, collection, after string, limit int) (found []apitoken.Document, err error) {
	err = s.view(func(t tables) error {
		prefix := documentKey(collection, "")
		c := t.bucket(documentsName).Cursor()
		for k, b := c.Seek(documentKey(collection, after)); bytes.HasPrefix(k, prefix) && len(found) < limit; k, b = c.Next() {
			key := string(k[len(prefix):])
			if key == after {
				continue
			}
			d, err := readDocument(key, b)
			if err != nil {
				return err
			}
			found = append(found, d)
		}
		return nil
	})
	return found, err
}

// DeleteDocument removes a document.
func (s *Store) DeleteDocument(_ context.Context, collection, key string) error {
	err := s.update(func(t tables) error {
		at := documentKey(collection, key)
		if t.bucket(documentsName).Get(at) == nil {
			return apitoken.ErrNotFound
		}
		return t.bucket(documentsName).Delete(at)
	})
	if err == nil {
		s.hub.Publish(apitoken.Notice{Documents: true})
	}
	return err
}

// Once reports whether this is the first call.
func (s *Store) Once(_ context.Context, key string, ttl time.Duration) (first bool, err error) {
	now := time.Now()
	err = s.update(func(t tables) error {
		if now.Before(readTime(t.bucket(onceName).Get(digest(key)))) {
			return errUnchanged
		}
		first = true
		return t.bucket(onceName).Put(digest(key), timeKey(now.Add(ttl)))
	})
	return first && err == nil, err
}

// UndoOnce undoes a call of Once.
func (s *Store) UndoOnce(_ context.Context, key string) error {
	return s.update(func(t tables) error { return t.bucket(onceName).Delete(digest(key)) })
}

// sweepOnce removes the entries of Once that have expired.
func (s *Store) sweepOnce(now time.Time) error {
	return s.update(func(t tables) error {
		var over [][]byte
		c := t.bucket(onceName).Cursor()
		for k, b := c.First(); k != nil; k, b = c.Next() {
			if !now.Before(readTime(b)) {
				over = append(over, bytes.Clone(k))
			}
		}
		for _, k := range over {
			if err := t.bucket(onceName).Delete(k); err != nil {
				return err
			}
		}
		if len(over) == 0 {
			return errUnchanged
		}
		return nil
	})
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
