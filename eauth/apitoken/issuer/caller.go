package issuer

import (
	"net/netip"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// Origin is where a request comes from.
type Origin struct {
	Addr  netip.Addr
	Agent string // its User-Agent
}

// Caller is who wants something done with tokens. The zero Caller may do
// nothing.
type Caller struct {
	User, Eauth string
	Groups      []string

	// LoggedIn tells that the caller has a session of its own here. Without
	// it, and without one of the two below, there are no rights at all.
	LoggedIn bool

	// Principal is set for who came in through a token of ours. The fields
	// above do not matter then.
	Principal *Principal

	// Operator marks who is on the gateway's host and may read its files. The
	// operator may do everything, and acts for nobody but who is named.
	Operator bool

	From Origin
}

// owner is whose tokens are the caller's own.
func (c Caller) owner() apitoken.Owner {
	switch {
	case c.Operator:
		return apitoken.Owner{}
	case c.Principal != nil:
		return c.Principal.Owner
	}
	return apitoken.Owner{Eauth: c.Eauth, User: c.User}
}

// Name is the caller for logs.
func (c Caller) Name() string {
	switch {
	case c.Operator:
		return "operator"
	case c.Principal != nil:
		return c.Principal.User
	}
	return c.User
}
