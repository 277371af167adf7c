package server

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/web"
)

// The grant types (RFC 6749, section 6; RFC 7523; RFC 8628).
const (
	grantRefresh = "refresh_token"
	grantJWT     = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	grantDevice  = "urn:ietf:params:oauth:grant-type:device_code"
)

func (d *doors) oauthRoutes(r chi.Router) {
	union := func(h handler) http.HandlerFunc { return d.door(writeOAuthVCDError, h) }
	for _, at := range []string{"/oauth/provider", "/oauth/tenant/{org}"} {
		r.Route(at, func(r chi.Router) {
			r.Use(d.inOrg)
			r.Post("/token", union(d.tokenEndpoint))
			r.Post("/register", union(d.register))
			r.Post("/device_authorization", union(d.authorizeDevice))
			r.Post("/revoke", union(d.revoke))
			r.Post("/introspect", union(d.introspect))
		})
		r.With(d.inOrg).Get(web.MetadataPath+at, union(d.metadata))
	}
	r.With(d.inOrg).Get(web.MetadataPath, union(d.metadata))
	r.Get(web.ResourcePath, union(d.resource))
}

// tokenEndpoint answers .../token. Credentials of the client itself are of no meaning:
// what counts is the token. Programs that do not know send empty ones first.
func (d *doors) tokenEndpoint(x *exchange, r *http.Request) error {
	p, err := d.formBody(x, r)
	if err != nil {
		return err
	}
	switch p["grant_type"] {
	case grantRefresh:
		return d.refreshGrant(x, r, p)
	case grantJWT:
		return d.firstGrant(x, r, p)
	case grantDevice:
		return d.deviceGrant(x, r, p)
	case "":
		return invalidRequest("grant_type is missing")
	}
	return &web.Error{Status: http.StatusBadRequest, Code: "unsupported_grant_type",
		Text: "the grant type is refresh_token, jwt-bearer or device_code"}
}

// refreshGrant exchanges an API token, or the refresh token of a service
// account, for an access token.
func (d *doors) refreshGrant(x *exchange, r *http.Request, p params) error {
	token := p["refresh_token"]
	if token == "" {
		return invalidRequest("refresh_token is missing")
	}
	got, err := d.tokens.Exchange(r.Context(), token, issuer.Request{
		Profile: apitoken.ProfileVCD, From: caller.OriginOf(x, r), Org: orgOf(r).Name, Scopes: strings.Fields(p["scope"]),
	})
	if err != nil {
		return err
	}
	writeGrant(x, got)
	return nil
}

// firstGrant gives a registered API token its secret, once, to whoever has
// registered it: the assertion is his session.
func (d *doors) firstGrant(x *exchange, r *http.Request, p params) error {
	id, assertion := p["client_id"], p["assertion"]
	if id == "" || assertion == "" {
		return invalidRequest("client_id or assertion is missing")
	}
	who, err := d.whoIs(x, r, caller.Credential{Text: assertion})
	if err != nil {
		return assertionError(err)
	}
	got, err := d.tokens.IssueInitialSecret(r.Context(), who.Caller, id, issuer.Request{
		Profile: apitoken.ProfileVCD, From: who.From, Org: orgOf(r).Name,
	})
	if err != nil {
		return assertionError(err)
	}
	writeGrant(x, got)
	return nil
}

// assertionError makes errors about the assertion what RFC 7523, section 3.1
// has for them: an invalid grant.
func assertionError(err error) error {
	if errors.Is(err, issuer.ErrLogin) {
		return &web.Error{Status: http.StatusBadRequest, Code: web.CodeInvalidGrant, Err: err,
			Text: "the assertion has to be the credential of a login, and no token of another kind"}
	}
	switch e := web.ErrorOf(err); e.Status {
	case http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict:
		return invalidGrant(e)
	}
	return err
}

// writeGrant writes the answer as VCD lays it out. The refresh_token is the one
// to use the next time; null stands for the one that was used now.
func writeGrant(x *exchange, got *issuer.Exchange) {
	audit.Of(x).SetGrantee(got.User)
	next := "null"
	if got.Refresh != nil {
		next = jsonText(got.Refresh.Reveal())
	}
	body := "{\n" +
		`   "access_token":` + jsonText(got.Access.Reveal()) + ",\n" +
		`   "token_type":"Bearer",` + "\n" +
		`   "expires_in":` + strconv.FormatInt(seconds(got.Lifetime), 10) + ",\n" +
		`   "refresh_token":` + next + "\n}"
	writeBody(x, "application/json", http.StatusOK, []byte(body))
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }
