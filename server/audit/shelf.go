package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"
)

// shelf is all files of a log as they are at one moment. The one that is
// written has the number that it will get when it is put aside.
type shelf struct {
	path    string
	numbers []int64 // of those that were put aside
	current *book   // nil where there is none

	opened *book // of the others
	number int64
}

// maxRaces is how often it may happen that the log is rotated just then.
const maxRaces = 100

func openShelf(path string) (*shelf, error) {
	for range maxRaces {
		current, err := openBook(path)
		if err != nil {
			return nil, err
		}
		numbers, err := aside(path)
		if err == nil && current.isStill(path) {
			return &shelf{path: path, numbers: numbers, current: current}, nil
		}
		current.close()
		if err != nil {
			return nil, err
		}
	}
	return nil, errors.New("it is rotated too fast to be read")
}

// book is a file that is open for reading.
type book struct {
	f    *os.File
	size int64
	last time.Time // that something was written to it
}

func (b *book) lines(block int) lines { return lines{r: b.f, block: block, most: maxLine} }

// openBook opens a file. It is nil where there is none.
func openBook(path string) (*book, error) {
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
	return &book{f: f, size: info.Size(), last: info.ModTime()}, nil
}

// isStill reports whether the file has kept its name.
func (b *book) isStill(path string) bool {
	named, err := os.Lstat(path)
	if b == nil || err != nil {
		return b == nil && errors.Is(err, fs.ErrNotExist)
	}
	own, err := b.f.Stat()
	return err == nil && os.SameFile(named, own)
}

func (b *book) close() {
	if b != nil {
		_ = b.f.Close() // it was only read
	}
}

// newest is the number of the file that is written.
func (s *shelf) newest() int64 {
	if len(s.numbers) == 0 {
		return 1
	}
	return s.numbers[len(s.numbers)-1] + 1
}

// forward are the numbers of all files, the oldest first.
func (s *shelf) forward() []int64 { return append(slices.Clone(s.numbers), s.newest()) }

// backward are the same, the newest first.
func (s *shelf) backward() []int64 {
	all := s.forward()
	slices.Reverse(all)
	return all
}

// open opens a file by its number. It is nil where that is gone. One file is
// open at a time, besides the one that is written.
func (s *shelf) open(n int64) (*book, error) {
	if n == s.newest() {
		return s.current, nil
	}
	if s.number == n {
		return s.opened, nil
	}
	s.opened.close()
	s.opened, s.number = nil, 0
	b, err := openBook(numbered(s.path, n))
	if err == nil {
		s.opened, s.number = b, n
	}
	return b, err
}

// lastBefore is when the file before another one was last written to, zero
// where that is not known.
func (s *shelf) lastBefore(n int64) time.Time {
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

func (s *shelf) close() {
	s.current.close()
	s.opened.close()
}
