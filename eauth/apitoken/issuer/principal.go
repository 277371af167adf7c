package issuer

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/eauth/session"
)

// Principal is the holder of a valid token. It does not change, and holds no secret.
type Principal struct {
	// TokenID is the id of the token that was presented. RefreshTokenID is the id
	// of the token that an access token was issued for; for an API token it is the
	// same as TokenID. Audit lines name it.
	TokenID        string
	RefreshTokenID string

	Kind    apitoken.Kind // API or access
	Name    string        // of the API token; empty for an access token
	Profile apitoken.Profile

	// Owner is the owner of the token. User, Eauth and Groups are the user that
	// it acts as: the owner, or the user of a service account.
	Owner       apitoken.Owner
	User, Eauth string
	Groups      []string

	// ScopeNames are the roles that limit the token, and Scopes is what they
	// allow: every call must pass it. See also [Principal.May].
	ScopeNames []string
	Scopes     *role.Set

	Created time.Time
	Expires time.Time // zero: never

	rights *role.Set // of the acting user
	from   Origin    // the client that presented the token
}

// May reports whether both the scopes and the user's own roles include a permission.
// It is for the data that the gateway keeps. Calls are checked by Scopes, and then
// by the master.
func (p *Principal) May(what role.Permission) bool {
	return p.Scopes.May(what) && p.rights.May(what)
}

// Caller returns the principal as the [Caller] of a [Service].
func (p *Principal) Caller(from Origin) Caller { return Caller{Principal: p, From: from} }

// String describes the principal without its secret.
func (p *Principal) String() string {
	return fmt.Sprintf("token %s of %s user %q", p.TokenID, p.Eauth, p.User)
}

// LogValue returns the same for logs.
func (p *Principal) LogValue() slog.Value { return slog.StringValue(p.String()) }

// Delegation is a principal with the authority to act at the master, for the time
// of one request.
type Delegation struct {
	*Principal

	// Session is a login of the user, with a Salt token written for it.
	// It has no id.
	Session *session.Session

	// Identity is the same in the terms of package eauth. Its grant mints another
	// token where the master does not accept this one any more.
	Identity eauth.Identity

	service *Service
}

// ActAs mints a Salt token for a principal, or reuses the user's present one. The
// caller must release it. Errors wrap [eauth.ErrUnavailable] where the master or its
// token store is not available.
func (s *Service) ActAs(ctx context.Context, p *Principal) (*Delegation, error) {
	if s.opts.Mint == nil {
		return nil, fmt.Errorf("act as a token's owner: %w", eauth.ErrUnavailable)
	}
	grant, err := s.opts.Mint.Grant(ctx, p.User, p.Eauth, p.Groups)
	if err != nil {
		return nil, fmt.Errorf("act as a token's owner: %w", err)
	}
	value, err := grant.Token(ctx)
	if err != nil {
		grant.Release(context.WithoutCancel(ctx))
		return nil, fmt.Errorf("act as a token's owner: %w", err)
	}
	return &Delegation{
		Principal: p,
		Session: &session.Session{
			Token: value, User: p.User, Eauth: p.Eauth, Groups: p.Groups, Start: p.Created, Expire: p.Expires,
		},
		Identity: eauth.Identity{User: p.User, Eauth: p.Eauth, Groups: p.Groups, Grant: grant},
		service:  s,
	}, nil
}

// Release ends the request. Calling it again does nothing.
func (a *Delegation) Release(ctx context.Context) {
	a.Identity.Grant.Release(context.WithoutCancel(ctx))
}

// Follow is [Service.Follow] for the principal.
func (a *Delegation) Follow(ctx context.Context, needs ...role.Permission) (context.Context, context.CancelFunc) {
	return a.service.Follow(ctx, a.Principal, needs...)
}

// AuditContext returns the fields of an audit line that name the token used.
func (p *Principal) AuditContext() map[string]string {
	return map[string]string{"currentContext.refreshTokenId": p.RefreshTokenID}
}
