package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// file is the file that lines are appended to. No library is used because those
// looked at (lumberjack) assume that no other process writes, may truncate what
// another one has written, and append a line to the torn one that a full disk
// or a crash has left.
type file struct {
	path    string
	maxSize int64
	keep    int

	f    *os.File
	info os.FileInfo // of f when it was opened
	end  int64       // the size after our last line; other processes may have written since

	rotateErr  error // why the last rotation failed
	rotateTold bool
	rotateNext time.Time // when to retry the rotation
}

const (
	fileMode   = 0o600
	folderMode = 0o700
)

// append adds a line in one write, so that it does not mix with lines of other
// processes. The file may have been moved, removed or written to meanwhile. A
// torn last line is ended first. While another process writes, a line may look
// torn that is not: the result is an empty line, which is harmless.
func (f *file) append(line []byte) error {
	size, err := f.ready(int64(len(line)))
	if err != nil {
		return err
	}
	if size != f.end && f.torn(size) {
		line = append([]byte{'\n'}, line...)
	}
	n, err := f.f.Write(line)
	if f.end = size + int64(n); err != nil {
		f.end = -1 // there may be a torn line
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

// torn reports whether the file ends within a line.
func (f *file) torn(size int64) bool {
	if size == 0 {
		return false
	}
	var last [1]byte
	_, err := f.f.ReadAt(last[:], size-1)
	return err != nil || last[0] != '\n'
}

// ready makes f the file at the path, with room for n bytes, and returns its
// size.
func (f *file) ready(n int64) (size int64, err error) {
	info, err := os.Lstat(f.path)
	if f.f == nil || err != nil || !os.SameFile(info, f.info) {
		if err := f.open(); err != nil {
			return 0, err
		}
		if info, err = f.f.Stat(); err != nil {
			return 0, fmt.Errorf("look at the file: %w", err)
		}
	}
	if size = info.Size(); size == 0 || size+n <= f.maxSize || time.Now().Before(f.rotateNext) {
		return size, nil
	}
	f.rotated(f.rotate())
	if info, err = f.f.Stat(); err != nil {
		return 0, fmt.Errorf("look at the file: %w", err)
	}
	return info.Size(), nil
}

// open opens the file at the path, creating it if needed. If that fails, the
// open file stays in use as long as it is still linked: it has been moved.
func (f *file) open() error {
	next, info, err := f.openNext()
	if err != nil {
		if f.f != nil && hasName(f.f) {
			f.rotated(err)
			return nil
		}
		return err
	}
	_ = f.close()
	f.f, f.info, f.end = next, info, -1
	f.rotated(nil)
	return nil
}

func (f *file) openNext() (*os.File, os.FileInfo, error) {
	if err := os.MkdirAll(filepath.Dir(f.path), folderMode); err != nil {
		return nil, nil, err
	}
	if info, err := os.Lstat(f.path); err == nil && !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s is not a regular file", f.path)
	}
	next, err := os.OpenFile(f.path, os.O_CREATE|os.O_APPEND|os.O_RDWR, fileMode)
	if err != nil {
		return nil, nil, err
	}
	info, err := next.Stat()
	if err != nil {
		return nil, nil, errors.Join(err, next.Close())
	}
	return next, info, nil
}

func hasName(f *os.File) bool {
	info, err := f.Stat()
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Nlink > 0
}

func (f *file) close() error {
	if f.f == nil {
		return nil
	}
	err := f.f.Close()
	f.f, f.info = nil, nil
	return err
}
