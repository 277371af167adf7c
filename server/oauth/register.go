package oauth

import (
	"net/http"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/web"
)

// registration is the response to a registration (RFC 7591, section 3.2.1).
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

// register answers .../register. With a software_id, it creates a service
// account, which gets its tokens by a device code; without one, an API token of
// the caller, which has no secret before the first grant.
func (api *API) register(x *web.Exchange, r *http.Request, o tenant.Org) error {
	by, err := api.Callers.OfHeader(x, r)
	if err != nil {
		return err
	}
	p, err := tokenapi.Object(x, r)
	if err != nil {
		return metadataError(err)
	}
	scopes, err := tenant.Scopes(p["scope"])
	if err != nil {
		return &web.Error{Status: http.StatusBadRequest, Code: web.CodeInvalidScope, Text: err.Error()}
	}
	made := registration{
		ClientName: p["client_name"], AuthMethod: "none", SoftwareID: p["software_id"],
		SoftwareVersion: p["software_version"], ClientURI: p["client_uri"], Scope: p["scope"],
	}
	switch {
	case made.ClientName == "":
		return metadataError(tokenapi.InvalidRequest("client_name is missing"))
	case made.SoftwareID == "":
		made.GrantTypes = []string{grantJWT, grantRefresh}
		var t apitoken.Record
		t, err = api.Issuer.Register(r.Context(), by.Issuer(), issuer.NewToken{
			Name: made.ClientName, Scopes: scopes, Profile: apitoken.ProfileVCD, Org: o.Name,
		})
		made.ClientID = t.ID
	default:
		made.GrantTypes = []string{grantDevice, grantRefresh}
		var a issuer.Account
		a, err = api.Issuer.CreateAccount(r.Context(), by.Issuer(), issuer.NewAccount{
			Name: made.ClientName, SoftwareID: made.SoftwareID, SoftwareVersion: made.SoftwareVersion,
			URI: made.ClientURI, Org: o.Name, Scopes: scopes,
		})
		made.ClientID = a.ID
	}
	if err != nil {
		return metadataError(err)
	}
	x.WriteBody("application/json", http.StatusCreated, web.JSON(made))
	return nil
}

// metadataError gives an error of a registration its code of RFC 7591, section
// 3.2.2.
func metadataError(err error) error {
	e := web.ErrorOf(err)
	if e.Status != http.StatusBadRequest && e.Status != http.StatusConflict {
		return err
	}
	return &web.Error{Status: http.StatusBadRequest, Code: "invalid_client_metadata", Text: e.Text, Err: e.Err}
}
