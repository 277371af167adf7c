package issuer

import (
	"net/netip"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// Origin is the client that a request comes from.
type Origin struct {
	Addr  netip.Addr
	Agent string // its User-Agent
}

// Caller is the caller of a [Service]. The zero Caller may do nothing.
type Caller struct {
	User, Eauth string
	Groups      []string

	// LoggedIn is set for a caller with a session of this gateway. Without it,
	// Principal or Operator the caller has no rights.
	LoggedIn bool

	// Principal is set for a caller with an API token or access token. The fields
	// above are ignored then.
	Principal *Principal

	// Operator is set for a caller on the gateway's host that may read its files.
	// The operator may do everything and owns nothing: requests name the owner.
	Operator bool

	From Origin
}

// owner returns the owner of the caller's own tokens.
func (c Caller) owner() apitoken.Owner {
	switch {
	case c.Operator:
		return apitoken.Owner{}
	case c.Principal != nil:
		return c.Principal.Owner
	}
	return apitoken.Owner{Eauth: c.Eauth, User: c.User}
}

// Name returns the caller's name for logs.
func (c Caller) Name() string {
	switch {
	case c.Operator:
		return "operator"
	case c.Principal != nil:
		return c.Principal.User
	}
	return c.User
}
