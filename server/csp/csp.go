package csp

import (
	"context"
	"net/http"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/web"
)

// The paths of Cloud Services that clients use.
const (
	AuthorizePath = "/csp/gateway/am/api/auth/api-tokens/authorize"
	DetailsPath   = "/csp/gateway/am/api/auth/api-tokens/details"

	// TokenPath is that of VMware Cloud Foundation's identity service, for the same.
	TokenPath = "/acs/t/{tenant}/token" //nolint:gosec // no credential is in it
)

// Issuer exchanges API tokens. *issuer.Service is one.
type Issuer interface {
	Exchange(ctx context.Context, secret string, req issuer.Request) (*issuer.Exchange, error)
	Details(ctx context.Context, secret string, from issuer.Origin) (t apitoken.Record, user string, ok bool, err error)
}

var _ Issuer = (*issuer.Service)(nil)

// API is the API of Cloud Services. Its fields are set once.
type API struct {
	Issuer  Issuer
	Callers tokenapi.Callers
	Realm   tokenapi.Realm
	Orgs    tenant.Orgs

	// QueryTokens accepts API tokens in the query string too, as old scripts
	// for Cloud Services send them. Proxies then write them into their logs.
	QueryTokens bool
}

// Mount adds the API's routes.
func (api *API) Mount(m *web.Mux) {
	tokens := m.With(api.Realm.Options(writeError)...)
	tokens.Handle(http.MethodPost, AuthorizePath, api.authorize)
	tokens.Handle(http.MethodPost, TokenPath, api.authorize)
	tokens.Handle(http.MethodPost, DetailsPath, api.details)
}

// Areas returns the paths whose errors are written as those of Cloud Services.
func Areas() tokenapi.Areas {
	return tokenapi.Areas{{Path: "/csp/gateway", Write: writeError}, {Path: "/acs", Write: writeError}}
}

// module is the number of the token service of Cloud Services in its errors.
const module = 340

// writeError writes the members that clients of RFC 6749 read, then those of
// Cloud Services.
func writeError(x *web.Exchange, _ *http.Request, e *web.Error) {
	code, text := e.OAuthCode(), tokenapi.ASCII(e.Text)
	x.WriteBody("application/json", e.Status, web.JSON(struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		Message     string `json:"message"`
		ModuleCode  int    `json:"moduleCode"`
		StatusCode  int    `json:"statusCode"`
		RequestID   string `json:"requestId"`
	}{code, text, code + ": " + text, module, e.Status, x.ID}))
}
