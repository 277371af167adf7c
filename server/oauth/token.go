package oauth

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/web"
)

// The grant types (RFC 6749, section 6; RFC 7523; RFC 8628).
const (
	grantRefresh = "refresh_token"
	grantJWT     = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	grantDevice  = "urn:ietf:params:oauth:grant-type:device_code"
)

// tokenEndpoint answers .../token. Client credentials are ignored: only the
// token counts. Some programs send empty ones first.
func (api *API) tokenEndpoint(x *web.Exchange, r *http.Request, o tenant.Org) error {
	p, err := tokenapi.Form(x, r)
	if err != nil {
		return err
	}
	switch p["grant_type"] {
	case grantRefresh:
		return api.refreshGrant(x, r, o, p)
	case grantJWT:
		return api.initialGrant(x, r, o, p)
	case grantDevice:
		return api.deviceGrant(x, r, o, p)
	case "":
		return tokenapi.InvalidRequest("grant_type is missing")
	}
	return &web.Error{Status: http.StatusBadRequest, Code: "unsupported_grant_type",
		Text: "the grant type is refresh_token, jwt-bearer or device_code"}
}

// refreshGrant exchanges an API token, or the refresh token of a service
// account, for an access token.
func (api *API) refreshGrant(x *web.Exchange, r *http.Request, o tenant.Org, p tokenapi.Params) error {
	token := p["refresh_token"]
	if token == "" {
		return tokenapi.InvalidRequest("refresh_token is missing")
	}
	got, err := api.Issuer.Exchange(r.Context(), token, issuer.Request{
		Profile: apitoken.ProfileVCD, From: caller.OriginOf(x, r), Org: o.Name, Scopes: role.ParseScope(p["scope"]),
	})
	if err != nil {
		return err
	}
	writeGrant(x, got)
	return nil
}

// initialGrant issues the secret of a registered API token, once, to the user that
// has registered it: the assertion is that user's session.
func (api *API) initialGrant(x *web.Exchange, r *http.Request, o tenant.Org, p tokenapi.Params) error {
	id, assertion := p["client_id"], p["assertion"]
	if id == "" || assertion == "" {
		return tokenapi.InvalidRequest("client_id or assertion is missing")
	}
	by, err := api.Callers.Of(x, r, caller.Credential{Text: assertion})
	if err != nil {
		return assertionError(err)
	}
	got, err := api.Issuer.IssueInitialSecret(r.Context(), by.Issuer(), id, issuer.Request{
		Profile: apitoken.ProfileVCD, From: by.From, Org: o.Name,
	})
	if err != nil {
		return assertionError(err)
	}
	writeGrant(x, got)
	return nil
}

// assertionError turns errors about the assertion into an invalid_grant, by RFC
// 7523, section 3.1.
func assertionError(err error) error {
	if errors.Is(err, issuer.LoginRequired) {
		return &web.Error{Status: http.StatusBadRequest, Code: web.CodeInvalidGrant, Err: err,
			Text: "the assertion has to be the credential of a login, and no token of another kind"}
	}
	switch e := web.ErrorOf(err); e.Status {
	case http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict:
		return tokenapi.InvalidGrant(e)
	}
	return err
}

// writeGrant writes the response in VCD's layout. The refresh_token is the one
// to use next; null stands for the one that was just used.
func writeGrant(x *web.Exchange, got *issuer.Exchange) {
	audit.Of(x).SetGrantee(got.User)
	next := "null"
	if got.Refresh != nil {
		next = web.JSONText(got.Refresh.Reveal())
	}
	body := "{\n" +
		`   "access_token":` + web.JSONText(got.Access.Reveal()) + ",\n" +
		`   "token_type":"Bearer",` + "\n" +
		`   "expires_in":` + strconv.FormatInt(int64(got.Lifetime.Seconds()), 10) + ",\n" +
		`   "refresh_token":` + next + "\n}"
	x.WriteBody("application/json", http.StatusOK, []byte(body))
}
