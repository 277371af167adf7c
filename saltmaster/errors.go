package saltmaster

import (
	"errors"
	"fmt"
)

var (
	// ErrDown means that the master cannot be reached: nothing was sent.
	ErrDown = errors.New("salt master is not available")

	// ErrLost means that the connection broke after the request was sent. The
	// master may have carried it out, so it must not be sent again.
	ErrLost = errors.New("connection to the salt master was lost")

	// ErrTimeout means that the master did not answer in time. It may still
	// carry the request out.
	ErrTimeout = errors.New("salt master did not answer in time")

	// ErrProtocol means that the master answered something that is not Salt.
	ErrProtocol = errors.New("unexpected answer of the salt master")

	// ErrUnauthenticated means that the master does not know the credentials.
	ErrUnauthenticated = errors.New("salt master: authentication error")

	// ErrUnauthorized means that the caller is known but may not do this.
	ErrUnauthorized = errors.New("salt master: authorization error")

	// ErrNamed is an [ErrUnauthorized] for a [Login] that went with a runner or
	// a wheel function: it is not known whether the password was right.
	ErrNamed = fmt.Errorf("%w, or authentication error", ErrUnauthorized)
)

// RefusedError is any other error that the master answered with: Name is a
// class of salt.exceptions or of Python's builtins, Message its text.
type RefusedError struct {
	Name    string
	Message string
}

func (e *RefusedError) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("salt master refused: %s", e.Message)
	}
	return fmt.Sprintf("salt master refused: %s: %s", e.Name, e.Message)
}
