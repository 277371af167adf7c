package auth

import (
	"context"
	"fmt"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/mint"
)

// acceptedMint makes Salt tokens of the gateway's own, where the master takes
// them. It waits until that is known: right after the start it is not.
type acceptedMint struct{ mint *mint.Mint }

// Grant is that of the mint.
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

// ownerMint makes Salt tokens for the owners of API tokens, but for those whose
// rights only a login shows.
type ownerMint struct {
	accepted      acceptedMint
	rightsUnknown func(module string) bool
}

var _ issuer.Minter = ownerMint{}

// Grant is issuer.Minter's.
func (m ownerMint) Grant(ctx context.Context, user, module string, groups []string) (eauth.Grant, error) {
	if m.rightsUnknown(module) {
		return nil, eauth.ErrRights
	}
	return m.accepted.Grant(ctx, user, module, groups)
}
