package eauth

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"time"
)

// Credentials are the credentials in one chunk: either Token, or the other
// three. In a chunk with both, the token counts, as in Salt.
type Credentials struct {
	Token string // a Salt token, see [WellFormedToken]

	Username string
	Password string
	Eauth    string // the name of one of the master's eauth modules

	// TokenExpire is the lifetime that the client requests at a login, Salt's
	// token_expire; 0 or less means the master's default. It applies to a kept
	// token only, and only where token_expire_user_override permits it.
	TokenExpire time.Duration

	// Fresh asks for a check of its own, and for a token that no other request
	// uses: for a login, whose token outlives it.
	Fresh bool

	// RemoteAddr is the client's address, for throttling and for PAM_RHOST.
	RemoteAddr netip.Addr
}

// Identity is a caller whose credentials were right.
type Identity struct {
	User  string // the name that the master's log shows
	Eauth string // the eauth module that authenticated User

	Groups   []string        // as the eauth module lists them
	AuthList json.RawMessage // see [Token]

	// RightsUnknown is true where the rules of external_auth do not determine
	// what the caller may do, since an eauth module decides that in the master.
	RightsUnknown bool

	Grant Grant
}

// A Grant is the authority under which the master carries out a command. It
// is always the caller's own, never the gateway's.
type Grant interface {
	// Token returns the Salt token to send with a command.
	Token(ctx context.Context) (string, error)

	// Renew is called when the master did not recognize the token old. It
	// returns another one to try once, or an error if there is none.
	Renew(ctx context.Context, old string) (string, error)

	// Exposed is called when others may have seen a token: the master puts the
	// load of a publication that it refuses on its event bus, token included. A
	// token that the gateway made is not used for later requests then.
	Exposed(token string)

	// Release is called when the request is over. A token that was made for
	// this request alone is removed.
	Release(ctx context.Context)
}

// A Keeper is a Grant that can return a token for the user alone, which
// outlives the request: Release does not remove it. life is the lifetime that
// the user requests, see [Credentials.TokenExpire]. Keep is called once at
// most, before Release. The caller must remove the token that it returned.
type Keeper interface {
	Keep(ctx context.Context, life time.Duration) (Token, error)
}

// A Backend checks credentials of one kind. ok is false when they are wrong,
// whatever the reason. err means that the backend could not decide; it is one
// of the errors of this package where a better response than "internal error"
// exists. An ok identity has a Grant, which the caller must Release.
type Backend interface {
	Authenticate(ctx context.Context, c Credentials) (id Identity, ok bool, err error)
}

var (
	// ErrUnavailable means that a part which the check needs (the master, the
	// token store) cannot be reached now.
	ErrUnavailable = errors.New("authentication is not available")

	// ErrBusy means that too many checks are waiting already.
	ErrBusy = errors.New("too many authentications at once")

	// ErrNoToken means that a grant has no other token.
	ErrNoToken = errors.New("no other token")
)

// MaxCredential is the maximum length of a user name or a password, in bytes.
// PAM's own limit is 512 with the closing NUL.
const MaxCredential = 511
