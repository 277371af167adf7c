package auth

import (
	"context"
	"fmt"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/mint"
)

// acceptedMint makes the gateway's own Salt tokens, if the master accepts them.
// It waits until that is determined, which takes a moment after the start.
type acceptedMint struct{ mint *mint.Mint }

// Grant implements the mint's method.
func (m acceptedMint) Grant(ctx context.Context, user, module string, groups []string) (eauth.Grant, error) {
	usable, err := m.mint.Usable(ctx)
	if err != nil {
		return nil, err
	}
	if !usable {
		return nil, fmt.Errorf("%w: %w", eauth.ErrUnavailable, mint.ErrNotAccepted)
	}
	return m.mint.Grant(ctx, user, module, groups)
}

// ownerMint makes Salt tokens for the owners of API tokens, except for those
// whose rights are known only after a login.
type ownerMint struct {
	accepted      acceptedMint
	rightsUnknown func(module string) bool
}

var _ issuer.Minter = ownerMint{}

// Grant implements issuer.Minter.
func (m ownerMint) Grant(ctx context.Context, user, module string, groups []string) (eauth.Grant, error) {
	if m.rightsUnknown(module) {
		return nil, eauth.ErrRights
	}
	return m.accepted.Grant(ctx, user, module, groups)
}
