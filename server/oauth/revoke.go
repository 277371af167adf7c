package oauth

import (
	"net/http"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/web"
)

// revoke answers .../revoke (RFC 7009). The holder of a token may revoke it; an
// unknown token is a success too.
func (api *API) revoke(x *web.Exchange, r *http.Request, _ tenant.Org) error {
	p, err := tokenapi.Form(x, r)
	if err != nil {
		return err
	}
	if p["token"] == "" {
		return tokenapi.InvalidRequest("token is missing")
	}
	if err := api.Issuer.RevokeSecret(r.Context(), p["token"], caller.OriginOf(x, r)); err != nil {
		return err
	}
	x.WriteBody("application/json", http.StatusOK, []byte("{}"))
	return nil
}

// introspection is the state of a token (RFC 7662, section 2.2).
type introspection struct {
	Active    bool   `json:"active"`
	Scope     string `json:"scope,omitempty"`
	ClientID  string `json:"client_id,omitempty"`
	Username  string `json:"username,omitempty"`
	TokenType string `json:"token_type,omitempty"`
	Expires   int64  `json:"exp,omitempty"` // Unix seconds, as the next two
	Issued    int64  `json:"iat,omitempty"`
	NotBefore int64  `json:"nbf,omitempty"`
	Subject   string `json:"sub,omitempty"`
	Audience  string `json:"aud,omitempty"`
	Issuer    string `json:"iss,omitempty"`
	ID        string `json:"jti,omitempty"`
}

// introspect answers .../introspect, to callers that may introspect.
func (api *API) introspect(x *web.Exchange, r *http.Request, o tenant.Org) error {
	by, err := api.Callers.OfHeader(x, r)
	if err != nil {
		return err
	}
	p, err := tokenapi.Form(x, r)
	if err != nil {
		return err
	}
	if p["token"] == "" {
		return tokenapi.InvalidRequest("token is missing")
	}
	found, err := api.Issuer.Introspect(r.Context(), by.Issuer(), p["token"])
	if err != nil {
		return err
	}
	answer := introspection{Active: found.Active}
	if t := found.Record; found.Active {
		answer = introspection{
			Active: true, Scope: role.ScopeText(found.Scopes), ClientID: clientIDOf(t), Username: found.User, TokenType: "Bearer",
			Expires: unix(t.Expires), Issued: unix(t.Issued), NotBefore: unix(t.Issued), Subject: subject(t.Owner),
			Audience: api.Realm.URLs.Base(r), Issuer: api.issuerURL(r, o), ID: t.ID,
		}
	}
	x.WriteBody("application/json", http.StatusOK, web.JSON(answer))
	return nil
}

// clientIDOf returns the client_id of a token: an API token is its own client,
// and the client of an access token is the one that it was issued to.
func clientIDOf(t apitoken.Record) string {
	switch {
	case t.ClientID != "":
		return t.ClientID
	case t.Owner.ServiceAccount != "":
		return t.Owner.ServiceAccount
	case t.Parent != "":
		return t.Parent
	}
	return t.ID
}

// subject returns the id of a token's owner.
func subject(o apitoken.Owner) string {
	if o.ServiceAccount != "" {
		return tenant.AccountURN + o.ServiceAccount
	}
	return tenant.User(o.Eauth, o.User).ID
}

// unix returns a time in seconds, 0 for none.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
