package spool

import (
	"errors"
	"fmt"
	"io"
	"math"
	"sync/atomic"

	"github.com/saltern-api/saltern/internal/fair"
)

// File is what a spool writes to when it is large. *os.File is one.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
}

// Options of a [Store].
type Options struct {
	// Memory is how many bytes all spools may hold in memory together, and Disk
	// how many all their files. 0 is no limit.
	Memory, Disk int64

	// Share is how much of Disk the spools of one client may take, see
	// [Spool.For]. 0 is all of it.
	Share int64

	// Create opens a file for reading and writing that nobody else can open; see
	// [Unlinked]. Nil keeps all in memory.
	Create func() (File, error)
}

// Store makes spools. It is safe for concurrent use.
type Store struct {
	opts   Options
	memory atomic.Int64
	disk   *fair.Shares
}

// NewStore returns a store.
func NewStore(o Options) *Store {
	if o.Disk <= 0 {
		o.Disk = math.MaxInt64
	}
	if o.Share <= 0 {
		o.Share = o.Disk
	}
	return &Store{opts: o, disk: fair.NewShares(o.Disk, o.Share)}
}

// New returns an empty spool. That of a nil store is kept in memory without a
// limit.
func (s *Store) New() *Spool {
	if s == nil {
		s = NewStore(Options{})
	}
	return &Spool{store: s}
}

// Held returns how many bytes all spools hold in memory and in files.
func (s *Store) Held() (memory, disk int64) { return s.memory.Load(), s.opts.Disk - s.disk.Left() }

var (
	// ErrFull is the error of a spool when the files of all, or those of its
	// client, are as large as they may be.
	ErrFull = errors.New("as much is kept in files as may be")

	// ErrFile is the error of a spool whose file could not be made, written or
	// read; it wraps the cause.
	ErrFile = errors.New("file of a large answer")

	// ErrClosed is the error of a spool that was closed.
	ErrClosed = errors.New("the spool is closed")
)

func fileError(err error) error { return fmt.Errorf("%w: %w", ErrFile, err) }

// take adds n to what is used, unless that would be more than the limit.
func take(used *atomic.Int64, n, limit int64) bool {
	if used.Add(n) > limit && limit > 0 {
		used.Add(-n)
		return false
	}
	return true
}
