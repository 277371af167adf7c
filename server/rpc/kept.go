package rpc

import (
	"context"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/server/rpc/method"
)

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
		return &method.Error{Code: method.CodeThrottled, Message: "too many tokens were requested with a password: log in at /account/login", RetryAfter: time.Minute}
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
