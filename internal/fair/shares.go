package fair

import (
	"net/netip"
	"sync"
)

// Shares is a number of units of a resource, of which a prefix may hold at most
// its share. It is safe for concurrent use.
type Shares struct {
	share int64

	mu   sync.Mutex
	left int64
	held map[netip.Prefix]int64
}

// NewShares returns Shares of total units, of which one prefix may hold share.
func NewShares(total, share int64) *Shares {
	return &Shares{share: share, left: total, held: make(map[netip.Prefix]int64)}
}

// Take takes n units for a prefix, and reports whether that is within its share
// and within what is left; otherwise it takes none.
func (s *Shares) Take(from netip.Prefix, n int64) bool {
	return s.TakeUpTo(from, n, s.share)
}

// TakeUpTo is [Shares.Take] with a share other than the common one.
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

// Fits reports whether a prefix could take n units now.
func (s *Shares) Fits(from netip.Prefix, n, share int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return n <= s.left && s.held[from] <= share-n
}

// Left returns how many units nobody holds.
func (s *Shares) Left() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left
}

// Give returns n units of the prefix.
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
