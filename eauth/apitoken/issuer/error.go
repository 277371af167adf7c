package issuer

import (
	"errors"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// Kind is the kind of an [*Error], which an API maps to a response. It is an error
// itself, so that errors.Is finds it:
//
//	if errors.Is(err, issuer.NotFound) { ... }
//
// Where a comment says that a function returns a kind, it returns an [*Error] of it.
type Kind int

// The kinds of error.
const (
	// Forbidden: the caller lacks a right.
	Forbidden Kind = iota + 1

	// LoginRequired is a [Forbidden] for the kind of the caller's credential: a
	// token, where a login is required.
	LoginRequired

	// NotFound: a token, role, service account or user code does not exist, or the
	// caller may not see it.
	NotFound

	// Conflict: a name is taken, a limit is reached, or something was changed or
	// issued meanwhile.
	Conflict

	// Invalid: a request has a bad value. The error's Text names the field.
	Invalid

	// InvalidGrant: a secret is unknown, expired, revoked or used up, or its owner
	// may not act any more (RFC 6749, section 5.2).
	InvalidGrant

	// OwnerIdle is an [InvalidGrant] for a valid secret that works again after its
	// owner's next login, see [Options.OwnerMaxIdle].
	OwnerIdle

	// InvalidScope: a scope is requested that the token lacks (RFC 6749, section
	// 5.2).
	InvalidScope

	// AuthorizationPending, SlowDown, AccessDenied and ExpiredToken are those of
	// RFC 8628, section 3.5, for a device code that is not approved.
	AuthorizationPending
	SlowDown
	AccessDenied
	ExpiredToken

	// Throttled: there were too many failures, see [Throttle]. The error's
	// RetryAfter is the time until the next attempt is allowed.
	Throttled
)

var kindTexts = map[Kind]string{ //nolint:gosec // it is no credential (G101)
	Forbidden:            "this is not allowed",
	LoginRequired:        "this is not allowed with a token of this kind",
	NotFound:             "there is none",
	Conflict:             "taken already",
	Invalid:              "not valid",
	InvalidGrant:         "the token is not valid",
	OwnerIdle:            "the token is not valid: its owner has not logged in for too long",
	InvalidScope:         "the token does not have this scope",
	AuthorizationPending: "the user code is not answered yet",
	SlowDown:             "polled too often",
	AccessDenied:         "the user code was denied",
	ExpiredToken:         "the user code was not answered in time",
	Throttled:            "too many failures",
}

// Error returns a text without details.
func (k Kind) Error() string { return kindTexts[k] }

// Is reports whether k is a kind of another one.
func (k Kind) Is(target error) bool {
	switch target {
	case Forbidden:
		return k == LoginRequired
	case InvalidGrant:
		return k == OwnerIdle
	}
	return false
}

// Error is what the methods of a [Service] return where a request is refused.
// Their other errors are [apitoken.ErrUnavailable] and [eauth.ErrUnavailable], where
// the store or the master does not answer, and that of the context. Anything else is
// a fault of the gateway.
type Error struct {
	Kind Kind

	// Text says what is wrong, in words that are fit for clients; "" says nothing
	// that the kind does not. [Conflict] and [Invalid] mostly have one.
	Text string

	RetryAfter time.Duration // for Throttled

	Err error // the cause, for the log
}

// Errorf returns an error with a text for clients. An operand of %w is its cause.
func Errorf(k Kind, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: k, Text: err.Error(), Err: errors.Unwrap(err)}
}

// ClientText returns what is wrong, without the cause.
func (e *Error) ClientText() string {
	if e.Text == "" {
		return e.Kind.Error()
	}
	return e.Kind.Error() + ": " + e.Text
}

// Error returns the text for the log.
func (e *Error) Error() string {
	if e.Err == nil || e.Text != "" {
		return e.ClientText()
	}
	return e.ClientText() + ": " + e.Err.Error()
}

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

func refuse(k Kind) error { return &Error{Kind: k} }

func invalid(format string, args ...any) error { return Errorf(Invalid, format, args...) }

// ofStore returns this package's error for an error of the store.
func ofStore(err error) error {
	switch {
	case errors.Is(err, apitoken.ErrNotFound), errors.Is(err, apitoken.ErrRevoked):
		return refuse(NotFound)
	case errors.Is(err, apitoken.ErrConflict):
		return refuse(Conflict)
	case errors.Is(err, apitoken.ErrInvalid):
		return invalid("%w", err)
	}
	return err
}
