package server

import (
	"context"
	"errors"
	"math"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
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

// textIdle is for who shows a token that is right, and whose owner nobody can
// ask for.
const textIdle = "the owner of this token has not logged in for too long: it is good again after a login at /login"

func errIdleToken(err error) error {
	return &web.Error{Status: http.StatusUnauthorized, Text: textIdle, Err: err,
		Challenge: bearerChallenge + `, error="invalid_token", error_description="` + textIdle + `"`}
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
	if err != nil {
		return nil, tokenFailure(x, err)
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

// tokenFailure makes a refusal of an error of package issuer.
func tokenFailure(x *exchange, err error) error {
	status, text := tokenAnswer(x.Header(), err)
	if status == 0 {
		return err
	}
	e := &web.Error{Status: status, Text: text, Err: err}
	if late, ok := errors.AsType[*issuer.Throttled](err); ok {
		e.RetryAfter = late.After
	}
	return e
}

// isWider tells whether a role was refused because of what is in it, which its
// writer is told.
func isWider(err error) bool {
	_, ok := errors.AsType[*role.Wider](err)
	return ok
}

// tokenAnswer is what a client is told of an error of package issuer; status 0
// is for one that it is not told of.
func tokenAnswer(h http.Header, err error) (status int, text string) {
	if late, ok := errors.AsType[*issuer.Throttled](err); ok {
		h.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(late.After.Seconds())))))
		return http.StatusTooManyRequests, "Too many failures, try again later"
	}
	switch {
	case errors.Is(err, issuer.ErrLogin):
		return http.StatusForbidden, "You are not allowed to do this with a token of this kind: log in first"
	case errors.Is(err, issuer.ErrForbidden) && isWider(err):
		return http.StatusForbidden, web.Clip(err.Error(), maxLoggedText)
	case errors.Is(err, issuer.ErrForbidden):
		return http.StatusForbidden, "You are not allowed to do this"
	case errors.Is(err, issuer.ErrNotFound):
		return http.StatusNotFound, "There is none"
	case errors.Is(err, issuer.ErrConflict):
		return http.StatusConflict, web.Clip(err.Error(), maxLoggedText)
	case errors.Is(err, issuer.ErrInvalid):
		return http.StatusBadRequest, web.Clip(err.Error(), maxLoggedText)
	case errors.Is(err, eauth.ErrUnavailable):
		return http.StatusServiceUnavailable, "The token store is not available"
	}
	return 0, ""
}
