package bolt

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"go.etcd.io/bbolt"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/internal/local"
	"github.com/saltern-api/saltern/internal/boltfile"
)

// Store is a token store in a file.
type Store struct {
	db       *bbolt.DB
	hub      local.Hub
	failures *local.Failures
}

var _ apitoken.Store = (*Store)(nil)

// Open opens a file, or creates one that only its owner can read. The directory
// must exist. Errors name the file.
func Open(path string) (*Store, error) {
	db, err := boltfile.Open("token store", path, boltfile.Wait, allNames...)
	if err != nil {
		return nil, err
	}
	return &Store{db: db, failures: local.NewFailures()}, nil
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Watch yields changes.
func (s *Store) Watch(ctx context.Context) iter.Seq[apitoken.Notice] { return s.hub.Watch(ctx) }

// view and update run f in a transaction.
func (s *Store) view(f func(tables) error) error {
	return wrap(s.db.View(func(tx *bbolt.Tx) error { return f(tables{tx}) }))
}

func (s *Store) update(f func(tables) error) error {
	return wrap(s.db.Update(func(tx *bbolt.Tx) error { return f(tables{tx}) }))
}

// errUnchanged ends a transaction of update in which nothing is to be written,
// which avoids the write.
var errUnchanged = errors.New("nothing was changed")

// wrap adds the store's name to its own errors. A file that fails or is closed
// is an unavailable store.
func wrap(err error) error {
	switch {
	case err == nil, errors.Is(err, errUnchanged):
		return nil
	case isAnswer(err):
		return err
	}
	return fmt.Errorf("%w: %w", apitoken.ErrUnavailable, err)
}

// isAnswer reports whether an error is about a token, and not about the store.
func isAnswer(err error) bool {
	for _, answer := range []error{
		apitoken.ErrNotFound, apitoken.ErrConflict, apitoken.ErrInvalid,
		apitoken.ErrRevoked, apitoken.ErrExpired, apitoken.ErrReused,
	} {
		if errors.Is(err, answer) {
			return true
		}
	}
	return false
}
