package oauth

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/web"
)

// MetadataPath is the well-known path of RFC 8414. [tokenapi.ResourcePath] is that
// of RFC 9728.
const MetadataPath = "/.well-known/oauth-authorization-server"

// Issuer issues tokens. *issuer.Service is one.
type Issuer interface {
	Exchange(ctx context.Context, secret string, req issuer.Request) (*issuer.Exchange, error)
	IssueInitialSecret(ctx context.Context, c issuer.Caller, id string, req issuer.Request) (*issuer.Exchange, error)
	BeginDevice(ctx context.Context, clientID string, from issuer.Origin) (issuer.DeviceCode, error)
	ExchangeDevice(ctx context.Context, secret, clientID string, req issuer.Request) (*issuer.Exchange, error)

	Register(ctx context.Context, c issuer.Caller, n issuer.NewToken) (apitoken.Record, error)
	CreateAccount(ctx context.Context, c issuer.Caller, n issuer.NewAccount) (issuer.Account, error)

	RevokeSecret(ctx context.Context, secret string, from issuer.Origin) error
	Introspect(ctx context.Context, c issuer.Caller, secret string) (issuer.Introspection, error)
}

var _ Issuer = (*issuer.Service)(nil)

// API is the authorization server: RFC 6749, 7009, 7591, 7662, 8414, 8628 and
// 9728. Its fields are set once.
type API struct {
	Issuer  Issuer
	Callers tokenapi.Callers
	Realm   tokenapi.Realm
	Orgs    tenant.Orgs

	// VerificationPath is where users approve a device's request.
	VerificationPath string
}

// orgHandler answers a request for an organization.
type orgHandler func(x *web.Exchange, r *http.Request, o tenant.Org) error

// Mount adds the API's routes.
func (api *API) Mount(m *web.Mux) {
	m = m.With(api.Realm.Options(tokenapi.WriteOAuthVCDError)...)
	for _, at := range []string{"/oauth/provider", "/oauth/tenant/{org}"} {
		m.Handle(http.MethodPost, at+"/token", api.inOrg(api.tokenEndpoint))
		m.Handle(http.MethodPost, at+"/register", api.inOrg(api.register))
		m.Handle(http.MethodPost, at+"/device_authorization", api.inOrg(api.authorizeDevice))
		m.Handle(http.MethodPost, at+"/revoke", api.inOrg(api.revoke))
		m.Handle(http.MethodPost, at+"/introspect", api.inOrg(api.introspect))
		m.Handle(http.MethodGet, MetadataPath+at, api.inOrg(api.metadata))
	}
	m.Handle(http.MethodGet, MetadataPath, api.inOrg(api.metadata))
	m.Handle(http.MethodGet, tokenapi.ResourcePath, api.resource)
}

// Areas returns the paths whose errors are written as those of OAuth.
func Areas() tokenapi.Areas {
	var areas tokenapi.Areas
	for _, path := range []string{"/oauth", MetadataPath, tokenapi.ResourcePath} {
		areas = append(areas, tokenapi.Area{Path: path, Write: tokenapi.WriteOAuthVCDError})
	}
	return areas
}

// inOrg calls a handler with the organization in the path, or System.
func (api *API) inOrg(h orgHandler) web.Handler {
	return func(x *web.Exchange, r *http.Request) error {
		o, ok := tenant.System, true
		if name := chi.URLParam(r, "org"); name != "" {
			o, ok = api.Orgs.Named(name)
		}
		if !ok {
			return &web.Error{Status: http.StatusNotFound, Code: web.CodeInvalidRequest, Text: "there is no such organization"}
		}
		return h(x, r, o)
	}
}
