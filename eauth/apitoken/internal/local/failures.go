package local

import (
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/internal/lru"
)

// maxCounts bounds the number of keys with a count. The one without a failure
// for the longest time is dropped first.
const maxCounts = 1 << 16

// Failures counts failures in memory.
type Failures struct {
	mu     sync.Mutex
	counts *lru.Cache[string, count]
}

type count struct {
	apitoken.Failures
	until time.Time
}

// NewFailures returns counters without failures.
func NewFailures() *Failures {
	return &Failures{counts: lru.New[string, count](maxCounts)}
}

// Add implements [apitoken.Shared.AddFailure].
func (f *Failures) Add(key string, window time.Duration) apitoken.Failures {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	c := f.get(key, now)
	c.Count++
	c.Last, c.until = now, now.Add(window)
	f.counts.Put(key, c)
	return c.Failures
}

// Get implements [apitoken.Shared.Failures].
func (f *Failures) Get(key string) apitoken.Failures {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.get(key, time.Now()).Failures
}

func (f *Failures) get(key string, now time.Time) count {
	c, ok := f.counts.Get(key)
	if !ok || !now.Before(c.until) {
		return count{}
	}
	return c
}

// Clear implements [apitoken.Shared.ClearFailures].
func (f *Failures) Clear(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts.Delete(key)
}
