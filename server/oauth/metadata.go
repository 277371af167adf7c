package oauth

import (
	"net/http"
	"net/url"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/web"
)

// issuerURL returns the issuer identifier of the authorization server in a
// request.
func (api *API) issuerURL(r *http.Request, o tenant.Org) string {
	if o != tenant.System {
		return api.Realm.URLs.Base(r) + "/oauth/tenant/" + url.PathEscape(o.Name)
	}
	return api.Realm.URLs.Base(r) + "/oauth/provider"
}

// metadata answers with the metadata of RFC 8414.
func (api *API) metadata(x *web.Exchange, r *http.Request, o tenant.Org) error {
	at := api.issuerURL(r, o)
	issuer := at
	if r.URL.Path == MetadataPath { // section 3.3: the issuer is the one in the request
		issuer = api.Realm.URLs.Base(r)
	}
	x.WriteBody("application/json", http.StatusOK, web.JSON(struct {
		Issuer        string   `json:"issuer"`
		Token         string   `json:"token_endpoint"`
		Registration  string   `json:"registration_endpoint"`
		Revocation    string   `json:"revocation_endpoint"`
		Introspection string   `json:"introspection_endpoint"`
		Device        string   `json:"device_authorization_endpoint"`
		Grants        []string `json:"grant_types_supported"`
		Responses     []string `json:"response_types_supported"`
		Methods       []string `json:"token_endpoint_auth_methods_supported"`
		Revoking      []string `json:"revocation_endpoint_auth_methods_supported"`
		Scopes        []string `json:"scopes_supported"`
	}{
		issuer, at + "/token", at + "/register", at + "/revoke", at + "/introspect", at + "/device_authorization",
		[]string{grantRefresh, grantJWT, grantDevice}, []string{}, []string{"none"}, []string{"none"}, scopesSupported(),
	}))
	return nil
}

// resource answers with the metadata of RFC 9728.
func (api *API) resource(x *web.Exchange, r *http.Request) error {
	x.WriteBody("application/json", http.StatusOK, web.JSON(struct {
		Resource string   `json:"resource"`
		Servers  []string `json:"authorization_servers"`
		Methods  []string `json:"bearer_methods_supported"`
		Scopes   []string `json:"scopes_supported"`
	}{api.Realm.URLs.Base(r), []string{api.Realm.URLs.Base(r)}, []string{"header"}, scopesSupported()}))
	return nil
}

// scopesSupported returns the built-in roles. The operator's own are not shown
// without a login.
func scopesSupported() []string {
	var names []string
	for _, r := range role.BuiltIn() {
		names = append(names, role.ScopeText([]string{r.Name}))
	}
	return names
}
