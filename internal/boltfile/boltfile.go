package boltfile

import (
	"errors"
	"fmt"
	"os"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Wait is how long to wait for another process to let go of the file, which one
// that is being replaced does within moments.
const Wait = 5 * time.Second

// ErrInUse says that another process has the file open.
var ErrInUse = errors.New("another process has it open")

// Open opens a file with these buckets, or makes one that only its owner can
// read. The folder has to be there. Errors name what the file is, and the file.
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

// failed is an error that names the file once.
func failed(what, path string, err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok && p.Path == path {
		err = p.Err
	}
	return fmt.Errorf("%s %s: %w", what, path, err)
}

// openFile opens the file and sees that only its owner can read it, since a
// backup that was put back may have another mode. What is in it is sealed or
// hashed, but who is in it is nobody's business either.
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
