package caller

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/web"
)

// Sessions knows who has logged in. *session.Sessions does.
type Sessions interface {
	Resolve(ctx context.Context, credential string) (*session.Session, bool, error)
	Follow(ctx context.Context, s *session.Session) (context.Context, context.CancelFunc)
}

var _ Sessions = (*session.Sessions)(nil)

// Tokens knows who holds a token of the gateway's own. *issuer.Service does.
type Tokens interface {
	Check(ctx context.Context, secret string, from issuer.Origin) (*issuer.Principal, bool, error)
	ActAs(ctx context.Context, p *issuer.Principal) (*issuer.Delegation, error)
	Follow(ctx context.Context, p *issuer.Principal, needs ...role.Permission) (context.Context, context.CancelFunc)
}

var _ Tokens = (*issuer.Service)(nil)

// Resolver finds out who makes a request. Its fields are set once. It is safe for
// many goroutines at once.
type Resolver struct {
	Sessions Sessions
	Tokens   Tokens // nil where there are none

	// CrossOrigin says whether a cookie counts for the page that has it sent.
	CrossOrigin *http.CrossOriginProtection
}

// TextNoPermission is salt-api's text for 401.
const TextNoPermission = "No permission -- see authorization schemes"

// BearerChallenge is RFC 6750's, section 3.
const BearerChallenge = `Bearer realm="saltern"` //nolint:gosec // no credential is in it

// ExpiresHeader holds when the credential of a request expires.
const ExpiresHeader = "Saltern-Token-Expires"

// ErrNoPermission returns the answer where no credential is good.
func ErrNoPermission() error {
	return &web.Error{Status: http.StatusUnauthorized, Text: TextNoPermission}
}

func errBadToken() error {
	return &web.Error{Status: http.StatusUnauthorized, Text: TextNoPermission,
		Challenge: BearerChallenge + `, error="invalid_token"`}
}

func errIdleToken(err error) error {
	return &web.Error{Status: http.StatusUnauthorized, Text: web.TextIdle, Err: err,
		Challenge: BearerChallenge + `, error="invalid_token", error_description="` + web.TextIdle + `"`}
}

// resolved is what came of looking at credentials.
type resolved struct {
	of  []Credential
	who *Caller
	err error
}

// Caller returns who the first good one of the credentials stands for. Errors are
// those of [Resolver.Lookup], and a 401 where none is good. The credentials are
// looked at once for each request, and make its budget a caller's.
func (v *Resolver) Caller(x *web.Exchange, r *http.Request, all []Credential) (*Caller, error) {
	was, ok := x.Memo.(*resolved)
	if !ok || !slices.Equal(was.of, all) {
		was = &resolved{of: all}
		was.who, was.err = v.firstGood(x, r, all)
		x.Memo = was
		if was.err == nil {
			x.Budget.Known()
		}
	}
	if was.err != nil {
		return nil, was.err
	}
	who := *was.who
	return &who, nil
}

// Identifies reports whether what came beside the body shows who makes the
// request.
func (v *Resolver) Identifies(x *web.Exchange, r *http.Request) bool {
	_, err := v.Caller(x, r, CredentialsOf(r))
	return err == nil
}

func (v *Resolver) firstGood(x *web.Exchange, r *http.Request, all []Credential) (*Caller, error) {
	for _, c := range all {
		who, ok, err := v.look(x, r, c)
		if ok || err != nil {
			return who, err
		}
	}
	return nil, ErrNoPermission()
}

// look is Lookup with the answers of rest_cherrypy.
func (v *Resolver) look(x *web.Exchange, r *http.Request, c Credential) (*Caller, bool, error) {
	if c.Cookie {
		if err := v.CrossOrigin.Check(r); err != nil {
			audit.Of(x).SetShown()
			return nil, false, &web.Error{Status: http.StatusForbidden, Text: "Cross-origin request refused", Err: err}
		}
	}
	who, ok, err := v.Lookup(x, r, c)
	switch {
	case errors.Is(err, issuer.ErrIdle):
		return nil, false, errIdleToken(err)
	case err != nil && c.IsToken():
		if known, ok := web.Known(err); ok { // also where the caller tries to make another one of it
			return nil, false, known
		}
		return nil, false, err
	case err != nil:
		return nil, false, err
	case !ok && c.IsToken():
		return nil, false, errBadToken()
	case ok && x.Header().Get("Cache-Control") == "": // a route may be stricter
		x.Header().Set("Cache-Control", "private")
	}
	return who, ok, nil
}

