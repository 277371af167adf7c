package lowstate

import (
	"fmt"
	"time"
)

// Kind says what went wrong in terms that a front end can turn into an answer.
type Kind int

// The kinds of error, and what the front end answers.
const (
	Internal        Kind = iota // 500; the text is never shown
	BadRequest                  // 400
	TooLarge                    // 413: it is more than is read
	Unauthenticated             // 401
	Unauthorized                // 401, as rest_cherrypy does
	OutOfScope                  // 403: the credential is not for this
	Failed                      // 500 with the text: the master said no
	Unavailable                 // 503 with Retry-After
	Timeout                     // 504
)

// Error is the one error type that leaves this package. Text is for the
// client; Err, which may name more, is for the log.
type Error struct {
	Kind       Kind
	Text       string
	RetryAfter time.Duration // for Unavailable; 0 when nothing is known
	Err        error
}

// Error gives the log's view of the failure.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Text
	}
	return fmt.Sprintf("%s: %v", e.Text, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
