package spool

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// pattern is the name of a file for the moment until it is removed, where the
// file system has no files without a name.
const pattern = ".answer-*.tmp"

// Unlinked opens a new file in dir that has no name, so that nobody can open it
// and it is gone with the process. Its mode is 0600.
func Unlinked(dir string) (File, error) {
	f, err := os.OpenFile(dir, unix.O_TMPFILE|os.O_RDWR|unix.O_EXCL, 0o600)
	if err == nil {
		return f, nil
	}
	if !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.EISDIR) && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
		return nil, err
	}
	f, err = os.CreateTemp(dir, pattern) // mode 0600
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Sweep removes from dir the files that a process left which was killed before
// it could remove their names.
func Sweep(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, pattern))
	for _, name := range left {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}
