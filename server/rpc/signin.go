package rpc

import (
	"context"
	"net/http"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/web"
)

// signedIn is the caller of a request.
type signedIn struct {
	caller     *caller.Caller
	credential caller.Credential // as it was sent; the zero one for a name and a password

	// session is set for a caller with a name and a password in this request: the
	// session that was made for it ends with the request, or with the token that
	// auth.get_jwt gave for it.
	session bool
	until   time.Time
}

// signIn identifies the caller: by a credential in a header, by a name and a
// password, or by the cookie. The latter two, which a browser sends by itself,
// require the XSRF token. The caller must release the result.
func (a *API) signIn(x *web.Exchange, r *http.Request) (by *signedIn, release func(), err error) {
	none := func() {}
	text, err := caller.HeaderCredential(r)
	if err != nil {
		return nil, none, err
	}
	if text != "" {
		if err := caller.CheckXSRF(r, false); err != nil {
			return nil, none, err
		}
		c := caller.Credential{Text: text}
		found, err := a.Callers.Of(x, r, c)
		return &signedIn{caller: found, credential: c}, none, err
	}
	if user, password, ok := r.BasicAuth(); ok {
		return a.signInOnce(x, r, user, password)
	}
	c, ok := caller.CookieOf(r)
	if !ok {
		return nil, none, tokenapi.NotLoggedIn(nil)
	}
	if err := a.ambient(r); err != nil {
		return nil, none, err
	}
	found, err := a.Callers.Of(x, r, c)
	return &signedIn{caller: found, credential: c}, none, err
}

// again looks the credential up again before a later call of a list: meanwhile it may
// have been revoked, or its scopes may allow less. A session that was made for the
// request is not looked at.
func (a *API) again(x *web.Exchange, r *http.Request, by *signedIn) error {
	if by.session {
		return nil
	}
	found, err := a.Callers.Of(x, r, by.credential)
	if err != nil {
		return err
	}
	by.caller = found
	return caller.MayReach(found, r.Method, web.Pattern(r))
}

// ambient checks a request whose credential a browser sends by itself.
func (a *API) ambient(r *http.Request) error {
	if err := a.CrossOrigin.Check(r); err != nil {
		return &web.Error{Status: http.StatusForbidden, Text: "Cross-origin request refused", Err: err}
	}
	return caller.CheckXSRF(r, true)
}

// signInOnce makes a session for one request.
func (a *API) signInOnce(x *web.Exchange, r *http.Request, user, password string) (*signedIn, func(), error) {
	if err := a.ambient(r); err != nil {
		return nil, func() {}, err
	}
	sess, err := a.Logins.Login(r.Context(), x, eauth.Credentials{Username: user, Password: password})
	if err != nil {
		return nil, func() {}, err
	}
	found := caller.OfLogin(sess)
	found.From = caller.OriginOf(x, r)
	by := &signedIn{caller: found, session: true}
	return by, func() {
		if !by.until.IsZero() {
			a.endLater(by, sess.ID)
			return
		}
		if _, err := a.Logins.Sessions.Logout(context.WithoutCancel(r.Context()), sess.ID); err != nil && x.Err == nil {
			x.Err = err // for the log: the session is left to expire
		}
	}, nil
}
