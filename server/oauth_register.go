package server

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
)

// registration is the answer to a client that was registered (RFC 7591,
// section 3.2.1).
type registration struct {
	ClientName      string   `json:"client_name"`
	ClientID        string   `json:"client_id"`
	GrantTypes      []string `json:"grant_types"`
	AuthMethod      string   `json:"token_endpoint_auth_method"`
	SoftwareID      string   `json:"software_id,omitempty"`
	SoftwareVersion string   `json:"software_version,omitempty"`
	ClientURI       string   `json:"client_uri,omitempty"`
	Scope           string   `json:"scope,omitempty"`
}

// register answers .../register. A software_id makes a service account, which
// is let in by a device code; without one it is an API token of the caller's,
// which has no secret before the first grant.
func (d *doors) register(x *exchange, r *http.Request) error {
	who, err := d.callerOf(x, r)
	if err != nil {
		return err
	}
	p, err := d.objectBody(x, r)
	if err != nil {
		return metadataError(err)
	}
	scopes, err := scopesOf(p["scope"])
	if err != nil {
		return err
	}
	made := registration{
		ClientName: p["client_name"], AuthMethod: "none", SoftwareID: p["software_id"],
		SoftwareVersion: p["software_version"], ClientURI: p["client_uri"], Scope: p["scope"],
	}
	switch {
	case made.ClientName == "":
		return metadataError(invalidRequest("client_name is missing"))
	case made.SoftwareID == "":
		made.GrantTypes = []string{grantJWT, grantRefresh}
		var t apitoken.Record
		t, err = d.tokens.Register(r.Context(), who.Caller, issuer.NewToken{
			Name: made.ClientName, Scopes: scopes, Profile: apitoken.ProfileVCD, Org: orgOf(r).name,
		})
		made.ClientID = t.ID
	default:
		made.GrantTypes = []string{grantDevice, grantRefresh}
		var a issuer.Account
		a, err = d.tokens.CreateAccount(r.Context(), who.Caller, issuer.NewAccount{
			Name: made.ClientName, SoftwareID: made.SoftwareID, SoftwareVersion: made.SoftwareVersion,
			URI: made.ClientURI, Org: orgOf(r).name, Scopes: scopes,
		})
		made.ClientID = a.ID
	}
	if err != nil {
		return metadataError(tokenError(err))
	}
	writeBody(x, "application/json", http.StatusCreated, compact(made))
	return nil
}

// metadataError gives what is wrong with a registration the code of RFC 7591,
// section 3.2.2.
func metadataError(err error) error {
	e := doorErrorOf(err)
	if e.status != http.StatusBadRequest && e.status != http.StatusConflict {
		return err
	}
	return &doorError{status: http.StatusBadRequest, code: "invalid_client_metadata", text: e.text, err: e.err}
}

const roleURNPrefix = "urn:vcloud:role:"

func roleURN(role string) string { return roleURNPrefix + url.PathEscape(role) }

// vcdRoles are the roles that VCD has built in, and what stands for them here.
var vcdRoles = map[string]string{
	"System Administrator":       "Superuser",
	"Organization Administrator": "Administrator",
	"vApp User":                  "User",
}

// roleOf is the role here that a name of VCD's stands for.
func roleOf(name string) string { return cmp.Or(vcdRoles[name], name) }

// scopesOf reads a scope parameter: names of roles, or VCD's URNs of them.
func scopesOf(text string) ([]string, error) {
	var scopes []string
	for scope := range strings.FieldsSeq(text) {
		if urn, ok := strings.CutPrefix(scope, roleURNPrefix); ok {
			name, err := url.PathUnescape(urn)
			if err != nil {
				return nil, &doorError{status: http.StatusBadRequest, code: "invalid_scope", text: "that is no URN of a role"}
			}
			scope = roleOf(name)
		}
		scopes = append(scopes, scope)
	}
	return scopes, nil
}
