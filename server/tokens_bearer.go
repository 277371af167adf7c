package server

import (
	"context"
	"errors"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/web"
)

// expiresHeader tells when the credential of a request expires.
const expiresHeader = "Saltern-Token-Expires"

// bearers are requests with an API token or an access token, where other ones
// have a session.
type bearers struct {
	tokens Bearers // nil where there are none
	hook   string  // the path that rest_cherrypy's webhook_url names
}

// isToken tells whether a credential is for [bearers.principal]: by its first
// characters, so that a mistyped token is not looked up elsewhere.
func isToken(c credential) bool { return apitoken.LooksLike(c.text) }

// bearerChallenge is RFC 6750's, section 3.
const bearerChallenge = `Bearer realm="saltern"` //nolint:gosec // no credential is in it

func errBadToken() error {
	return &web.Error{Status: http.StatusUnauthorized, Text: textNoPermission,
		Challenge: bearerChallenge + `, error="invalid_token"`}
}

func errIdleToken(err error) error {
	return &web.Error{Status: http.StatusUnauthorized, Text: web.TextIdle, Err: err,
		Challenge: bearerChallenge + `, error="invalid_token", error_description="` + web.TextIdle + `"`}
}

// principal finds out who holds a token. Errors are refusals.
func (b *bearers) principal(x *exchange, r *http.Request, c credential) (*issuer.Principal, error) {
	x.recorder.SetShown()
	if b.tokens == nil || c.cookie { // nobody has been given one in a cookie
		return nil, errBadToken()
	}
	p, ok, err := b.tokens.Check(r.Context(), c.text, bearerClient(x, r))
	if errors.Is(err, issuer.ErrIdle) {
		return nil, errIdleToken(err)
	}
	if known, ok := web.Known(err); ok {
		return nil, known
	}
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errBadToken()
	}
	x.recorder.SetPrincipal(p)
	h := x.Header()
	h.Set("Cache-Control", "private")
	h.Set(expiresHeader, "never")
	if !p.Expires.IsZero() {
		h.Set(expiresHeader, p.Expires.UTC().Format(time.RFC3339))
	}
	return p, nil
}

// act lets the holder of a token act at the master for as long as the request
// runs, where the token opens the endpoint that the request is for. The caller
// releases it.
func (b *bearers) act(x *exchange, r *http.Request, c credential, endpoint string) (*issuer.Delegation, error) {
	p, err := b.principal(x, r, c)
	if err != nil {
		return nil, err
	}
	if !p.Scopes.MayReach(r.Method, endpoint) {
		x.Header().Set("Www-Authenticate", bearerChallenge+`, error="insufficient_scope"`)
		return nil, &web.Error{Status: http.StatusForbidden, Text: "The scopes of the token do not allow this"}
	}
	a, err := b.tokens.ActAs(r.Context(), p)
	if err != nil {
		return nil, err
	}
	return a, nil
}

// logout ends an access token, and tells whether it did. An API token is more
// than a session: who wants to be rid of it revokes it.
func (b *bearers) logout(ctx context.Context, p *issuer.Principal, secret string, from issuer.Origin) (ended bool, err error) {
	if p.Kind != apitoken.KindAccess {
		return false, nil
	}
	return true, b.tokens.RevokeSecret(ctx, secret, from)
}

// endpoint is what the table of package scope calls the path of a request.
func (b *bearers) endpoint(r *http.Request) string {
	route := chi.RouteContext(r.Context())
	if route == nil {
		return ""
	}
	pattern := route.RoutePattern()
	hook := path.Clean("/" + b.hook)
	if rest, ok := strings.CutPrefix(pattern, hook); b.hook != "" && ok && (rest == "" || rest == "/*") {
		return "/hook" + rest
	}
	return pattern
}

func bearerClient(x *exchange, r *http.Request) issuer.Origin {
	return issuer.Origin{Addr: x.remote, Agent: r.UserAgent()}
}
