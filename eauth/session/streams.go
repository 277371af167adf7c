package session

import (
	"context"
	"slices"
	"sync"
	"time"
)

// How often the tokens of streams are looked at. Where the master has to be
// asked, a round is for a few of them only.
const (
	roundEvery    = time.Second
	remoteMost    = 20              // tokens in a round
	remoteAtOnce  = 4               // of them
	remoteTimeout = 5 * time.Second // for one
)

// streams are the contexts that end with their token. One goroutine looks
// after all of them, as long as there are any.
type streams struct {
	find  lookup
	local func() bool

	mu      sync.Mutex
	tokens  map[Hash]*followed
	stop    context.CancelFunc // of the goroutine; nil when there is none
	running sync.WaitGroup
	closed  bool
}

// followed is one token with all contexts that end with it.
type followed struct {
	hash   Hash
	token  string
	expire time.Time
	looked time.Time // behind the lock of streams: two rounds may look at the same time
	ends   map[*context.CancelCauseFunc]struct{}
}

func newStreams(find lookup, local func() bool) *streams {
	return &streams{find: find, local: local, tokens: make(map[Hash]*followed)}
}

// add has end called when the token is gone before it expires, until forget is.
func (s *streams) add(token string, expire time.Time, end context.CancelCauseFunc) (forget func()) {
	h := HashOf(token)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		end(context.Canceled)
		return func() {}
	}
	f := s.tokens[h]
	if f == nil {
		f = &followed{
			hash: h, token: token, expire: expire, looked: time.Now(),
			ends: make(map[*context.CancelCauseFunc]struct{}),
		}
		s.tokens[h] = f
	}
	f.ends[&end] = struct{}{}
	if s.stop == nil {
		var ctx context.Context
		ctx, s.stop = context.WithCancel(context.Background())
		s.running.Go(func() { s.run(ctx) })
	}
	return func() { s.forget(f, &end) }
}

func (s *streams) forget(f *followed, end *context.CancelCauseFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(f.ends, end)
	if len(f.ends) == 0 && s.tokens[f.hash] == f {
		s.drop(f)
	}
}

// drop takes f out, and stops the goroutine when that was the last.
func (s *streams) drop(f *followed) {
	delete(s.tokens, f.hash)
	if len(s.tokens) == 0 && s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

// end ends every context of a token.
func (s *streams) end(h Hash) { s.endWith(h, ErrRevoked) }

func (s *streams) endWith(h Hash, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.tokens[h]
	if f == nil {
		return
	}
	s.drop(f)
	for end := range f.ends {
		(*end)(cause)
	}
}

// close ends all, and waits for the goroutine.
func (s *streams) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	for _, f := range s.all() {
		s.endWith(f.hash, context.Canceled)
	}
	s.running.Wait()
}

func (s *streams) all() []*followed {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*followed, 0, len(s.tokens))
	for _, f := range s.tokens {
		all = append(all, f)
	}
	return all
}

// oldest returns those that were not looked at for the longest time, most of
// them at the most.
func (s *streams) oldest(most int) []*followed {
	all := s.all()
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortFunc(all, func(a, b *followed) int { return a.looked.Compare(b.looked) })
	return all[:min(len(all), most)]
}

func (s *streams) run(ctx context.Context) {
	tick := time.NewTicker(roundEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if s.local() {
			s.round(ctx)
		} else {
			s.remoteRound(ctx)
		}
	}
}

// round looks at every token, which is a small file.
func (s *streams) round(ctx context.Context) {
	for _, f := range s.all() {
		s.look(ctx, f)
	}
}

// remoteRound asks the master about those that were not asked about for the
// longest time.
func (s *streams) remoteRound(ctx context.Context) {
	all := s.oldest(remoteMost)
	var workers sync.WaitGroup
	turns := make(chan *followed)
	for range min(len(all), remoteAtOnce) {
		workers.Go(func() {
			for f := range turns {
				ctx, cancel := context.WithTimeout(ctx, remoteTimeout)
				s.look(ctx, f)
				cancel()
			}
		})
	}
	for _, f := range all {
		turns <- f
	}
	close(turns)
	workers.Wait()
}

// look ends what is built on a token that is gone. One that nobody can tell
// about is not, and one that has expired has a timer.
func (s *streams) look(ctx context.Context, f *followed) {
	now := time.Now()
	s.mu.Lock()
	f.looked = now
	s.mu.Unlock()
	if _, ok, err := s.find(ctx, f.token); err == nil && !ok && now.Before(f.expire) {
		s.end(f.hash)
	}
}
