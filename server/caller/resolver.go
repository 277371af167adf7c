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

// Sessions resolves sessions. *session.Sessions is one.
type Sessions interface {
	Resolve(ctx context.Context, credential string) (*session.Session, bool, error)
	Follow(ctx context.Context, s *session.Session) (context.Context, context.CancelFunc)
}

var _ Sessions = (*session.Sessions)(nil)

// Tokens resolves tokens of the gateway's own. *issuer.Service is one.
type Tokens interface {
	Check(ctx context.Context, secret string, from issuer.Origin) (*issuer.Principal, bool, error)
	ActAs(ctx context.Context, p *issuer.Principal) (*issuer.Delegation, error)
	Follow(ctx context.Context, p *issuer.Principal, needs ...role.Permission) (context.Context, context.CancelFunc)
}

var _ Tokens = (*issuer.Service)(nil)

// Resolver identifies the caller of a request. Its fields are set once. It is
// safe for concurrent use.
type Resolver struct {
	Sessions Sessions
	Tokens   Tokens // nil if there are none

	// JWTs opens JWTs, which are accepted wherever the credential in them is; nil
	// accepts none.
	JWTs *JWTs

	// CrossOrigin decides whether a cookie counts, by the page that caused the
	// request.
	CrossOrigin *http.CrossOriginProtection
}

// TextNoPermission is salt-api's text for 401.
const TextNoPermission = "No permission -- see authorization schemes"

// BearerChallenge is the challenge of RFC 6750, section 3.
const BearerChallenge = `Bearer realm="saltern"` //nolint:gosec // no credential is in it

// ExpiresHeader holds when the credential of a request expires.
const ExpiresHeader = "Saltern-Token-Expires"

// ErrNoPermission returns the error for a request without a valid credential.
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

// resolved is the result of checking a request's credentials.
type resolved struct {
	of    []Credential
	found *Caller
	err   error
}

// Caller returns the caller of the first valid credential. Errors are those of
// [Resolver.Lookup], and a 401 if none is valid. The credentials are checked once
// per request, and the request's budget becomes a caller's.
func (v *Resolver) Caller(x *web.Exchange, r *http.Request, all []Credential) (*Caller, error) {
	was, ok := x.Memo.(*resolved)
	if !ok || !slices.Equal(was.of, all) {
		was = &resolved{of: all}
		was.found, was.err = v.firstGood(x, r, all)
		x.Memo = was
		if was.err == nil {
			x.Budget.Known()
		}
	}
	if was.err != nil {
		return nil, was.err
	}
	found := *was.found
	return &found, nil
}

// Identifies reports whether the credentials outside of the body identify the
// caller.
func (v *Resolver) Identifies(x *web.Exchange, r *http.Request) bool {
	_, err := v.Caller(x, r, CredentialsOf(r))
	return err == nil
}

func (v *Resolver) firstGood(x *web.Exchange, r *http.Request, all []Credential) (*Caller, error) {
	for _, c := range all {
		found, ok, err := v.look(x, r, c)
		if ok || err != nil {
			return found, err
		}
	}
	return nil, ErrNoPermission()
}

// look is Lookup with the errors of rest_cherrypy.
func (v *Resolver) look(x *web.Exchange, r *http.Request, c Credential) (*Caller, bool, error) {
	if c.Cookie {
		if err := v.CrossOrigin.Check(r); err != nil {
			audit.Of(x).SetShown()
			return nil, false, &web.Error{Status: http.StatusForbidden, Text: "Cross-origin request refused", Err: err}
		}
	}
	found, ok, err := v.Lookup(x, r, c)
	switch {
	case errors.Is(err, issuer.OwnerIdle), err != nil && c.isOwn():
		return nil, false, ownError(err)
	case err != nil:
		return nil, false, err
	case !ok && c.isOwn():
		return nil, false, errBadToken()
	case ok && x.Header().Get("Cache-Control") == "": // a route may be stricter
		x.Header().Set("Cache-Control", "private")
	}
	return found, ok, nil
}

// ownError returns the error for the client of a token of the gateway's own.
func ownError(err error) error {
	if errors.Is(err, issuer.OwnerIdle) {
		return errIdleToken(err)
	}
	if known, ok := web.Known(err); ok { // also where the caller tries to convert it to another one
		return known
	}
	return err
}

