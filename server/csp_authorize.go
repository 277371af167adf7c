package server

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/web"
)

// The paths of Cloud Services that its clients know.
const (
	cspAuthorizePath = "/csp/gateway/am/api/auth/api-tokens/authorize"
	cspDetailsPath   = "/csp/gateway/am/api/auth/api-tokens/details"
	cspLoginPath     = "/account/login"
)

func (d *doors) cspRoutes(r chi.Router) {
	r.Post(cspAuthorizePath, d.door(writeCSPError, d.authorize))
	r.Post(cspDetailsPath, d.door(writeCSPError, d.details))
	r.Get(cspLoginPath, d.door(writeOAuthVCDError, d.issueXSRF))
	r.Head(cspLoginPath, d.door(writeOAuthVCDError, d.issueXSRF))
	r.Post(cspLoginPath, d.door(writeOAuthVCDError, d.accountLogin))
}

// cspAnswer is what Cloud Services answers an exchange with. It has no blank
// in it: scripts look for "access_token":" with grep.
type cspAnswer struct {
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"` // seconds
	Scope        string `json:"scope"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

// authorize exchanges an API token for an access token.
func (d *doors) authorize(x *exchange, r *http.Request) error {
	p, err := d.authorizeBody(x, r)
	if err != nil {
		return err
	}
	token, err := p.apiToken()
	if err != nil {
		return err
	}
	got, err := d.tokens.Exchange(r.Context(), token, issuer.Request{
		Profile: apitoken.ProfileCSP, From: caller.OriginOf(x, r),
	})
	if err != nil {
		return err
	}
	audit.Of(x).SetGrantee(got.User)
	refresh := token // it is good for the next time too, and clients store what they read here
	if got.Refresh != nil {
		refresh = got.Refresh.Reveal()
	}
	writeBody(x, "application/json", http.StatusOK, compact(cspAnswer{
		TokenType: "bearer", ExpiresIn: seconds(got.Lifetime), Scope: strings.Join(got.Record.Scopes, " "),
		AccessToken: got.Access.Reveal(), RefreshToken: refresh,
	}))
	return nil
}

// authorizeBody reads the parameters in any of the ways that there are clients
// for: a form, a JSON object, and where the operator allows it the URL.
func (d *doors) authorizeBody(x *exchange, r *http.Request) (params, error) {
	query := r.URL.Query()
	if d.with.QueryTokens && (query.Has("api_token") || query.Has("refresh_token")) {
		p, err := parseForm([]byte(r.URL.RawQuery))
		if err != nil {
			return nil, invalidRequest("the query string cannot be used: " + err.Error())
		}
		return p, nil
	}
	switch bodyMedia(r.Header) {
	case "application/json":
		return d.objectBody(x, r)
	case "application/x-www-form-urlencoded":
		return d.formBody(x, r)
	}
	if err := d.noQuery(r); err != nil { // what is wrong rather than the type
		return nil, err
	}
	return nil, invalidRequest("the body has to be a form or a JSON object")
}

// apiToken is the API token among the parameters. Programs call it by either
// name, and some send both names, one of them empty.
func (p params) apiToken() (string, error) {
	switch p["grant_type"] {
	case "", "refresh_token", "urn:custom:vcf:params:oauth:grant-type:api-token":
	default:
		return "", &web.Error{Status: http.StatusBadRequest, Code: "unsupported_grant_type",
			Text: "the grant type here is refresh_token"}
	}
	api, refresh := p["api_token"], p["refresh_token"]
	switch {
	case api == "" && refresh == "":
		return "", invalidRequest("api_token or refresh_token is missing")
	case api != "" && refresh != "" && api != refresh:
		return "", invalidRequest("there are two tokens")
	case api != "":
		return api, nil
	}
	return refresh, nil
}

// cspModule is the number by which Cloud Services says that its part for
// tokens has refused.
const cspModule = 340

// writeCSPError has what clients of RFC 6749 read first, then what those of Cloud
// Services do.
func writeCSPError(x *exchange, e *web.Error) {
	code, text := e.OAuthCode(), asciiText(e.Text)
	writeBody(x, "application/json", e.Status, compact(struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		Message     string `json:"message"`
		ModuleCode  int    `json:"moduleCode"`
		StatusCode  int    `json:"statusCode"`
		RequestID   string `json:"requestId"`
	}{code, text, code + ": " + text, cspModule, e.Status, x.ID}))
}
