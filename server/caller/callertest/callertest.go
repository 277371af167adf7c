package callertest

import (
	"context"
	"net/http"
	"sync/atomic"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/server/caller"
)

// Sessions are the logins by their credentials. They do not expire.
type Sessions map[string]*session.Session

// Resolve returns a login.
func (s Sessions) Resolve(_ context.Context, credential string) (*session.Session, bool, error) {
	sess, ok := s[credential]
	return sess, ok, nil
}

// Follow returns a context that ends with ctx.
func (Sessions) Follow(ctx context.Context, _ *session.Session) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}

// Tokens are the gateway's own tokens by their secrets. They do not expire.
type Tokens struct {
	Principals map[string]*issuer.Principal
	Held       atomic.Int64 // the authorities that are not released
}

// Check returns a token's holder.
func (t *Tokens) Check(_ context.Context, secret string, _ issuer.Origin) (*issuer.Principal, bool, error) {
	p, ok := t.Principals[secret]
	return p, ok, nil
}

// ActAs returns the authority of the token's owner, whose Salt token is
// "salt-token-of-" and the owner's name.
func (t *Tokens) ActAs(_ context.Context, p *issuer.Principal) (*issuer.Delegation, error) {
	t.Held.Add(1)
	salt := "salt-token-of-" + p.User
	return &issuer.Delegation{
		Principal: p,
		Session:   &session.Session{Token: salt, User: p.User, Eauth: p.Eauth, Groups: p.Groups},
		Identity:  eauth.Identity{User: p.User, Eauth: p.Eauth, Groups: p.Groups, Grant: grant{t, salt}},
	}, nil
}

// Follow returns a context that ends with ctx.
func (*Tokens) Follow(
	ctx context.Context, _ *issuer.Principal, _ ...role.Permission,
) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}

type grant struct {
	tokens *Tokens
	salt   string
}

func (g grant) Token(context.Context) (string, error)       { return g.salt, nil }
func (grant) Renew(context.Context, string) (string, error) { return "", eauth.ErrNoToken }
func (grant) Exposed(string)                                {}
func (g grant) Release(context.Context)                     { g.tokens.Held.Add(-1) }

// Secret is a token of ops, whose scopes let it run everything and read events.
const Secret = "saltern_api_0123456789abcdefghijklmnopqrstuvwxyzABCDEF"

// New returns a resolver with a session of saltdev, whose credential is
// "session", and the token [Secret] of ops.
func New() (*caller.Resolver, *Tokens) {
	tokens := &Tokens{Principals: map[string]*issuer.Principal{Secret: {
		TokenID: "1", RefreshTokenID: "1", User: "ops", Eauth: "pam",
		Scopes: role.Compile(role.Options{}, role.BuiltIn()...),
	}}}
	return &caller.Resolver{
		Sessions: Sessions{"session": {ID: "session", Token: "salt-token-of-saltdev", User: "saltdev", Eauth: "pam"}},
		Tokens:   tokens, CrossOrigin: http.NewCrossOriginProtection(),
	}, tokens
}
