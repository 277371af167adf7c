package vcd

import (
	"encoding/json"
	"net/http"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/web"
)

// account is a service account in VCD's form.
type account struct {
	ID              string            `json:"id"`
	Name            string            `json:"name"`
	SoftwareID      string            `json:"softwareId"`
	SoftwareVersion string            `json:"softwareVersion"`
	Role            *tenant.Reference `json:"role"`
	URI             string            `json:"uri"`
	Org             tenant.Reference  `json:"org"`
	Status          string            `json:"status"`
	RequireRotation bool              `json:"requireRotation"`
}

func (api *API) shownAccount(from issuer.Account) account {
	o := api.Orgs.OrSystem(from.Org)
	v := account{
		ID: tenant.AccountURN + from.ID, Name: from.Name, SoftwareID: from.SoftwareID, SoftwareVersion: from.SoftwareVersion,
		URI: from.URI, Org: o.Reference(), Status: string(from.Status), RequireRotation: true,
	}
	if len(from.Scopes) > 0 {
		v.Role = &tenant.Reference{Name: from.Scopes[0], ID: tenant.RoleURN(from.Scopes[0])}
	}
	return v
}

// accountFields are the fields that a filter may use.
var accountFields = []string{"id", "name", "softwareId", "softwareVersion", "uri", "status"}

func (a *account) field(name string) string {
	switch name {
	case "id":
		return a.ID
	case "name":
		return a.Name
	case "softwareId":
		return a.SoftwareID
	case "softwareVersion":
		return a.SoftwareVersion
	case "uri":
		return a.URI
	case "status":
		return a.Status
	}
	return ""
}

// listAccounts answers GET .../serviceAccounts.
func (api *API) listAccounts(x *web.Exchange, r *http.Request) error {
	by, err := api.Callers.OfHeader(x, r)
	if err != nil {
		return err
	}
	f, err := filterOf(r, accountFields...)
	if err != nil {
		return err
	}
	accounts, err := api.Issuer.Accounts(r.Context(), by.Issuer())
	if err != nil {
		return err
	}
	shown := []account{}
	for _, account := range accounts {
		if a := api.shownAccount(account); f.Match(a.field) {
			shown = append(shown, a)
		}
	}
	p, err := pageOf(r, shown)
	if err != nil {
		return err
	}
	x.WriteBody("application/json", http.StatusOK, web.JSON(p))
	return nil
}

// accountOf returns the caller and the service account of a path.
func (api *API) accountOf(x *web.Exchange, r *http.Request) (*caller.Caller, issuer.Account, error) {
	by, err := api.Callers.OfHeader(x, r)
	if err != nil {
		return nil, issuer.Account{}, err
	}
	id, err := pathID(r, tenant.AccountURN)
	if err != nil {
		return nil, issuer.Account{}, err
	}
	a, err := api.Issuer.Account(r.Context(), by.Issuer(), id)
	return by, a, asForbidden(err)
}

// oneAccount answers GET .../serviceAccounts/{urn}.
func (api *API) oneAccount(x *web.Exchange, r *http.Request) error {
	_, a, err := api.accountOf(x, r)
	if err != nil {
		return err
	}
	x.WriteBody("application/json", http.StatusOK, web.JSON(api.shownAccount(a)))
	return nil
}

// deleteAccount answers DELETE .../serviceAccounts/{urn}. The account's tokens
// are revoked.
func (api *API) deleteAccount(x *web.Exchange, r *http.Request) error {
	by, a, err := api.accountOf(x, r)
	if err != nil {
		return err
	}
	if err := api.Issuer.DeleteAccount(r.Context(), by.Issuer(), a.ID); err != nil {
		return asForbidden(err)
	}
	x.WriteHeader(http.StatusNoContent)
	return nil
}

// revokeAccount answers POST .../serviceAccounts/{urn}/revoke: the account's
// tokens are revoked, and its status is again that of a new account.
func (api *API) revokeAccount(x *web.Exchange, r *http.Request) error {
	by, a, err := api.accountOf(x, r)
	if err != nil {
		return err
	}
	if _, err := api.Issuer.RevokeAccount(r.Context(), by.Issuer(), a.ID); err != nil {
		return asForbidden(err)
	}
	x.WriteHeader(http.StatusNoContent)
	return nil
}

// changeAccount answers PUT .../serviceAccounts/{urn}.
func (api *API) changeAccount(x *web.Exchange, r *http.Request) error {
	by, a, err := api.accountOf(x, r)
	if err != nil {
		return err
	}
	body, err := x.ReadBody(r)
	if err != nil {
		return err
	}
	var wanted account
	if json.Unmarshal(body, &wanted) != nil { // the cause may quote the body
		return tokenapi.InvalidRequest("the body has to be a JSON object")
	}
	change := issuer.NewAccount{Name: wanted.Name, SoftwareVersion: wanted.SoftwareVersion, URI: wanted.URI}
	if role := wanted.Role; role != nil && role.Name != "" && (len(a.Scopes) == 0 || role.Name != a.Scopes[0]) {
		change.Scopes = []string{tenant.Role(role.Name)}
	}
	a, err = api.Issuer.UpdateAccount(r.Context(), by.Issuer(), a.ID, change)
	if err != nil {
		return asForbidden(err)
	}
	x.WriteBody("application/json", http.StatusOK, web.JSON(api.shownAccount(a)))
	return nil
}
