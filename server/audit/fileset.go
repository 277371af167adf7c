package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"
)

// fileSet is the files of a log at one moment. The current file has the number
// that it will get at its rotation.
type fileSet struct {
	path    string
	numbers []int64  // of the rotated files
	current *logFile // nil if there is none

	opened *logFile // the one rotated file that is open
	number int64
}

// maxRaces bounds the retries when the log is rotated while it is read.
const maxRaces = 100

func openFileSet(path string) (*fileSet, error) {
	for range maxRaces {
		current, err := openLogFile(path)
		if err != nil {
			return nil, err
		}
		numbers, err := aside(path)
		if err == nil && current.isStill(path) {
			return &fileSet{path: path, numbers: numbers, current: current}, nil
		}
		current.close()
		if err != nil {
			return nil, err
		}
	}
	return nil, errors.New("it is rotated too fast to be read")
}

// logFile is a file that is open for reading.
type logFile struct {
	f    *os.File
	size int64
	last time.Time // when it was last written to
}

func (b *logFile) lines(block int) lines { return lines{r: b.f, block: block, most: maxLine} }

// openLogFile opens a file. It returns nil if there is none.
func openLogFile(path string) (*logFile, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &logFile{f: f, size: info.Size(), last: info.ModTime()}, nil
}

// isStill reports whether the file has kept its name.
func (b *logFile) isStill(path string) bool {
	named, err := os.Lstat(path)
	if b == nil || err != nil {
		return b == nil && errors.Is(err, fs.ErrNotExist)
	}
	own, err := b.f.Stat()
	return err == nil && os.SameFile(named, own)
}

func (b *logFile) close() {
	if b != nil {
		_ = b.f.Close() // it was only read
	}
}

// newest returns the number of the current file.
func (s *fileSet) newest() int64 {
	if len(s.numbers) == 0 {
		return 1
	}
	return s.numbers[len(s.numbers)-1] + 1
}

// forward returns the numbers of all files, the oldest first.
func (s *fileSet) forward() []int64 { return append(slices.Clone(s.numbers), s.newest()) }

// backward returns the numbers of all files, the newest first.
func (s *fileSet) backward() []int64 {
	all := s.forward()
	slices.Reverse(all)
	return all
}

// open opens a file by its number, or returns nil if it is gone. One rotated
// file is open at a time.
func (s *fileSet) open(n int64) (*logFile, error) {
	if n == s.newest() {
		return s.current, nil
	}
	if s.number == n {
		return s.opened, nil
	}
	s.opened.close()
	s.opened, s.number = nil, 0
	b, err := openLogFile(numbered(s.path, n))
	if err == nil {
		s.opened, s.number = b, n
	}
	return b, err
}

// lastBefore returns when the file before file n was last written to, zero if
// unknown.
func (s *fileSet) lastBefore(n int64) time.Time {
	i := slices.Index(s.numbers, n-1)
	if i < 0 {
		return time.Time{}
	}
	info, err := os.Lstat(numbered(s.path, n-1))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

func (s *fileSet) close() {
	s.current.close()
	s.opened.close()
}
