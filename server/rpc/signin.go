package rpc

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/internal/timetable"
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

	slept time.Duration    // by the calls of the request
	looks *timetable.Looks // at times of schedules, for them together
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

// maxKept and maxKeptOf bound the sessions that wait for the end of a token of
// auth.get_jwt, of all users and of each.
const (
	maxKept   = 1000
	maxKeptOf = 20
)

// keptSessions counts these sessions. The zero value has none.
type keptSessions struct {
	mu  sync.Mutex
	all int
	of  map[apitoken.Owner]int
}

// add counts one more, unless there are as many as there may be.
func (k *keptSessions) add(o apitoken.Owner) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all >= maxKept || k.of[o] >= maxKeptOf {
		return false
	}
	if k.of == nil {
		k.of = make(map[apitoken.Owner]int)
	}
	k.all++
	k.of[o]++
	return true
}

// done counts one less.
func (k *keptSessions) done(o apitoken.Owner) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all--
	if k.of[o]--; k.of[o] == 0 {
		delete(k.of, o)
	}
}

// owner returns the user of a login.
func (s *signedIn) owner() apitoken.Owner {
	id := s.caller.Identity()
	return apitoken.Owner{Eauth: id.Eauth, User: id.User}
}

// keepUntil keeps the session of a request, if it was made for it, until its token
// ends.
func (a *API) keepUntil(by *signedIn, end time.Time) error {
	if !by.session || !by.until.IsZero() {
		return nil
	}
	if !a.kept.add(by.owner()) {
		return &Error{Code: CodeThrottled, Message: "too many tokens were requested with a password: log in at /account/login", RetryAfter: time.Minute}
	}
	by.until = end
	return nil
}

// endLater ends the session of a request when its token has ended. One that is there when
// the gateway stops lasts until it expires.
func (a *API) endLater(by *signedIn, id string) {
	after := a.After
	if after == nil {
		after = func(d time.Duration, f func()) { time.AfterFunc(d, f) }
	}
	owner := by.owner() // the function keeps no more of the request
	after(time.Until(by.until), func() {
		defer a.kept.done(owner)
		ctx, cancel := context.WithTimeout(context.Background(), endTimeout)
		defer cancel()
		_, _ = a.Logins.Sessions.Logout(ctx, id) // it expires in any case
	})
}

// endTimeout bounds the end of a session, which may involve the master.
const endTimeout = 10 * time.Second
