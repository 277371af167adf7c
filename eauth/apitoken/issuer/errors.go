package issuer

import (
	"errors"
	"fmt"
	"time"
)

var (
	// ErrForbidden says that the caller may not do this: 403.
	ErrForbidden = errors.New("this is not allowed")

	// ErrLogin is an [ErrForbidden] because of how the caller came in: by a
	// token, where only a login will do.
	ErrLogin = fmt.Errorf("%w with a token of this kind", ErrForbidden)

	// ErrNotFound says that there is no such thing, or none that the caller
	// may see: 404.
	ErrNotFound = errors.New("there is none")

	// ErrConflict says that a name is taken, or that something was changed or
	// issued already: 409.
	ErrConflict = errors.New("taken already")

	// ErrInvalid says what is wrong with a request, for its author: 400.
	ErrInvalid = errors.New("not valid")

	// ErrGrant says that a secret is not good, for whatever reason: it is
	// unknown, expired, revoked or used, or its owner may not act any more.
	// RFC 6749 calls it invalid_grant.
	ErrGrant = errors.New("the token is not valid")

	// ErrIdle is an [ErrGrant] for a secret that is right, and will be good
	// again when its owner has logged in: see [Options.OwnerMaxIdle].
	ErrIdle = fmt.Errorf("%w: its owner has not logged in for too long", ErrGrant)

	// ErrScope says that more was asked for than the token has: RFC 6749's
	// invalid_scope.
	ErrScope = errors.New("the token does not have this scope")

	// ErrPending, ErrSlowDown, ErrDenied and ErrExpired are the answers to a
	// device that waits to be let in (RFC 8628, section 3.5).
	ErrPending  = errors.New("nobody has answered yet")
	ErrSlowDown = errors.New("asked too often")
	ErrDenied   = errors.New("somebody has said no")
	ErrExpired  = errors.New("nobody has answered in time")
)

// Throttled says that there were too many failures: 429.
type Throttled struct{ After time.Duration }

// Error tells no more than that.
func (*Throttled) Error() string { return "too many failures" }

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrInvalid}, args...)...)
}
