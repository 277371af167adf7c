package server

import (
	"encoding/json"
	"net/http"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/oauth/tenant"
)

// vcdAccount is a service account as VCD shows it.
type vcdAccount struct {
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

func (d *doors) vcdAccount(a issuer.Account) vcdAccount {
	o := d.orgs.OrSystem(a.Org)
	v := vcdAccount{
		ID: tenant.AccountURN + a.ID, Name: a.Name, SoftwareID: a.SoftwareID, SoftwareVersion: a.SoftwareVersion,
		URI: a.URI, Org: o.Reference(), Status: string(a.Status), RequireRotation: true,
	}
	if len(a.Scopes) > 0 {
		v.Role = &tenant.Reference{Name: a.Scopes[0], ID: tenant.RoleURN(a.Scopes[0])}
	}
	return v
}

// accountFields are what a filter may name.
var accountFields = []string{"id", "name", "softwareId", "softwareVersion", "uri", "status"}

func (a *vcdAccount) field(name string) string {
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
func (d *doors) listAccounts(x *exchange, r *http.Request) error {
	who, err := d.callerOf(x, r)
	if err != nil {
		return err
	}
	f, err := filterOf(r, accountFields...)
	if err != nil {
		return err
	}
	accounts, err := d.tokens.Accounts(r.Context(), who.Caller)
	if err != nil {
		return err
	}
	shown := []vcdAccount{}
	for _, account := range accounts {
		if a := d.vcdAccount(account); f.Match(a.field) {
			shown = append(shown, a)
		}
	}
	p, err := pageOf(r, shown)
	if err != nil {
		return err
	}
	writeBody(x, "application/json", http.StatusOK, compact(p))
	return nil
}

// account finds the service account that a path names.
func (d *doors) account(x *exchange, r *http.Request) (*doorCaller, issuer.Account, error) {
	who, err := d.callerOf(x, r)
	if err != nil {
		return nil, issuer.Account{}, err
	}
	id, err := pathID(r, tenant.AccountURN)
	if err != nil {
		return nil, issuer.Account{}, err
	}
	a, err := d.tokens.Account(r.Context(), who.Caller, id)
	return who, a, asForbidden(err)
}

// oneAccount answers GET .../serviceAccounts/{urn}.
func (d *doors) oneAccount(x *exchange, r *http.Request) error {
	_, a, err := d.account(x, r)
	if err != nil {
		return err
	}
	writeBody(x, "application/json", http.StatusOK, compact(d.vcdAccount(a)))
	return nil
}

// deleteAccount answers DELETE .../serviceAccounts/{urn}. Its tokens end.
func (d *doors) deleteAccount(x *exchange, r *http.Request) error {
	who, a, err := d.account(x, r)
	if err != nil {
		return err
	}
	if err := d.tokens.DeleteAccount(r.Context(), who.Caller, a.ID); err != nil {
		return asForbidden(err)
	}
	x.WriteHeader(http.StatusNoContent)
	return nil
}

// revokeAccount answers POST .../serviceAccounts/{urn}/revoke: its tokens end,
// and it is as it was when it was made.
func (d *doors) revokeAccount(x *exchange, r *http.Request) error {
	who, a, err := d.account(x, r)
	if err != nil {
		return err
	}
	if _, err := d.tokens.RevokeAccount(r.Context(), who.Caller, a.ID); err != nil {
		return asForbidden(err)
	}
	x.WriteHeader(http.StatusNoContent)
	return nil
}

// changeAccount answers PUT .../serviceAccounts/{urn}.
func (d *doors) changeAccount(x *exchange, r *http.Request) error {
	who, a, err := d.account(x, r)
	if err != nil {
		return err
	}
	body, err := x.ReadBody(r)
	if err != nil {
		return err
	}
	var wanted vcdAccount
	if json.Unmarshal(body, &wanted) != nil { // the cause may quote the body
		return invalidRequest("the body has to be a JSON object")
	}
	change := issuer.NewAccount{Name: wanted.Name, SoftwareVersion: wanted.SoftwareVersion, URI: wanted.URI}
	if role := wanted.Role; role != nil && role.Name != "" && (len(a.Scopes) == 0 || role.Name != a.Scopes[0]) {
		change.Scopes = []string{tenant.Role(role.Name)}
	}
	a, err = d.tokens.UpdateAccount(r.Context(), who.Caller, a.ID, change)
	if err != nil {
		return asForbidden(err)
	}
	writeBody(x, "application/json", http.StatusOK, compact(d.vcdAccount(a)))
	return nil
}
