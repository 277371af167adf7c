package tokens

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
)

// listAccounts answers GET /v1/service-accounts.
func (api *native) listAccounts(c *call) (answer, error) {
	accounts, err := api.Tokens.Accounts(c, c.caller)
	return answer{http.StatusOK, struct {
		Accounts []issuer.Account `json:"service_accounts"`
	}{accounts}}, err
}

// account answers GET /v1/service-accounts/{id}.
func (api *native) account(c *call) (answer, error) {
	a, err := api.Tokens.Account(c, c.caller, chi.URLParam(c.Request, "id"))
	return answer{http.StatusOK, a}, err
}

// createAccount answers POST /v1/service-accounts. Tokens of the account are
// created by POST /v1/tokens, with its id as service_account.
func (api *native) createAccount(c *call) (answer, error) {
	a, err := takeAccount(c)
	if err != nil {
		return answer{}, err
	}
	made, err := api.Tokens.CreateAccount(c, c.caller, a)
	return answer{http.StatusCreated, made}, err
}

// updateAccount answers PUT /v1/service-accounts/{id}.
func (api *native) updateAccount(c *call) (answer, error) {
	a, err := takeAccount(c)
	if err != nil {
		return answer{}, err
	}
	changed, err := api.Tokens.UpdateAccount(c, c.caller, chi.URLParam(c.Request, "id"), a)
	return answer{http.StatusOK, changed}, err
}

func takeAccount(c *call) (issuer.NewAccount, error) {
	var a issuer.NewAccount
	err := decode(c.body, map[string]any{
		"name": &a.Name, "scopes": &a.Scopes, "user": &a.User, "eauth": &a.Eauth,
		"software_id": &a.SoftwareID, "software_version": &a.SoftwareVersion, "uri": &a.URI,
	})
	return a, err
}

// revokeAccount answers POST /v1/service-accounts/{id}/revoke, which revokes
// all tokens of the account.
func (api *native) revokeAccount(c *call) (answer, error) {
	a, err := api.Tokens.RevokeAccount(c, c.caller, chi.URLParam(c.Request, "id"))
	return answer{http.StatusOK, a}, err
}

// deleteAccount answers DELETE /v1/service-accounts/{id}.
func (api *native) deleteAccount(c *call) (answer, error) {
	err := api.Tokens.DeleteAccount(c, c.caller, chi.URLParam(c.Request, "id"))
	return answer{status: http.StatusNoContent}, err
}
