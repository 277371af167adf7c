package csp

import (
	"net/http"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/web"
)

// grant is the response of Cloud Services to an exchange. It contains no
// blanks: scripts grep for "access_token":".
type grant struct {
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"` // seconds
	Scope        string `json:"scope"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

// authorize exchanges an API token for an access token.
func (api *API) authorize(x *web.Exchange, r *http.Request) error {
	p, err := api.authorizeBody(x, r)
	if err != nil {
		return err
	}
	token, err := apiToken(p)
	if err != nil {
		return err
	}
	got, err := api.Issuer.Exchange(r.Context(), token, issuer.Request{
		Profile: apitoken.ProfileCSP, From: caller.OriginOf(x, r),
	})
	if err != nil {
		return err
	}
	audit.Of(x).SetGrantee(got.User)
	refresh := token // it stays valid, and clients store what they read here
	if got.Refresh != nil {
		refresh = got.Refresh.Reveal()
	}
	x.WriteBody("application/json", http.StatusOK, web.JSON(grant{
		TokenType: "bearer", ExpiresIn: int64(got.Lifetime.Seconds()), Scope: role.ScopeText(got.Record.Scopes),
		AccessToken: got.Access.Reveal(), RefreshToken: refresh,
	}))
	return nil
}

// authorizeBody reads the parameters in each form that clients use: a form, a
// JSON object, and, if the setting allows it, the URL.
func (api *API) authorizeBody(x *web.Exchange, r *http.Request) (tokenapi.Params, error) {
	query := r.URL.Query()
	if api.QueryTokens && (query.Has("api_token") || query.Has("refresh_token")) {
		p, err := tokenapi.ParseForm([]byte(r.URL.RawQuery))
		if err != nil {
			return nil, tokenapi.InvalidRequest("the query string cannot be used: " + err.Error())
		}
		return p, nil
	}
	switch tokenapi.BodyMedia(r.Header) {
	case "application/json":
		return tokenapi.Object(x, r)
	case "application/x-www-form-urlencoded":
		return tokenapi.Form(x, r)
	}
	if err := tokenapi.RefuseQuery(r); err != nil { // the more specific error first
		return nil, err
	}
	return nil, tokenapi.InvalidRequest("the body has to be a form or a JSON object")
}

// apiToken returns the API token among the parameters. Programs use either name,
// and some send both, one of them empty.
func apiToken(p tokenapi.Params) (string, error) {
	switch p["grant_type"] {
	case "", "refresh_token", "urn:custom:vcf:params:oauth:grant-type:api-token":
	default:
		return "", &web.Error{Status: http.StatusBadRequest, Code: "unsupported_grant_type",
			Text: "the grant type here is refresh_token"}
	}
	api, refresh := p["api_token"], p["refresh_token"]
	switch {
	case api == "" && refresh == "":
		return "", tokenapi.InvalidRequest("api_token or refresh_token is missing")
	case api != "" && refresh != "" && api != refresh:
		return "", tokenapi.InvalidRequest("there are two tokens")
	case api != "":
		return api, nil
	}
	return refresh, nil
}
