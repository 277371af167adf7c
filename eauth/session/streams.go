package session

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/saltern-api/saltern/internal/expiry"
)

// How often the tokens of streams are looked up. Where each lookup is a request
// to the master, a round covers only a few of them.
const (
	roundInterval     = time.Second
	remoteRoundSize   = 20              // tokens in a round
	remoteConcurrency = 4               // lookups at a time
	remoteTimeout     = 5 * time.Second // of one lookup
)

// Follow returns a context that ends with a session: with the cause
// [ErrExpired] when it expires, and with [ErrRevoked] when its token was logged
// out or was removed from the master's store. A logout in this process takes
// effect at once, the others within a second. Where that store cannot be read
// the master is asked, at a bounded rate, so with very many sessions it takes
// longer. The returned function must be called.
func (s *Sessions) Follow(ctx context.Context, sess *Session) (context.Context, context.CancelFunc) {
	v := followed{hash: HashOf(sess.Token), token: sess.Token, expire: sess.Expire, since: time.Now()}
	ctx, entry, stop := s.streams.Follow(ctx, v, sess.Expire, ErrExpired, v.hash)
	// The session may have ended between its look-up and now.
	if s.gone(ctx, sess.Token) {
		entry.End(ErrRevoked)
	}
	return ctx, stop
}

// gone reports whether a token is known to have ended, without a request to the
// master.
func (s *Sessions) gone(ctx context.Context, token string) bool {
	if !s.tokens.Local() {
		denied, err := s.denied(ctx, token)
		return denied && err == nil
	}
	_, ok, err := s.look(ctx, token)
	return !ok && err == nil
}

// followed is the token that a context ends with.
type followed struct {
	hash   Hash
	token  string
	expire time.Time
	since  time.Time // when it was first followed
}

type (
	streams = expiry.Registry[Hash, followed]
	stream  = expiry.Entry[Hash, followed]
)

// streamCheck looks up the tokens of streams, each once a round. Rounds are
// never concurrent, see [expiry.Options].
type streamCheck struct {
	find  lookup
	local func() bool
	end   func(error, ...Hash)

	looked map[Hash]time.Time // when each token was last looked up
}

func newStreams(find lookup, local func() bool) *streams {
	c := &streamCheck{find: find, local: local}
	s := expiry.New(expiry.Options[Hash, followed]{Interval: roundInterval, Check: c.round})
	c.end = s.End
	return s
}

// round looks up every token where that reads a small file. Otherwise it asks
// the master about those that were not looked up for the longest time.
func (c *streamCheck) round(ctx context.Context, open []*stream) {
	tokens := distinct(open)
	if c.local() {
		for _, f := range tokens {
			c.look(ctx, f)
		}
		return
	}
	tokens = c.oldest(tokens)
	queue := make(chan followed, len(tokens))
	for _, f := range tokens {
		queue <- f
	}
	close(queue)
	var workers sync.WaitGroup
	for range min(len(tokens), remoteConcurrency) {
		workers.Go(func() {
			for f := range queue {
				ctx, cancel := context.WithTimeout(ctx, remoteTimeout)
				c.look(ctx, f)
				cancel()
			}
		})
	}
	workers.Wait()
}

// distinct returns the tokens of streams, each once, with the values of its
// first stream that is still open.
func distinct(open []*stream) []followed {
	byHash := make(map[Hash]followed, len(open))
	for _, s := range open {
		if f, known := byHash[s.Value.hash]; !known || s.Value.since.Before(f.since) {
			byHash[s.Value.hash] = s.Value
		}
	}
	tokens := make([]followed, 0, len(byHash))
	for _, f := range byHash {
		tokens = append(tokens, f)
	}
	return tokens
}

// oldest returns the tokens of the next round, and drops the lookup times of
// those that are no longer open.
func (c *streamCheck) oldest(tokens []followed) []followed {
	looked := make(map[Hash]time.Time, len(tokens))
	for _, f := range tokens {
		looked[f.hash] = f.since
		if at, known := c.looked[f.hash]; known && at.After(f.since) {
			looked[f.hash] = at
		}
	}
	slices.SortFunc(tokens, func(a, b followed) int { return looked[a.hash].Compare(looked[b.hash]) })
	tokens = tokens[:min(len(tokens), remoteRoundSize)]
	now := time.Now()
	for _, f := range tokens {
		looked[f.hash] = now
	}
	c.looked = looked
	return tokens
}

// look ends the streams of a token that no longer exists. A failed lookup ends
// nothing, and a token that has expired is left to its timer.
func (c *streamCheck) look(ctx context.Context, f followed) {
	now := time.Now()
	if _, ok, err := c.find(ctx, f.token); err == nil && !ok && now.Before(f.expire) {
		c.end(ErrRevoked, f.hash)
	}
}
