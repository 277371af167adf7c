package issuer

import (
	"errors"
	"fmt"
	"time"
)

// Every error of a [Service] is, by [errors.Is], one of those below, or a
// [*Throttled], or [apitoken.ErrUnavailable] or [eauth.ErrUnavailable] where the
// store or the master does not answer, or that of the context. Anything else is a
// fault of the gateway. ErrLogin and ErrIdle are to be tested before the errors
// that they are kinds of.
var (
	// ErrForbidden is returned where the caller lacks a right.
	ErrForbidden = errors.New("this is not allowed")

	// ErrLogin is an [ErrForbidden] for the kind of the caller's credential: a
	// token, where a login is required.
	ErrLogin = fmt.Errorf("%w with a token of this kind", ErrForbidden)

	// ErrNotFound is returned where a token, role, service account or user code
	// does not exist, or the caller may not see it.
	ErrNotFound = errors.New("there is none")

	// ErrConflict is returned where a name is taken, a limit is reached, or
	// something was changed or issued meanwhile.
	ErrConflict = errors.New("taken already")

	// ErrInvalid is returned for a request with a bad value. Errors that wrap it
	// name the field, and their text is fit for clients.
	ErrInvalid = errors.New("not valid")

	// ErrGrant is returned for a secret that is unknown, expired, revoked or used
	// up, or whose owner may not act any more: RFC 6749's invalid_grant.
	ErrGrant = errors.New("the token is not valid")

	// ErrIdle is an [ErrGrant] for a valid secret that works again after its
	// owner's next login, see [Options.OwnerMaxIdle].
	ErrIdle = fmt.Errorf("%w: its owner has not logged in for too long", ErrGrant)

	// ErrScope is returned where a scope is requested that the token lacks: RFC
	// 6749's invalid_scope.
	ErrScope = errors.New("the token does not have this scope")

	// ErrPending, ErrSlowDown, ErrDenied and ErrExpired are returned for a device
	// code that is not approved (RFC 8628, section 3.5): authorization_pending,
	// slow_down, access_denied and expired_token.
	ErrPending  = errors.New("nobody has answered yet")
	ErrSlowDown = errors.New("asked too often")
	ErrDenied   = errors.New("somebody has said no")
	ErrExpired  = errors.New("nobody has answered in time")
)

// Throttled is returned after too many failures, see [Throttle]. After is the
// time until the next attempt is allowed.
type Throttled struct{ After time.Duration }

// Error returns a text without details.
func (*Throttled) Error() string { return "too many failures" }

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrInvalid}, args...)...)
}
