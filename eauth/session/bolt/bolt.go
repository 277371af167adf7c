package bolt

import (
	"errors"
	"fmt"
	"sync/atomic"

	"go.etcd.io/bbolt"

	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/internal/boltfile"
)

// Store is a session store in a file.
type Store struct {
	db      *bbolt.DB
	denials atomic.Int64 // of the last transaction that has ended
}

var _ session.Store = (*Store)(nil)

// Open opens a file, or creates one that only its owner can read. The directory
// must exist. Errors name the file.
func Open(path string) (*Store, error) {
	db, err := boltfile.Open("session store", path, boltfile.Wait, allNames...)
	if err != nil {
		return nil, err
	}
	s := &Store{db: db}
	err = s.view(func(t tables) error {
		s.denials.Store(int64(t.denied().Stats().KeyN))
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// view and update run f in a transaction.
func (s *Store) view(f func(tables) error) error {
	return wrap(s.db.View(func(tx *bbolt.Tx) error { return f(tables{tx}) }))
}

func (s *Store) update(f func(tables) error) error {
	return wrap(s.db.Update(func(tx *bbolt.Tx) error { return f(tables{tx}) }))
}

func wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("session store: %w", err)
}
