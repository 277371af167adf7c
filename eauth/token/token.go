package token

import (
	"context"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/internal/redact"
)

// Store is the master's token store.
type Store interface {
	// LookupToken returns the token and its owner. ok is false when there is no
	// such token. err means that this could not be determined; it wraps
	// [eauth.ErrUnavailable] where the master or its store cannot be reached.
	LookupToken(ctx context.Context, token string) (t eauth.Token, ok bool, err error)
}

// Backend checks tokens. A lookup is cheap, so it needs no guard.
type Backend struct {
	store Store
}

var _ eauth.Backend = (*Backend)(nil)

// New returns a backend over store.
func New(store Store) *Backend { return &Backend{store: store} }

// Authenticate looks the token up. Credentials without one are wrong here.
func (b *Backend) Authenticate(ctx context.Context, c eauth.Credentials) (eauth.Identity, bool, error) {
	if c.Token == "" || c.Check() != nil {
		return eauth.Identity{}, false, nil
	}
	if err := ctx.Err(); err != nil {
		return eauth.Identity{}, false, fmt.Errorf("look up a token: %w", err)
	}
	t, ok, err := b.store.LookupToken(ctx, c.Token)
	if err != nil {
		return eauth.Identity{}, false, fmt.Errorf("look up a token: %w", redact.Error(err, c.Token))
	}
	if !ok || !t.Valid(time.Now()) {
		return eauth.Identity{}, false, nil
	}
	id := eauth.Identity{User: t.User, Eauth: t.Eauth, Groups: t.Groups, AuthList: t.AuthList, Grant: grant{c.Token}}
	return id, true, nil
}

// grant is the authority of the caller's own token.
type grant struct{ token string }

func (g grant) Token(context.Context) (string, error) { return g.token, nil }

// Renew returns no token: only the caller can renew its own.
func (g grant) Renew(context.Context, string) (string, error) { return "", eauth.ErrNoToken }

// Exposed does nothing: the token is the caller's own.
func (grant) Exposed(string) {}

// Release leaves the token alone: the caller goes on using it.
func (g grant) Release(context.Context) {}

// String and GoString keep the token out of a printed identity.
func (g grant) String() string   { return "the caller's token" }
func (g grant) GoString() string { return g.String() }
