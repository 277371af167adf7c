package gateway

import (
	"context"
	"fmt"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/mint"
)

// tokenMint makes Salt tokens for who comes with an API token. It waits until
// it is known whether the master takes them, as a login by PAM does: right
// after the start nobody has asked the master yet.
type tokenMint struct {
	written written
	untold  func(eauth string) bool
}

var _ issuer.Minter = tokenMint{}

// Grant is issuer.Minter's.
func (m tokenMint) Grant(ctx context.Context, user, module string, groups []string) (eauth.Grant, error) {
	if m.untold(module) {
		return nil, eauth.ErrRights
	}
	return m.written.Grant(ctx, user, module, groups)
}

// untold tells of which eauth modules nobody knows what their users may do. With
// keep_acl_in_token a user who logs in at salt-api has what acl() has said to the
// password; the rules of external_auth, by which a token without a login would
// act, may be more. Without the option they are what a session of salt-api has.
func untold(c *Config) func(eauth string) bool {
	modules := says(authModules(c.master, c.set.Auth.Deciding))
	return func(module string) bool { return c.master.KeepACLInToken && modules(module).ACL }
}

// written are tokens of the gateway's own, where the master takes them.
type written struct{ mint *mint.Mint }

// Grant is that of the mint.
func (w written) Grant(ctx context.Context, user, module string, groups []string) (eauth.Grant, error) {
	usable, err := w.mint.Usable(ctx)
	if err != nil {
		return nil, err
	}
	if !usable {
		return nil, fmt.Errorf("%w: %w", eauth.ErrUnavailable, mint.ErrNotAccepted)
	}
	return w.mint.Grant(ctx, user, module, groups)
}
