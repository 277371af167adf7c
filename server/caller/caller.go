package caller

import (
	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/session"
)

// Caller is who makes a request: somebody with a session or a Salt token, or the
// holder of a token of the gateway's own. It is a value: what a handler does to it
// changes nothing for others. The zero value is nobody.
type Caller struct {
	User, Eauth string
	Groups      []string

	// LoggedIn says that the caller has a session here. A Salt token is not
	// enough.
	LoggedIn bool

	// One of these is set. Where both are, the token's scopes count.
	Principal *issuer.Principal // for the holder of a token of the gateway's own
	Session   *session.Session  // for all others; without an ID it stands for a Salt token

	Credential Credential // that was good
	From       issuer.Origin
}

// ofPrincipal is the holder of a token.
func ofPrincipal(p *issuer.Principal, c Credential, from issuer.Origin) *Caller {
	return &Caller{User: p.User, Eauth: p.Eauth, Groups: p.Groups, Principal: p, Credential: c, From: from}
}

// ofSession is who has logged in.
func ofSession(s *session.Session, c Credential, from issuer.Origin) *Caller {
	return &Caller{
		User: s.User, Eauth: s.Eauth, Groups: s.Groups, LoggedIn: s.ID != "", Session: s, Credential: c, From: from,
	}
}

// Identity returns who the caller is, as the credential says it: the holder of a
// token is the token's owner, whatever stands in User. Nobody is the zero value.
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

// Issuer returns the caller in the terms of package issuer. Nobody has no rights
// there.
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

// Key tells sessions and tokens apart. It holds a secret.
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
