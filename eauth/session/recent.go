package session

import (
	"context"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/internal/lru"
)

// How long a lookup that found a token is valid, and how many are cached.
const (
	recentTime = time.Second
	recentMost = 4096
)

// lookup looks a token up as [Tokens] does.
type lookup func(ctx context.Context, token string) (eauth.Token, bool, error)

// recent caches tokens that were found, and coalesces concurrent lookups of one
// token. Negative results are not cached.
type recent struct {
	find lookup

	mu    sync.Mutex
	known *lru.Cache[Hash, *found]
}

// found is the cache entry of one token.
type found struct {
	turn chan struct{} // holds one element while the fields below are in use
	at   time.Time     // zero when it was not found
	t    eauth.Token
}

func newRecent(find lookup) *recent {
	return &recent{find: find, known: lru.New[Hash, *found](recentMost)}
}

func (r *recent) look(ctx context.Context, token string) (eauth.Token, bool, error) {
	f := r.of(HashOf(token))
	select {
	case f.turn <- struct{}{}:
		defer func() { <-f.turn }()
	case <-ctx.Done():
		return eauth.Token{}, false, ctx.Err()
	}
	if !f.at.IsZero() && time.Since(f.at) < recentTime {
		return f.t, true, nil
	}
	at := time.Now()
	t, ok, err := r.find(ctx, token)
	if !ok || err != nil {
		f.at, f.t = time.Time{}, eauth.Token{}
		return eauth.Token{}, false, err
	}
	f.at, f.t = at, t
	return t, true, nil
}

func (r *recent) of(h Hash) *found {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, ok := r.known.Get(h)
	if !ok {
		f = &found{turn: make(chan struct{}, 1)}
		r.known.Put(h, f)
	}
	return f
}

// forget drops a token that has been removed. A lookup in progress may still
// return the old result, but no later one does.
func (r *recent) forget(h Hash) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known.Delete(h)
}
