package server

import (
	"net/http"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/oauth/tenant"
)

// revoke answers .../revoke (RFC 7009). Who has a token may end it; that one
// is not known is success too.
func (d *doors) revoke(x *exchange, r *http.Request) error {
	p, err := d.formBody(x, r)
	if err != nil {
		return err
	}
	if p["token"] == "" {
		return invalidRequest("token is missing")
	}
	if err := d.tokens.RevokeSecret(r.Context(), p["token"], caller.OriginOf(x, r)); err != nil {
		return err
	}
	writeBody(x, "application/json", http.StatusOK, []byte("{}"))
	return nil
}

// introspection is what a token is worth (RFC 7662, section 2.2).
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

// introspect answers .../introspect, to who may ask that.
func (d *doors) introspect(x *exchange, r *http.Request) error {
	who, err := d.callerOf(x, r)
	if err != nil {
		return err
	}
	p, err := d.formBody(x, r)
	if err != nil {
		return err
	}
	if p["token"] == "" {
		return invalidRequest("token is missing")
	}
	found, err := d.tokens.Introspect(r.Context(), who.Caller, p["token"])
	if err != nil {
		return err
	}
	answer := introspection{Active: found.Active}
	if t := found.Record; found.Active {
		answer = introspection{
			Active: true, Scope: strings.Join(found.Scopes, " "), ClientID: clientIDOf(t), Username: found.User, TokenType: "Bearer",
			Expires: unix(t.Expires), Issued: unix(t.Issued), NotBefore: unix(t.Issued), Subject: subject(t.Owner),
			Audience: d.base(r), Issuer: d.issuerURL(r), ID: t.ID,
		}
	}
	writeBody(x, "application/json", http.StatusOK, compact(answer))
	return nil
}

// clientIDOf is what was registered: an API token is a client of its own, and
// an access token belongs to the one that it was given for.
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

// subject is the id of a token's owner.
func subject(o apitoken.Owner) string {
	if o.ServiceAccount != "" {
		return tenant.AccountURN + o.ServiceAccount
	}
	return tenant.User(o.Eauth, o.User).ID
}

// unix is a time in seconds, 0 for none.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
