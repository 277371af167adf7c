package eauth

import (
	"context"
	"errors"
	"fmt"
)

// errNotKept says that a backend cannot do what a login needs. All of this
// module's can.
var errNotKept = errors.New("the backend gives no token to keep")

// Login checks c once, which has a password and no token, and returns a Salt
// token of the caller's own: nobody else uses it, and it is good until it
// expires or is removed. It answers as [Backend] does.
func (a *Authenticator) Login(ctx context.Context, c Credentials) (Token, bool, error) {
	if c.Token != "" {
		return Token{}, false, nil
	}
	if err := ctx.Err(); err != nil {
		return Token{}, false, fmt.Errorf("log in: %w", err)
	}
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

// Deny has the authenticator ask before it accepts a Salt token, wherever that
// comes from: one that was logged out may still be in the master's store. It
// is called once, before the authenticator is used.
func (a *Authenticator) Deny(denied func(ctx context.Context, token string) (bool, error)) {
	a.denied = denied
}

// Knows reports whether external_auth has this eauth module. A token of another
// one is older than the operator's change of that, and worth nothing.
func (a *Authenticator) Knows(eauth string) bool { return a.eauths[eauth] }

// WellFormed is [WellFormedToken] for the master's hash_type.
func (a *Authenticator) WellFormed(token string) bool { return WellFormedToken(token, a.opts.HashType) }
