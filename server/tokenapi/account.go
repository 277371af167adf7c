package tokenapi

import (
	"cmp"
	"net/http"
	"net/url"
	"unicode/utf8"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/web"
)

// AccountPath is where programs of Cloud Services and of /rpc log in.
const AccountPath = "/account/login"

// Account is the login of programs of Cloud Services and of /rpc. Its fields are set
// once.
type Account struct {
	Callers Callers
	Logins  *Logins
	Realm   Realm
	JWTs    *caller.JWTs

	// CrossOrigin decides whether a page may log its user in.
	CrossOrigin *http.CrossOriginProtection
}

// Mount adds the routes of the login below a path.
func (a *Account) Mount(m *web.Mux, below string) {
	m = m.With(a.Realm.Options(WriteOAuthVCDError)...)
	m.Get(below+AccountPath, a.issueXSRF)
	m.Handle(http.MethodPost, below+AccountPath, a.login)
}

// AccountArea returns the area of the login below a path.
func AccountArea(below string) Area {
	return Area{Path: below + AccountPath, Write: WriteOAuthVCDError}
}

// issueXSRF answers GET /account/login with an XSRF token, which ambient
// credentials require.
func (a *Account) issueXSRF(x *web.Exchange, r *http.Request) error {
	caller.IssueXSRF(x, r, a.Realm.URLs.IsSecure(r))
	x.WriteBody("application/json", http.StatusOK, []byte(`{"authenticated":false}`))
	return nil
}

// login answers POST /account/login: for a valid credential, or for a name and a
// password. The type of the body does not count, since some programs send JSON
// under another one.
func (a *Account) login(x *web.Exchange, r *http.Request) error {
	text, err := caller.HeaderCredential(r)
	if err != nil {
		return err
	}
	if text != "" {
		return a.known(x, r, caller.Credential{Text: text})
	}
	if user, password, ok := r.BasicAuth(); ok {
		if err := caller.CheckXSRF(r, true); err != nil {
			return err
		}
		return a.fresh(x, r, eauth.Credentials{Username: user, Password: password})
	}
	p, err := accountBody(x, r)
	if err != nil {
		return err
	}
	if len(p) > 0 {
		if err := a.CrossOrigin.Check(r); err != nil {
			return &web.Error{Status: http.StatusForbidden, Text: "Cross-origin request refused", Err: err}
		}
		return a.fresh(x, r, eauth.Credentials{
			Username: p["username"], Password: p["password"], Eauth: a.Logins.Module(p["config_name"]),
		})
	}
	c, ok := caller.CookieOf(r)
	if !ok {
		return NotLoggedIn(nil)
	}
	if err := a.CrossOrigin.Check(r); err != nil {
		return &web.Error{Status: http.StatusForbidden, Text: "Cross-origin request refused", Err: err}
	}
	return a.known(x, r, c)
}

// accountBody reads a JSON object or a form, or nothing.
func accountBody(x *web.Exchange, r *http.Request) (Params, error) {
	return read(x, r, func(body []byte) (Params, error) {
		p, err := parseObject(body)
		if err == nil || len(body) == 0 {
			return p, nil //nolint:nilerr // there is no body
		}
		if !isForm(body) {
			return nil, err
		}
		return ParseForm(body)
	})
}

// isForm reports whether a body looks like a form with a name in it, rather than
// like something that is nearly JSON.
func isForm(body []byte) bool {
	if !utf8.Valid(body) {
		return false
	}
	values, err := url.ParseQuery(string(body))
	return err == nil && values.Has("username")
}

// known writes the response to a login with a credential.
func (a *Account) known(x *web.Exchange, r *http.Request, c caller.Credential) error {
	if err := caller.CheckXSRF(r, c.Cookie); err != nil {
		return err
	}
	by, err := a.Callers.Of(x, r, c)
	if err != nil {
		return err
	}
	caller.IssueXSRF(x, r, a.Realm.URLs.IsSecure(r))
	a.write(x, by.User, by.Eauth, "")
	return nil
}

// fresh creates a session, and writes the response to its login.
func (a *Account) fresh(x *web.Exchange, r *http.Request, creds eauth.Credentials) error {
	sess, err := a.Logins.Login(r.Context(), x, creds)
	if err != nil {
		return err
	}
	jwt, _, err := a.JWTs.Issue(caller.OfLogin(sess))
	if err != nil {
		return err
	}
	caller.SetCookie(x, sess.ID, sess.Expire, a.Realm.URLs.IsSecure(r))
	caller.IssueXSRF(x, r, a.Realm.URLs.IsSecure(r))
	a.write(x, sess.User, sess.Eauth, jwt)
	return nil
}

// write writes the user that has logged in.
func (a *Account) write(x *web.Exchange, user, module, jwt string) {
	type attributes struct {
		Username   string `json:"username"`
		ConfigName string `json:"config_name"`
	}
	x.WriteBody("application/json", http.StatusOK, web.JSON(struct {
		Authenticated bool       `json:"authenticated"`
		JWT           string     `json:"jwt,omitempty"`
		Attributes    attributes `json:"attributes"`
	}{true, jwt, attributes{user, a.Logins.ConfigName(module)}}))
}

// configInternal is the name by which programs know the users of the default eauth
// module.
const configInternal = "internal"

// Default returns the eauth module for names without one.
func (l *Logins) Default() string { return cmp.Or(l.Eauth, "pam") }

// Module returns the eauth module that a program names as a config_name; "" stands
// for the default one.
func (l *Logins) Module(configName string) string {
	if configName == configInternal || configName == "" {
		return l.Default()
	}
	return configName
}

// ConfigName is the reverse of Module.
func (l *Logins) ConfigName(module string) string {
	if module == l.Default() {
		return configInternal
	}
	return module
}
