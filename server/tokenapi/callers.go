package tokenapi

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/netip"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/web"
)

// Lookup returns the caller of a credential. *caller.Resolver is one.
type Lookup interface {
	Lookup(x *web.Exchange, r *http.Request, c caller.Credential) (*caller.Caller, bool, error)
}

var _ Lookup = (*caller.Resolver)(nil)

// Callers identifies the caller of a request.
type Callers struct{ Lookup Lookup }

// OfHeader returns the caller of the credential in a header, which must be valid.
// Cookies do not count, so that endpoints that browsers do not use need no
// protection against cross-site requests.
func (c Callers) OfHeader(x *web.Exchange, r *http.Request) (*caller.Caller, error) {
	text, err := caller.HeaderCredential(r)
	if err != nil {
		return nil, err
	}
	if text == "" {
		return nil, NotLoggedIn(nil)
	}
	return c.Of(x, r, caller.Credential{Text: text})
}

// Of returns the caller of a credential, which must be valid.
func (c Callers) Of(x *web.Exchange, r *http.Request, cred caller.Credential) (*caller.Caller, error) {
	found, ok, err := c.Lookup.Lookup(x, r, cred)
	if errors.Is(err, issuer.OwnerIdle) {
		return nil, &web.Error{Status: http.StatusUnauthorized, Code: web.CodeInvalidToken, Text: web.TextIdle, Err: err}
	}
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, NotLoggedIn(nil)
	}
	return found, nil
}

// Sessions logs users in and out. *session.Sessions is one.
type Sessions interface {
	Login(ctx context.Context, c eauth.Credentials) (*session.Session, bool, error)
	Logout(ctx context.Context, credential string) (left time.Time, err error)
}

var _ Sessions = (*session.Sessions)(nil)

// Logins creates sessions for names and passwords.
type Logins struct {
	Sessions Sessions

	// Eauth is the eauth module for names without one; "" stands for pam.
	Eauth string

	// Allows reports whether a user may log in from an address; nil allows all.
	Allows func(user string, from netip.Addr) bool

	// Users records who has logged in; nil records nobody.
	Users Users
}

// Users records users who have logged in, with the groups of the login. *issuer.Service
// is one.
type Users interface {
	RecordUser(ctx context.Context, user, eauth string, groups []string) error
}

var _ Users = (*issuer.Service)(nil)

const textLoginFailed = "Could not authenticate using provided credentials"

// Login creates a session, as POST /login does.
func (l *Logins) Login(ctx context.Context, x *web.Exchange, creds eauth.Credentials) (*session.Session, error) {
	creds.Eauth = cmp.Or(creds.Eauth, l.Default())
	creds.RemoteAddr = x.Remote
	rec := audit.Of(x)
	rec.Note(audit.LoginEntry(creds))
	if l.Allows != nil && !l.Allows(creds.Username, x.Remote) {
		return nil, NotLoggedIn(nil)
	}
	s, ok, err := l.Sessions.Login(ctx, creds)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &web.Error{Status: http.StatusUnauthorized, Code: web.CodeInvalidToken, Text: textLoginFailed}
	}
	rec.SetUser(s.User, s.Eauth)
	if l.Users != nil {
		if err := l.Users.RecordUser(ctx, s.User, s.Eauth, s.Groups); err != nil && x.Err == nil {
			x.Err = err // for the log: the login is good all the same
		}
	}
	return s, nil
}
