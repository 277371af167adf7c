// Package bolt keeps tokens in a file, so that they outlive the process
// however it ends. One process at a time has the file open: several gateways
// share the store of package redis instead.
//
//	store, err := bolt.Open("/var/lib/saltern/tokens.db")
//	if err != nil {
//		return err // it names the file
//	}
//	defer store.Close()
//
// Failures are counted in memory, so that nobody can demand writes to the disk
// by guessing.
package bolt

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"saltern/eauth/token/apitoken"
	"saltern/eauth/token/apitoken/internal/local"
)

// openTimeout is how long to wait for another process to let go of the file,
// which one that is being replaced does within moments.
const openTimeout = 5 * time.Second

// ErrInUse says that another process has the file open.
var ErrInUse = errors.New("another process has it open")

// Store is a token store in a file.
type Store struct {
	db       *bbolt.DB
	hub      local.Hub
	failures *local.Failures
}

var _ apitoken.Store = (*Store)(nil)

// Open opens a file, or makes one that only its owner can read. The folder has
// to be there.
func Open(path string) (*Store, error) { return open(path, openTimeout) }

func open(path string, timeout time.Duration) (*Store, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: timeout, FreelistType: bbolt.FreelistMapType, OpenFile: openFile,
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		err = ErrInUse
	}
	if err != nil {
		return nil, failed(path, err)
	}
	if err := prepare(db); err != nil {
		return nil, failed(path, errors.Join(err, db.Close()))
	}
	return &Store{db: db, failures: local.NewFailures()}, nil
}

// failed is an error that names the file once.
func failed(path string, err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok && p.Path == path {
		err = p.Err
	}
	return fmt.Errorf("token store %s: %w", path, err)
}

// openFile opens the file and sees that only its owner can read it, since a
// backup that was put back may have another mode.
func openFile(path string, flag int, mode os.FileMode) (*os.File, error) {
	f, err := os.OpenFile(path, flag, mode)
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(mode); err != nil {
		return nil, errors.Join(fmt.Errorf("restrict to its owner: %w", err), f.Close())
	}
	return f, nil
}

func prepare(db *bbolt.DB) error {
	return db.Update(func(tx *bbolt.Tx) error {
		for _, name := range allNames {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// Watch tells of changes.
func (s *Store) Watch(ctx context.Context) iter.Seq[apitoken.Notice] { return s.hub.Watch(ctx) }

// view and update run f in a transaction.
func (s *Store) view(f func(tables) error) error {
	return wrap(s.db.View(func(tx *bbolt.Tx) error { return f(tables{tx}) }))
}

func (s *Store) update(f func(tables) error) error {
	return wrap(s.db.Update(func(tx *bbolt.Tx) error { return f(tables{tx}) }))
}

// errUnchanged ends a transaction of update in which nothing was to be done,
// which saves the write.
var errUnchanged = errors.New("nothing was changed")

// wrap names the store in its own errors. A file that fails or is closed is a
// store that does not answer.
func wrap(err error) error {
	switch {
	case err == nil, errors.Is(err, errUnchanged):
		return nil
	case isAnswer(err):
		return err
	}
	return fmt.Errorf("%w: %w", apitoken.ErrUnavailable, err)
}

// isAnswer tells the errors that say something of a token.
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
