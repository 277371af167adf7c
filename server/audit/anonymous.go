package audit

import (
	"net/netip"
	"time"

	"github.com/saltern-api/saltern/internal/fair"
	"github.com/saltern-api/saltern/internal/lru"
)

// Of entries about somebody who has proved nothing, so many are written at
// once, and so many in a second. Otherwise anybody who can reach the gateway
// could have everything else rotated away. One address prefix may have a
// quarter of that, so that the others' entries are still written.
const (
	anonymousAtOnce    = 1000
	anonymousPerSecond = 10
	ofOnePrefix        = 0.25

	// maxPrefixes is how many prefixes are told apart. Those that are dropped
	// start afresh, within what there is for all.
	maxPrefixes = 1024

	// suppressedEvery is how often a line says how many were not written.
	suppressedEvery = time.Minute
)

// anonymousLimiter bounds what is written about requests that prove nothing.
type anonymousLimiter struct {
	all        bucket
	prefixes   *lru.Cache[netip.Prefix, *bucket]
	suppressed int
	since      time.Time // of the first that was suppressed
}

// bucket fills with time.
type bucket struct {
	spent float64 // entries
	last  time.Time
}

// hasRoom reports whether a bucket of a part of the whole has room for one
// more.
func (b *bucket) hasRoom(now time.Time, part float64) bool {
	if passed := now.Sub(b.last).Seconds(); passed > 0 {
		b.spent = max(0, b.spent-passed*anonymousPerSecond*part)
		b.last = now
	}
	return b.spent+1 <= anonymousAtOnce*part
}

// Allow reports whether one more entry is to be written, of a request from an
// address, which may be empty.
func (s *anonymousLimiter) Allow(address string, now time.Time) bool {
	own := s.of(address)
	if !own.hasRoom(now, ofOnePrefix) || !s.all.hasRoom(now, 1) {
		if s.suppressed == 0 {
			s.since = now
		}
		s.suppressed++
		return false
	}
	own.spent++
	s.all.spent++
	return true
}

// of returns the bucket of an address's prefix.
func (s *anonymousLimiter) of(address string) *bucket {
	if s.prefixes == nil {
		s.prefixes = lru.New[netip.Prefix, *bucket](maxPrefixes)
	}
	addr, _ := netip.ParseAddr(address) // one that is not known is one, too
	from := fair.Prefix(addr)
	b, ok := s.prefixes.Get(from)
	if !ok {
		b = &bucket{}
		s.prefixes.Put(from, b)
	}
	return b
}

// account returns how many were suppressed, if that is due to be written.
func (s *anonymousLimiter) account(now time.Time) (n int, ok bool) {
	if s.suppressed == 0 || now.Sub(s.since) < suppressedEvery {
		return 0, false
	}
	n, s.suppressed = s.suppressed, 0
	return n, true
}
