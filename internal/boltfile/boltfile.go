package boltfile

import (
	"errors"
	"fmt"
	"os"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Wait is how long to wait for another process to close the file, which takes
// moments when a gateway is replaced.
const Wait = 5 * time.Second

// ErrInUse is returned if another process has the file open.
var ErrInUse = errors.New("another process has it open")

// Open opens a file with these buckets, or creates one that only its owner can
// read. Its directory must exist. Errors contain what, the kind of the file,
// and its path.
func Open(what, path string, wait time.Duration, buckets ...[]byte) (*bbolt.DB, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: wait, FreelistType: bbolt.FreelistMapType, OpenFile: openFile,
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		err = ErrInUse
	}
	if err != nil {
		return nil, failed(what, path, err)
	}
	if err := prepare(db, buckets); err != nil {
		return nil, failed(what, path, errors.Join(err, db.Close()))
	}
	return db, nil
}

// failed returns an error that contains the path once.
func failed(what, path string, err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok && p.Path == path {
		err = p.Err
	}
	return fmt.Errorf("%s %s: %w", what, path, err)
}

// openFile opens the file and makes it readable by its owner only, since a
// restored backup may have another mode. Its content is sealed or hashed, but
// the names in it are private too.
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

func prepare(db *bbolt.DB, buckets [][]byte) error {
	return db.Update(func(tx *bbolt.Tx) error {
		for _, name := range buckets {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
}
