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

// Principal is who holds a good token. It does not change, and has no secret.
type Principal struct {
	// TokenID is the token that was shown. RefreshTokenID is the one behind
	// it: that an access token was given for, or else the same. It is what an
	// audit line names.
	TokenID        string
	RefreshTokenID string

	Kind    apitoken.Kind // API or access
	Name    string        // of the API token; empty for an access token
	Profile apitoken.Profile

	// Owner is whose the token is. User, Eauth and Groups are who acts: the
	// owner, or the user that a service account stands for.
	Owner       apitoken.Owner
	User, Eauth string
	Groups      []string

	// ScopeNames are the roles that narrow the token, and Scopes what these
	// allow: it has to agree to every call. See also [Principal.May].
	ScopeNames []string
	Scopes     *role.Set

	Created time.Time
	Expires time.Time // zero: never

	rights *role.Set // of the acting user
	from   Origin    // who showed the token
}

// May reports whether a permission is among what the scopes allow and what the
// owner has. It is for what the gateway itself keeps; calls go before Scopes,
// and then to the master.
func (p *Principal) May(what role.Permission) bool {
	return p.Scopes.May(what) && p.rights.May(what)
}

// Caller is the principal as one who wants something done with tokens.
func (p *Principal) Caller(from Origin) Caller { return Caller{Principal: p, From: from} }

// String describes the principal without its secret.
func (p *Principal) String() string {
	return fmt.Sprintf("token %s of %s user %q", p.TokenID, p.Eauth, p.User)
}

// LogValue is the same for logs.
func (p *Principal) LogValue() slog.Value { return slog.StringValue(p.String()) }

// Delegation is a principal with the authority to act at the master, for the time
// of one request.
type Delegation struct {
	*Principal

	// Session is a login of the user, with a Salt token written for it.
	// It has no id.
	Session *session.Session

	// Identity is the same in the terms of package eauth. Its grant has
	// another token where the master has forgotten this one.
	Identity eauth.Identity

	service *Service
}

// ActAs mints a Salt token for a principal, or takes the one that the user has
// already. The caller must release it. Errors wrap [eauth.ErrUnavailable] where
// the master or its token store is not there.
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

// AuditContext is what an audit line says of the token that an action was
// carried out with.
func (p *Principal) AuditContext() map[string]string {
	return map[string]string{"currentContext.refreshTokenId": p.RefreshTokenID}
}
