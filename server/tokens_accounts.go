package server

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
)

// listAccounts answers GET /v1/service-accounts.
func (n *native) listAccounts(c *nativeCall) (nativeAnswer, error) {
	accounts, err := n.tokens.Accounts(c, c.caller)
	return nativeAnswer{http.StatusOK, struct {
		Accounts []issuer.Account `json:"service_accounts"`
	}{accounts}}, err
}

// account answers GET /v1/service-accounts/{id}.
func (n *native) account(c *nativeCall) (nativeAnswer, error) {
	a, err := n.tokens.Account(c, c.caller, chi.URLParam(c.Request, "id"))
	return nativeAnswer{http.StatusOK, a}, err
}

// createAccount answers POST /v1/service-accounts. Tokens of the account are
// made by POST /v1/tokens, with its id for service_account.
func (n *native) createAccount(c *nativeCall) (nativeAnswer, error) {
	a, err := takeAccount(c)
	if err != nil {
		return nativeAnswer{}, err
	}
	made, err := n.tokens.CreateAccount(c, c.caller, a)
	return nativeAnswer{http.StatusCreated, made}, err
}

// updateAccount answers PUT /v1/service-accounts/{id}.
func (n *native) updateAccount(c *nativeCall) (nativeAnswer, error) {
	a, err := takeAccount(c)
	if err != nil {
		return nativeAnswer{}, err
	}
	changed, err := n.tokens.UpdateAccount(c, c.caller, chi.URLParam(c.Request, "id"), a)
	return nativeAnswer{http.StatusOK, changed}, err
}

func takeAccount(c *nativeCall) (issuer.NewAccount, error) {
	var a issuer.NewAccount
	err := decodeInto(c.body, map[string]any{
		"name": &a.Name, "scopes": &a.Scopes, "user": &a.User, "eauth": &a.Eauth,
		"software_id": &a.SoftwareID, "software_version": &a.SoftwareVersion, "uri": &a.URI,
	})
	return a, err
}

// revokeAccount answers POST /v1/service-accounts/{id}/revoke: all of its
// tokens end.
func (n *native) revokeAccount(c *nativeCall) (nativeAnswer, error) {
	a, err := n.tokens.RevokeAccount(c, c.caller, chi.URLParam(c.Request, "id"))
	return nativeAnswer{http.StatusOK, a}, err
}

// deleteAccount answers DELETE /v1/service-accounts/{id}.
func (n *native) deleteAccount(c *nativeCall) (nativeAnswer, error) {
	err := n.tokens.DeleteAccount(c, c.caller, chi.URLParam(c.Request, "id"))
	return nativeAnswer{status: http.StatusNoContent}, err
}
