package zmtp

import (
	"errors"
	"fmt"
)

// ErrClosed means that the pool was closed before or during the request.
var ErrClosed = errors.New("pool is closed")

// errProtocol is wrapped by everything a peer says that ZMTP does not allow.
var errProtocol = errors.New("zmtp protocol error")

func protocolError(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errProtocol, fmt.Sprintf(format, args...))
}

// Error is what a failed [Pool.Request] returns.
type Error struct {
	// Op is the step that failed: "wait" (for a free connection), "dial", "handshake", "send" or "receive".
	Op string
	// Sent is set when the peer may have received the request, so that it may have been carried out.
	Sent bool
	// Err is the cause: the context's error when the context ended, [ErrClosed] when the pool was closed.
	Err error
}

func (e *Error) Error() string { return "zmtp " + e.Op + ": " + e.Err.Error() }

// Unwrap makes the cause reachable by errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }
