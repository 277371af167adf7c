package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A full file is renamed to its name with a number appended, which never
// changes: audit.jsonl.000001 is the oldest. So a rotation is a single rename,
// and cannot be left half done.

// numbered returns the name of a rotated file.
func numbered(path string, n int64) string { return fmt.Sprintf("%s.%06d", path, n) }

// aside returns the numbers of the rotated files, the oldest first.
func aside(path string) ([]int64, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []int64
	for _, e := range entries {
		digits, ok := strings.CutPrefix(e.Name(), filepath.Base(path)+".")
		n, err := strconv.ParseInt(digits, 10, 64)
		if ok && err == nil && n > 0 && numbered(path, n) == filepath.Join(filepath.Dir(path), e.Name()) {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	return all, nil
}

// rotate renames the file and begins another one. Only one process does so at a
// time; a second one at the same moment goes on writing, and checks again with
// its next line.
func (f *file) rotate() error {
	dir, err := os.Open(filepath.Dir(f.path))
	if err != nil {
		return err
	}
	defer dir.Close() //nolint:errcheck // it was only read
	err = syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", dir.Name(), err)
	}
	if info, err := os.Lstat(f.path); err != nil || !os.SameFile(info, f.info) {
		return nil // another process has just rotated it
	}
	old, err := aside(f.path)
	if err != nil {
		return err
	}
	next := int64(1)
	if len(old) > 0 {
		next = old[len(old)-1] + 1
	}
	if err := os.Rename(f.path, numbered(f.path, next)); err != nil {
		return err
	}
	if err := f.open(); err != nil {
		return err
	}
	return f.prune(append(old, next))
}

// prune removes the oldest files.
func (f *file) prune(all []int64) error {
	var errs []error
	for _, n := range all[:max(0, len(all)-f.keep)] {
		if err := os.Remove(numbered(f.path, n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// rotateAgain is the time between attempts after a failed rotation.
const rotateAgain = time.Second

// rotated records the result of a rotation. After a failure, the file grows on.
func (f *file) rotated(err error) {
	f.rotateErr = err
	if err == nil {
		f.rotateTold, f.rotateNext = false, time.Time{}
	} else {
		f.rotateNext = time.Now().Add(rotateAgain)
	}
}

// trouble returns the error of the last rotation, once.
func (f *file) trouble() error {
	if f.rotateErr == nil || f.rotateTold {
		return nil
	}
	f.rotateTold = true
	return f.rotateErr
}
