package fair

import (
	"net/netip"
	"sync"
)

// Shares is a number of things that prefixes hold parts of, none of them more
// than its share. It is safe for use by several goroutines.
type Shares struct {
	share int64

	mu   sync.Mutex
	left int64
	held map[netip.Prefix]int64
}

// NewShares returns shares of total things, of which one prefix may have share.
func NewShares(total, share int64) *Shares {
	return &Shares{share: share, left: total, held: make(map[netip.Prefix]int64)}
}

// Take takes n things for a prefix, and reports whether that is within its
// share and so many were left; otherwise it takes none.
func (s *Shares) Take(from netip.Prefix, n int64) bool {
	return s.TakeUpTo(from, n, s.share)
}

// TakeUpTo is [Shares.Take] with another share than that of everybody.
func (s *Shares) TakeUpTo(from netip.Prefix, n, share int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n > s.left || s.held[from]+n > share {
		return false
	}
	s.left -= n
	s.held[from] += n
	return true
}

// Give gives n of the prefix's things back.
func (s *Shares) Give(from netip.Prefix, n int64) {
	if n == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left += n
	if s.held[from] -= n; s.held[from] <= 0 {
		delete(s.held, from)
	}
}
