package server

import (
	"cmp"
	"context"
	"net/http"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/netapi"
	"github.com/saltern-api/saltern/server/web"
)

// issueXSRF answers GET /account/login: who has a token against cross-site
// requests can log in.
func (d *doors) issueXSRF(x *exchange, r *http.Request) error {
	caller.IssueXSRF(x, r, d.urls.IsSecure(r))
	writeBody(x, "application/json", http.StatusOK, []byte(`{"authenticated":false}`))
	return nil
}

// accountLogin answers POST /account/login, to who has a credential already
// and to who has a name and a password.
func (d *doors) accountLogin(x *exchange, r *http.Request) error {
	text, err := caller.HeaderCredential(r)
	if err != nil {
		return err
	}
	if text != "" {
		return d.knownLogin(x, r, caller.Credential{Text: text})
	}
	if user, password, ok := r.BasicAuth(); ok {
		if err := caller.CheckXSRF(r, true); err != nil {
			return err
		}
		return d.newLogin(x, r, eauth.Credentials{Username: user, Password: password})
	}
	if bodyMedia(r.Header) == "application/json" {
		p, err := d.objectBody(x, r)
		if err != nil {
			return err
		}
		creds := eauth.Credentials{Username: p["username"], Password: p["password"], Eauth: p["config_name"]}
		if creds.Eauth == "internal" { // RaaS's own users, of whom there are none here
			creds.Eauth = ""
		}
		if err := d.resolver.CrossOrigin.Check(r); err != nil {
			return &web.Error{Status: http.StatusForbidden, Text: "Cross-origin request refused", Err: err}
		}
		return d.newLogin(x, r, creds)
	}
	c, ok := caller.CookieOf(r)
	if !ok {
		return notLoggedIn(nil)
	}
	return d.knownLogin(x, r, c)
}

// knownLogin answers somebody who shows a credential.
func (d *doors) knownLogin(x *exchange, r *http.Request, c caller.Credential) error {
	if err := caller.CheckXSRF(r, c.Cookie); err != nil {
		return err
	}
	who, err := d.whoIs(x, r, c)
	if err != nil {
		return err
	}
	caller.IssueXSRF(x, r, d.urls.IsSecure(r))
	d.writeLogin(x, who.user(), who.eauth(), "")
	return nil
}

// newLogin makes a session.
func (d *doors) newLogin(x *exchange, r *http.Request, creds eauth.Credentials) error {
	sess, err := d.logIn(r.Context(), x, creds)
	if err != nil {
		return err
	}
	caller.SetCookie(x, sess.ID, sess.Expire, d.urls.IsSecure(r))
	caller.IssueXSRF(x, r, d.urls.IsSecure(r))
	d.writeLogin(x, sess.User, sess.Eauth, sess.ID)
	return nil
}

// logIn makes a session, as POST /login does.
func (d *doors) logIn(ctx context.Context, x *exchange, creds eauth.Credentials) (*session.Session, error) {
	creds.Eauth = cmp.Or(creds.Eauth, d.with.Eauth)
	creds.RemoteAddr = x.Remote
	audit.Of(x).Note(audit.LoginEntry(creds))
	if !d.acl.Allows(creds.Username, x.Remote) {
		return nil, notLoggedIn(nil)
	}
	sess, ok, err := d.sessions.Login(ctx, creds)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &web.Error{Status: http.StatusUnauthorized, Code: web.CodeInvalidToken, Text: netapi.TextLoginFailed}
	}
	audit.Of(x).SetUser(sess.User, sess.Eauth)
	return sess, nil
}

// writeLogin tells who has logged in. What is called a JWT there is a session's
// id here: clients send it back and do not look into it.
func (d *doors) writeLogin(x *exchange, user, module, jwt string) {
	type attributes struct {
		Username   string `json:"username"`
		ConfigName string `json:"config_name"`
	}
	writeBody(x, "application/json", http.StatusOK, compact(struct {
		Authenticated bool       `json:"authenticated"`
		JWT           string     `json:"jwt,omitempty"`
		Attributes    attributes `json:"attributes"`
	}{true, jwt, attributes{user, module}}))
}
