package csp

import (
	"net/http"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/web"
)

// issueXSRF answers GET /account/login with an XSRF token, which a login
// requires.
func (api *API) issueXSRF(x *web.Exchange, r *http.Request) error {
	caller.IssueXSRF(x, r, api.Realm.URLs.IsSecure(r))
	x.WriteBody("application/json", http.StatusOK, []byte(`{"authenticated":false}`))
	return nil
}

// accountLogin answers POST /account/login: for a valid credential, or for a name
// and a password.
func (api *API) accountLogin(x *web.Exchange, r *http.Request) error {
	text, err := caller.HeaderCredential(r)
	if err != nil {
		return err
	}
	if text != "" {
		return api.knownLogin(x, r, caller.Credential{Text: text})
	}
	if user, password, ok := r.BasicAuth(); ok {
		if err := caller.CheckXSRF(r, true); err != nil {
			return err
		}
		return api.newLogin(x, r, eauth.Credentials{Username: user, Password: password})
	}
	if tokenapi.BodyMedia(r.Header) == "application/json" {
		p, err := tokenapi.Object(x, r)
		if err != nil {
			return err
		}
		creds := eauth.Credentials{Username: p["username"], Password: p["password"], Eauth: p["config_name"]}
		if creds.Eauth == "internal" { // RaaS's own users, which do not exist here
			creds.Eauth = ""
		}
		if err := api.CrossOrigin.Check(r); err != nil {
			return &web.Error{Status: http.StatusForbidden, Text: "Cross-origin request refused", Err: err}
		}
		return api.newLogin(x, r, creds)
	}
	c, ok := caller.CookieOf(r)
	if !ok {
		return tokenapi.NotLoggedIn(nil)
	}
	return api.knownLogin(x, r, c)
}

// knownLogin writes the response to a login with a credential.
func (api *API) knownLogin(x *web.Exchange, r *http.Request, c caller.Credential) error {
	if err := caller.CheckXSRF(r, c.Cookie); err != nil {
		return err
	}
	by, err := api.Callers.Of(x, r, c)
	if err != nil {
		return err
	}
	caller.IssueXSRF(x, r, api.Realm.URLs.IsSecure(r))
	api.writeLogin(x, by.User, by.Eauth, "")
	return nil
}

// newLogin creates a session.
func (api *API) newLogin(x *web.Exchange, r *http.Request, creds eauth.Credentials) error {
	sess, err := api.Logins.Login(r.Context(), x, creds)
	if err != nil {
		return err
	}
	caller.SetCookie(x, sess.ID, sess.Expire, api.Realm.URLs.IsSecure(r))
	caller.IssueXSRF(x, r, api.Realm.URLs.IsSecure(r))
	api.writeLogin(x, sess.User, sess.Eauth, sess.ID)
	return nil
}

// writeLogin writes the user that has logged in. The JWT of Cloud Services is a
// session id here: clients send it back without decoding it.
func (api *API) writeLogin(x *web.Exchange, user, module, jwt string) {
	type attributes struct {
		Username   string `json:"username"`
		ConfigName string `json:"config_name"`
	}
	x.WriteBody("application/json", http.StatusOK, web.JSON(struct {
		Authenticated bool       `json:"authenticated"`
		JWT           string     `json:"jwt,omitempty"`
		Attributes    attributes `json:"attributes"`
	}{true, jwt, attributes{user, module}}))
}
