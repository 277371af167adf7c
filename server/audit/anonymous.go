package audit

import (
	"net/netip"
	"time"

	"github.com/saltern-api/saltern/internal/fair"
	"github.com/saltern-api/saltern/internal/lru"
)

// Bounds of the entries about requests that prove nothing: a burst, and a rate
// per second. Without them, any client that can reach the gateway could rotate
// all other entries away. One address prefix gets a quarter, so that the
// entries of others are still written.
const (
	anonymousAtOnce    = 1000
	anonymousPerSecond = 10
	ofOnePrefix        = 0.25

	// maxPrefixes is how many prefixes are counted separately. A prefix that
	// was dropped starts afresh, within the bounds of all.
	maxPrefixes = 1024

	// suppressedEvery is how often a line counts the suppressed entries.
	suppressedEvery = time.Minute
)

// anonymousLimiter bounds the entries about requests that prove nothing.
type anonymousLimiter struct {
	all        bucket
	prefixes   *lru.Cache[netip.Prefix, *bucket]
	suppressed int
	since      time.Time // since the first suppressed entry
}

// bucket is a token bucket, refilled with time.
type bucket struct {
	spent float64 // entries
	last  time.Time
}

// hasRoom reports whether the bucket has room for one more entry, where part is
// its share of the whole.
func (b *bucket) hasRoom(now time.Time, part float64) bool {
	if passed := now.Sub(b.last).Seconds(); passed > 0 {
		b.spent = max(0, b.spent-passed*anonymousPerSecond*part)
		b.last = now
	}
	return b.spent+1 <= anonymousAtOnce*part
}

// Allow reports whether one more entry of a request from address, which may be
// empty, is to be written.
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
	addr, _ := netip.ParseAddr(address) // all unknown addresses share one prefix
	from := fair.Prefix(addr)
	b, ok := s.prefixes.Get(from)
	if !ok {
		b = &bucket{}
		s.prefixes.Put(from, b)
	}
	return b
}

// account returns the number of suppressed entries, if it is due to be written.
func (s *anonymousLimiter) account(now time.Time) (n int, ok bool) {
	if s.suppressed == 0 || now.Sub(s.since) < suppressedEvery {
		return 0, false
	}
	n, s.suppressed = s.suppressed, 0
	return n, true
}
