package master

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/internal/mark"
	"github.com/saltern-api/saltern/internal/fair"
	"github.com/saltern-api/saltern/internal/lru"
)

// maxReused is how many tokens are kept for a next request.
const maxReused = 1024

// reuse keeps the tokens of credentials that were right a moment ago. A request
// with the same credentials from the same address prefix uses the token again:
// the master checks it, and the rules for its user, with each command as ever,
// and is spared a second authentication.
//
// A token is not used again once its time is over, once the master did not
// recognize it or has put it on its event bus, or once other credentials of the
// same user were right or these were wrong. It is removed then, as soon as no
// request uses it.
type reuse struct {
	life   time.Duration
	remove func(ctx context.Context, token string)
	key    mark.Key

	mu       sync.Mutex
	tokens   *lru.Cache[reuseKey, *shared]
	live     map[*shared]struct{} // all that are not removed
	removals sync.WaitGroup
	closed   bool
}

// reuseKey is what has to be equal in credentials that use one token.
type reuseKey struct {
	user
	secret mark.Mark // of the user and the password
	from   netip.Prefix
	life   time.Duration // requested by the user
}

type user struct{ eauth, name string }

// shared is a token that requests share. Its fields are guarded by reuse.mu.
type shared struct {
	key     reuseKey
	id      eauth.Identity // with no grant
	token   string
	until   time.Time
	timer   *time.Timer // removes the token then
	refs    int
	dropped bool // no other request uses it
}

func newReuse(life time.Duration, remove func(ctx context.Context, token string)) *reuse {
	return &reuse{
		life: life, remove: remove, key: mark.NewKey(),
		tokens: lru.New[reuseKey, *shared](maxReused), live: make(map[*shared]struct{}),
	}
}

func (r *reuse) keyOf(c eauth.Credentials) reuseKey {
	return reuseKey{
		user: user{c.Eauth, c.Username}, secret: r.key.Of(c.Eauth, c.Username, c.Password),
		from: fair.Prefix(c.RemoteAddr), life: c.TokenExpire,
	}
}

// take returns the token for credentials that were right a moment ago, and
// counts its use, or nil.
func (r *reuse) take(c eauth.Credentials) *shared {
	k := r.keyOf(c)
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.tokens.Get(k)
	if !ok || !time.Now().Before(s.until) {
		return nil
	}
	s.refs++
	return s
}

// right keeps the token of credentials that were right just now. It returns nil
// where the token is for one request alone.
func (r *reuse) right(ctx context.Context, c eauth.Credentials, id eauth.Identity, t eauth.Token) *shared {
	// The last tenth of its time is left for the request that it is taken for.
	life := min(r.life, time.Until(t.Expire)*9/10)
	s := &shared{key: r.keyOf(c), id: id, token: t.Value, until: time.Now().Add(life), refs: 1}

	r.mu.Lock()
	defer r.mu.Unlock()
	r.dropAll(ctx, func(k reuseKey) bool { return k.user == s.key.user && k.secret != s.key.secret })
	if c.Fresh || r.closed || life <= 0 || !s.key.from.IsValid() {
		return nil
	}
	if before, ok := r.tokens.Get(s.key); ok {
		r.dropLocked(ctx, before)
	}
	if evicted, ok := r.tokens.Put(s.key, s); ok {
		r.dropLocked(ctx, evicted)
	}
	r.live[s] = struct{}{}
	s.timer = time.AfterFunc(life, func() { r.drop(context.WithoutCancel(ctx), s) })
	return s
}

// wrong drops the tokens of credentials that are wrong now.
func (r *reuse) wrong(ctx context.Context, c eauth.Credentials) {
	k := r.keyOf(c)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dropAll(ctx, func(other reuseKey) bool { return other.secret == k.secret })
}

func (r *reuse) dropAll(ctx context.Context, which func(k reuseKey) bool) {
	for k, s := range r.tokens.All() {
		if which(k) {
			r.dropLocked(ctx, s)
		}
	}
}

// drop ends the use of a token by further requests.
func (r *reuse) drop(ctx context.Context, s *shared) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dropLocked(ctx, s)
}

func (r *reuse) dropLocked(ctx context.Context, s *shared) {
	if now, ok := r.tokens.Get(s.key); ok && now == s {
		r.tokens.Delete(s.key)
	}
	s.dropped = true
	if s.timer != nil {
		s.timer.Stop()
	}
	r.removeIfUnused(ctx, s)
}

// release ends one use.
func (r *reuse) release(ctx context.Context, s *shared) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.refs--
	r.removeIfUnused(ctx, s)
}

func (r *reuse) removeIfUnused(ctx context.Context, s *shared) {
	if _, ok := r.live[s]; !ok || !s.dropped || s.refs > 0 && !r.closed {
		return
	}
	delete(r.live, s)
	r.removals.Go(func() { r.remove(ctx, s.token) })
}

// close removes all tokens, also those that are in use.
func (r *reuse) close(ctx context.Context) {
	r.mu.Lock()
	r.closed = true
	for s := range r.live {
		r.dropLocked(ctx, s)
	}
	r.mu.Unlock()
	r.removals.Wait() // each has a time limit
}

// sharedGrant is one request's use of a token that others may use too.
type sharedGrant struct {
	reuse *reuse
	creds eauth.Credentials
	again func(ctx context.Context, c eauth.Credentials) (eauth.Identity, bool, error) // nil where the token was made for this request

	mu    sync.Mutex
	token *shared
	next  eauth.Grant // in place of the token, after Renew
	ended bool
}

func (g *sharedGrant) Token(ctx context.Context) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.ended:
		return "", errReleased
	case g.next != nil:
		return g.next.Token(ctx)
	}
	return g.token.token, nil
}

// Renew has the master authenticate again where it did not recognize a token of
// an earlier request: the credentials alone may be right. A refusal of a token
// that was made for this request is final.
func (g *sharedGrant) Renew(ctx context.Context, old string) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.ended:
		return "", errReleased
	case g.next != nil && old == g.token.token:
		return g.next.Token(ctx) // another chunk of the request was faster
	case g.next != nil:
		return "", eauth.ErrNoToken
	}
	g.reuse.drop(ctx, g.token)
	if g.again == nil {
		return "", eauth.ErrNoToken
	}
	c := g.creds
	c.Fresh = true
	id, ok, err := g.again(ctx, c)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", eauth.ErrNoToken
	}
	if id.User != g.token.id.User {
		id.Grant.Release(ctx)
		return "", errors.New("authenticate at the master: the same credentials are another user's now")
	}
	g.next = id.Grant
	return g.next.Token(ctx)
}

// Exposed drops the token: it ends with the requests that use it now.
func (g *sharedGrant) Exposed(token string) {
	if g.token.token == token {
		g.reuse.drop(context.Background(), g.token)
	}
}

func (g *sharedGrant) Release(ctx context.Context) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended {
		return
	}
	g.ended, g.creds = true, eauth.Credentials{}
	g.reuse.release(context.WithoutCancel(ctx), g.token)
	if g.next != nil {
		g.next.Release(ctx)
	}
}

// String and GoString keep the token out of a printed identity.
func (g *sharedGrant) String() string   { return "a token of the master" }
func (g *sharedGrant) GoString() string { return g.String() }
