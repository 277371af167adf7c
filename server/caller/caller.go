package caller

import (
	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/session"
)

// Caller is the caller of a request: the user of a session or a Salt token, or the
// holder of a token of the gateway's own. It is a value: changes a handler makes
// to it affect no one else. The zero value is anonymous.
type Caller struct {
	User, Eauth string
	Groups      []string

	// LoggedIn reports whether the caller has a session here. A Salt token is
	// not enough.
	LoggedIn bool

	// One of these is set. If both are, the token's scopes apply.
	Principal *issuer.Principal // of a token of the gateway's own
	Session   *session.Session  // of all others; one without an ID is a Salt token

	Credential Credential // the valid one
	From       issuer.Origin
}

// ofPrincipal returns the holder of a token as a Caller.
func ofPrincipal(p *issuer.Principal, c Credential, from issuer.Origin) *Caller {
	return &Caller{User: p.User, Eauth: p.Eauth, Groups: p.Groups, Principal: p, Credential: c, From: from}
}

// ofSession returns the user of a session as a Caller.
func ofSession(s *session.Session, c Credential, from issuer.Origin) *Caller {
	return &Caller{
		User: s.User, Eauth: s.Eauth, Groups: s.Groups, LoggedIn: s.ID != "", Session: s, Credential: c, From: from,
	}
}

// OfLogin returns the user of a session that was created just now as a Caller.
func OfLogin(s *session.Session) *Caller {
	return ofSession(s, Credential{Text: s.ID}, issuer.Origin{})
}

// Identity returns the caller's identity: for the holder of a token it is the
// token's owner, regardless of User. For an anonymous caller it is the zero
// value.
func (c *Caller) Identity() eauth.Identity {
	switch {
	case c == nil:
	case c.Principal != nil:
		return eauth.Identity{User: c.Principal.User, Eauth: c.Principal.Eauth, Groups: c.Principal.Groups}
	case c.Session != nil:
		return eauth.Identity{User: c.Session.User, Eauth: c.Session.Eauth, Groups: c.Session.Groups}
	}
	return eauth.Identity{}
}

// Issuer returns the caller in the terms of package issuer. An anonymous caller
// has no rights there.
func (c *Caller) Issuer() issuer.Caller {
	switch {
	case c == nil:
		return issuer.Caller{}
	case c.Principal != nil:
		return c.Principal.Caller(c.From)
	case c.Session == nil:
		return issuer.Caller{From: c.From}
	}
	s := c.Session
	return issuer.Caller{User: s.User, Eauth: s.Eauth, Groups: s.Groups, From: c.From, LoggedIn: s.ID != ""}
}

// Key returns a key that is unique to the session or token. It holds a secret.
func (c *Caller) Key() string {
	switch {
	case c == nil:
		return ""
	case c.Principal != nil:
		return "token " + c.Principal.TokenID
	case c.Session == nil:
		return ""
	case c.Session.ID != "":
		return "session " + c.Session.ID
	}
	return "salt " + c.Session.Token
}