// Lookup returns who a credential stands for, and whether it is good. Errors are
// those of package issuer or of the sessions. A token of the gateway's own in a
// cookie is not good: nobody has been given one there.
func (v *Resolver) Lookup(x *web.Exchange, r *http.Request, c Credential) (*Caller, bool, error) {
	rec := audit.Of(x)
	rec.SetShown()
	from := OriginOf(x, r)
	if c.IsToken() {
		if v.Tokens == nil || c.Cookie {
			return nil, false, nil
		}
		p, ok, err := v.Tokens.Check(r.Context(), c.Text, from)
		if err != nil || !ok {
			return nil, false, err
		}
		rec.SetPrincipal(p)
		x.Header().Set(ExpiresHeader, ExpiryText(p.Expires))
		return ofPrincipal(p, c, from), true, nil
	}
	s, ok, err := v.Sessions.Resolve(r.Context(), c.Text)
	if err != nil || !ok {
		return nil, false, err
	}
	rec.SetUser(s.User, s.Eauth)
	return ofSession(s, c, from), true, nil
}

// MayReach returns an error, a 403, unless the caller may use an endpoint: the
// scopes of a token may not open it.
func MayReach(c *Caller, method, endpoint string) error {
	if c == nil || c.Principal == nil || c.Principal.Scopes.MayReach(method, endpoint) {
		return nil
	}
	return &web.Error{Status: http.StatusForbidden, Text: "The scopes of the token do not allow this",
		Challenge: BearerChallenge + `, error="insufficient_scope"`}
}

// Authority returns what calls are run with for a caller, until it is released. A
// nil Caller, or one that is nobody, has none. For the holder of a token that is
// the authority of the token's owner, within the token's scopes.
func (v *Resolver) Authority(ctx context.Context, c *Caller) (lowstate.Authority, func(), error) {
	switch {
	case c == nil:
	case c.Principal != nil:
		if v.Tokens == nil {
			return lowstate.Authority{}, func() {}, eauth.ErrUnavailable
		}
		a, err := v.Tokens.ActAs(ctx, c.Principal)
		if err != nil {
			return lowstate.Authority{}, func() {}, err
		}
		return lowstate.Authority{Token: a.Session.Token, Identity: &a.Identity, Scope: a.Scopes},
			func() { a.Release(ctx) }, nil
	case c.Session != nil:
		return lowstate.Authority{Token: c.Session.Token}, func() {}, nil
	}
	return lowstate.Authority{}, func() {}, nil
}

// Follow returns a context that ends with the caller's credential, with the cause
// [session.ErrExpired] or [session.ErrRevoked]. The function that comes with it
// must be called. For nobody the context has ended already.
func (v *Resolver) Follow(ctx context.Context, c *Caller) (context.Context, context.CancelFunc) {
	switch {
	case c == nil:
	case c.Principal != nil && v.Tokens != nil:
		return v.Tokens.Follow(ctx, c.Principal, role.EventRead)
	case c.Principal == nil && c.Session != nil:
		return v.Sessions.Follow(ctx, c.Session)
	}
	ctx, end := context.WithCancelCause(ctx)
	end(session.ErrRevoked)
	return ctx, func() {}
}

// OriginOf returns where a request comes from, in the terms of package issuer.
func OriginOf(x *web.Exchange, r *http.Request) issuer.Origin {
	return issuer.Origin{Addr: x.Remote, Agent: r.UserAgent()}
}

// ExpiryText returns when a credential expires, for [ExpiresHeader].
func ExpiryText(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}

// Authorize returns who the first good one of the credentials stands for, and the
// authority for an endpoint, until it is released: Caller, MayReach and Authority
// in one.
func (v *Resolver) Authorize(
	x *web.Exchange, r *http.Request, all []Credential, endpoint string,
) (*Caller, lowstate.Authority, func(), error) {
	who, err := v.Caller(x, r, all)
	if err == nil {
		err = MayReach(who, r.Method, endpoint)
	}
	if err != nil {
		return nil, lowstate.Authority{}, func() {}, err
	}
	a, release, err := v.Authority(r.Context(), who)
	if err != nil {
		return nil, lowstate.Authority{}, func() {}, err
	}
	return who, a, release, nil
}
