package mint

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth"
)

// grant is one request's use of a user's token.
type grant struct {
	mint   *Mint
	owner  owner
	groups []string

	mu    sync.Mutex
	token *token // nil after Release
}

var _ eauth.Keeper = (*grant)(nil)

var errReleased = errors.New("mint: the grant was released")

// Token returns the user's token, a new one when the request has outlived the
// first.
func (g *grant) Token(ctx context.Context) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.token == nil {
		return "", errReleased
	}
	if time.Now().Before(g.token.renewAt) {
		return g.token.value, nil
	}
	return g.replace(ctx, "")
}

// Renew replaces a token that the master did not recognize. If many requests
// notice that at once, one token is written. The mint also checks again whether
// the master accepts its tokens at all.
func (g *grant) Renew(ctx context.Context, old string) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.token == nil {
		return "", errReleased
	}
	if g.token.value != old {
		return g.token.value, nil // another chunk of the request was faster
	}
	return g.replace(ctx, old)
}

func (g *grant) replace(ctx context.Context, bad string) (string, error) {
	t, err := g.mint.acquire(ctx, g.owner, g.groups, bad)
	if err != nil {
		return "", err
	}
	g.mint.release(ctx, g.token)
	g.token = t
	return t.value, nil
}

// Keep writes a token that the mint neither shares nor tracks.
func (g *grant) Keep(ctx context.Context, life time.Duration) (eauth.Token, error) {
	return g.mint.keep(ctx, g.owner, g.groups, life)
}

// Exposed withholds a token from the user's later requests, and schedules its
// removal for when the requests that use it have ended.
func (g *grant) Exposed(token string) { g.mint.expose(g.owner, token) }

// Release ends the use. The token stays for the user's next request.
func (g *grant) Release(ctx context.Context) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.token != nil {
		g.mint.release(ctx, g.token)
		g.token = nil
	}
}

// String and GoString keep the token out of a printed identity.
func (g *grant) String() string   { return "a minted token" }
func (g *grant) GoString() string { return g.String() }
