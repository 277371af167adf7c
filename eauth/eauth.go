package eauth

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"time"
)

// Credentials are what one chunk says of its caller: either Token, or the
// other three. Where a chunk has both, the token counts, as for Salt.
type Credentials struct {
	Token string // a Salt token, see [WellFormedToken]

	Username string
	Password string
	Eauth    string // the name of one of the master's eauth modules

	// TokenExpire is the lifetime that the caller asks for at a login, Salt's
	// token_expire; 0 or less is the master's own. Only a token to keep has it,
	// and only where token_expire_user_override lets the caller choose.
	TokenExpire time.Duration

	// RemoteAddr is the client's address, for throttling and for PAM_RHOST.
	RemoteAddr netip.Addr
}

// Identity is a caller whose credentials were good.
type Identity struct {
	User  string // the name that the master's own log will show
	Eauth string // the eauth module that vouches for User

	Groups   []string        // as the eauth module lists them
	AuthList json.RawMessage // see [Token]

	// RightsUnknown says that the rules of external_auth do not tell what the
	// caller may do, since an eauth module says that to the master alone.
	RightsUnknown bool

	Grant Grant
}

// A Grant is the authority under which the master carries out a command. It
// is always the caller's own, never the gateway's.
type Grant interface {
	// Token returns the Salt token to send with a command.
	Token(ctx context.Context) (string, error)

	// Renew is told that the master did not know the token old, and returns
	// another one to try once, or an error when there is none to be had.
	Renew(ctx context.Context, old string) (string, error)

	// Exposed is told that others may have seen a token: the master puts the
	// load of a publication that it refuses on its event bus, token included.
	// A token that the gateway made is not given to later requests.
	Exposed(token string)

	// Release tells that the request is over. A token that was made for this
	// request alone is taken back.
	Release(ctx context.Context)
}

// A Keeper is a Grant that can give a token of the user's own, which nobody
// else uses and which outlives the request: Release leaves it alone. life is
// what the user asks for, see [Credentials.TokenExpire]. Keep is called once
// at most, before Release. What it returned is the caller's to remove.
type Keeper interface {
	Keep(ctx context.Context, life time.Duration) (Token, error)
}

// A Backend checks credentials of one kind. ok is false when they are wrong,
// whatever the reason; err tells that the backend could not find out, and is
// one of the errors of this package where a better answer than "internal
// error" exists. An ok identity has a Grant which the caller must Release.
type Backend interface {
	Authenticate(ctx context.Context, c Credentials) (id Identity, ok bool, err error)
}

var (
	// ErrUnavailable says that a part which the check needs (the master, the
	// token store) cannot be reached now.
	ErrUnavailable = errors.New("authentication is not available")

	// ErrBusy says that too many checks are waiting already.
	ErrBusy = errors.New("too many authentications at once")

	// ErrNoToken says that a grant has no other token to offer.
	ErrNoToken = errors.New("no other token")
)

// MaxCredential is the most bytes that a user name or a password may have.
// PAM's own limit is 512 with the closing NUL.
const MaxCredential = 511
