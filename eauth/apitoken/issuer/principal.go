package issuer

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
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