// Again returns a caller with what its token allows now, a while after the request has
// begun. A session allows what it did: [Resolver.Follow] shows its end. Errors are those
// of [Resolver.Caller].
func (v *Resolver) Again(ctx context.Context, c *Caller) (*Caller, error) {
	if c == nil || c.Principal == nil {
		return c, nil
	}
	if v.Tokens == nil {
		return nil, errBadToken()
	}
	p, ok, err := v.Tokens.Check(ctx, c.Credential.Text, c.From)
	if err != nil {
		return nil, ownError(err)
	}
	if !ok || p.TokenID != c.Principal.TokenID {
		return nil, errBadToken()
	}
	return ofPrincipal(p, c.Credential, c.From), nil
}

// Lookup returns the caller of a credential, and whether it is valid. Errors are
// those of package issuer or of the sessions. A token of the gateway's own in a
// cookie is not valid: the gateway never sets one there.
func (v *Resolver) Lookup(x *web.Exchange, r *http.Request, c Credential) (*Caller, bool, error) {
	rec := audit.Of(x)
	rec.SetShown()
	from := OriginOf(x, r)
	if v.JWTs != nil && !c.Cookie && c.IsJWT() {
		var ok bool
		if c, ok = v.JWTs.open(c.Text); !ok {
			return nil, false, nil
		}
	}
	if c.IsToken() {
		if v.Tokens == nil || c.Cookie {
			return nil, false, nil
		}
		p, ok, err := v.Tokens.Check(r.Context(), c.Text, from)
		if err != nil || !ok {
			return nil, false, err
		}
		if !c.expires.IsZero() && (p.Expires.IsZero() || c.expires.Before(p.Expires)) {
			until := *p
			until.Expires = c.expires // of streams too
			p = &until
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
	if !c.expires.IsZero() && c.expires.Before(s.Expire) {
		until := *s
		until.Expire = c.expires // of streams too
		s = &until
	}
	return ofSession(s, c, from), true, nil
}

// MayReach returns an error, a 403, unless the caller may use an endpoint: a
// token's scopes may exclude it.
func MayReach(c *Caller, method, endpoint string) error {
	if c == nil || c.Principal == nil || c.Principal.Scopes.MayReach(method, endpoint) {
		return nil
	}
	return &web.Error{Status: http.StatusForbidden, Text: "The scopes of the token do not allow this",
		Challenge: BearerChallenge + `, error="insufficient_scope"`}
}

// Authority returns the authority that a caller's calls run with; it must be
// released. A nil or anonymous Caller has none. For the holder of a token it is
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
// [session.ErrExpired] or [session.ErrRevoked]. The returned function must be
// called. For an anonymous caller the context is already canceled. needs are the
// permissions without which a token's scopes end it too.
func (v *Resolver) Follow(
	ctx context.Context, c *Caller, needs ...role.Permission,
) (context.Context, context.CancelFunc) {
	switch {
	case c == nil:
	case c.Principal != nil && v.Tokens != nil:
		return v.Tokens.Follow(ctx, c.Principal, needs...)
	case c.Principal == nil && c.Session != nil:
		return v.Sessions.Follow(ctx, c.Session)
	}
	ctx, end := context.WithCancelCause(ctx)
	end(session.ErrRevoked)
	return ctx, func() {}
}

// OriginOf returns the origin of a request, in the terms of package issuer.
func OriginOf(x *web.Exchange, r *http.Request) issuer.Origin {
	return issuer.Origin{Addr: x.Remote, Agent: r.UserAgent()}
}

// ExpiryText returns the value of [ExpiresHeader].
func ExpiryText(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}

// Authorize combines Caller, MayReach and Authority: it returns the caller of the
// first valid credential, and the authority for an endpoint, which must be
// released.
func (v *Resolver) Authorize(
	x *web.Exchange, r *http.Request, all []Credential, endpoint string,
) (*Caller, lowstate.Authority, func(), error) {
	found, err := v.Caller(x, r, all)
	if err == nil {
		err = MayReach(found, r.Method, endpoint)
	}
	if err != nil {
		return nil, lowstate.Authority{}, func() {}, err
	}
	a, release, err := v.Authority(r.Context(), found)
	if err != nil {
		return nil, lowstate.Authority{}, func() {}, err
	}
	return found, a, release, nil
}
