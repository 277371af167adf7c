package main

import (
	"context"
	"fmt"

	"saltern/eauth"
	"saltern/eauth/mint"
	"saltern/eauth/token/issuer"
)

// tokenMint makes Salt tokens for who comes with an API token. It waits until
// it is known whether the master takes them, as a login by PAM does: right
// after the start nobody has asked the master yet.
type tokenMint struct{ mint *mint.Mint }

var _ issuer.Minter = tokenMint{}

// Grant is issuer.Minter's.
func (m tokenMint) Grant(ctx context.Context, user, module string, groups []string) (eauth.Grant, error) {
	usable, err := m.mint.Usable(ctx)
	if err != nil {
		return nil, err
	}
	if !usable {
		return nil, fmt.Errorf("%w: %w", eauth.ErrUnavailable, mint.ErrNotAccepted)
	}
	return m.mint.Grant(ctx, user, module, groups)
}
