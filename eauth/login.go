package eauth

import (
	"context"
	"errors"
	"fmt"
)

// errNotKept means that the grant of a backend is no [Keeper], which a login
// requires. Those of all backends of this module are.
var errNotKept = errors.New("the backend gives no token to keep")

// Login checks c, which has a password and no token, once and returns a Salt
// token for the caller alone, which is valid until it expires or is removed. It
// returns ok and err as [Backend] does.
func (a *Authenticator) Login(ctx context.Context, c Credentials) (Token, bool, error) {
	if c.Token != "" {
		return Token{}, false, nil
	}
	if err := ctx.Err(); err != nil {
		return Token{}, false, fmt.Errorf("log in: %w", err)
	}
	c.Fresh = true
	id, ok, err := a.authenticate(ctx, c)
	if !ok || err != nil {
		return Token{}, false, err
	}
	defer id.Grant.Release(ctx)
	k, ok := id.Grant.(Keeper)
	if !ok {
		return Token{}, false, fmt.Errorf("log in: %w", errNotKept)
	}
	t, err := k.Keep(ctx, c.TokenExpire)
	if err != nil {
		return Token{}, false, fmt.Errorf("log in: %w", err)
	}
	return t, true, nil
}

// Deny sets a function that is called before any Salt token is accepted: a
// token that was logged out may still be in the master's store. Deny is called
// once, before the authenticator is used.
func (a *Authenticator) Deny(denied func(ctx context.Context, token string) (bool, error)) {
	a.denied = denied
}

// Knows reports whether external_auth has this eauth module. A token of another
// module is older than the operator's change of external_auth, and is not
// accepted.
func (a *Authenticator) Knows(eauth string) bool { return a.eauths[eauth] }

// WellFormed is [WellFormedToken] for the master's hash_type.
func (a *Authenticator) WellFormed(token string) bool { return WellFormedToken(token, a.opts.HashType) }
