package server

import (
	"net/http"
	"net/url"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/web"
)

// issuerURL is the name of the authorization server that a request is for.
func (d *doors) issuerURL(r *http.Request) string {
	if o := orgOf(r); o != tenant.System {
		return d.base(r) + "/oauth/tenant/" + url.PathEscape(o.Name)
	}
	return d.base(r) + "/oauth/provider"
}

// metadata answers what RFC 8414 has clients ask for.
func (d *doors) metadata(x *exchange, r *http.Request) error {
	at := d.issuerURL(r)
	issuer := at
	if r.URL.Path == web.MetadataPath { // section 3.3: the issuer is what the client has asked for
		issuer = d.base(r)
	}
	writeBody(x, "application/json", http.StatusOK, compact(struct {
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

// resource answers what RFC 9728 has clients ask for.
func (d *doors) resource(x *exchange, r *http.Request) error {
	writeBody(x, "application/json", http.StatusOK, compact(struct {
		Resource string   `json:"resource"`
		Servers  []string `json:"authorization_servers"`
		Methods  []string `json:"bearer_methods_supported"`
		Scopes   []string `json:"scopes_supported"`
	}{d.base(r), []string{d.base(r)}, []string{"header"}, scopesSupported()}))
	return nil
}

// scopesSupported are the roles that every gateway has. The operator's own are
// nobody's business who has not logged in.
func scopesSupported() []string {
	var names []string
	for _, role := range role.BuiltIn() {
		names = append(names, role.Name)
	}
	return names
}
