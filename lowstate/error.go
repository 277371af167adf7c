package lowstate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
)

// Kind is the kind of an error, which a front end maps to a response.
type Kind int

// The kinds of error, and the response of the front end.
const (
	Internal        Kind = iota // 500; the text is never shown
	BadRequest                  // 400
	TooLarge                    // 413: larger than the limit
	Unauthenticated             // 401
	Unauthorized                // 401, as rest_cherrypy does
	OutOfScope                  // 403: the credential is not for this
	Failed                      // 500 with the text: the master refused
	Unavailable                 // 503 with Retry-After
	Timeout                     // 504
	TooMany                     // 429: the caller has too much of something already
)

// Error is the only error type that this package returns. Text is for the
// client; Err, which may contain more, is for the log.
type Error struct {
	Kind       Kind
	Text       string
	RetryAfter time.Duration // for Unavailable; 0 if unknown
	Err        error
}

// Error returns the text for the log.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Text
	}
	return fmt.Sprintf("%s: %v", e.Text, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// The texts of salt-api that clients rely on.
const (
	textNoCredentials    = "No authentication credentials given"
	textUnauthenticated  = "Authentication error occurred."
	textUnauthorized     = "Authorization error occurred."
	textRawShell         = "Raw shell option not allowed."
	textMasterDown       = "Salt Master is not available."
	textMessageTimedOut  = "Message timed out"
	textRunnerTimedOut   = "The gateway server did not receive a timely response"
	textUnexpected       = "An unexpected error occurred"
	textConnectionBroken = "The connection to the Salt Master broke. The command may have been carried out."
)

// retryAfter is the Retry-After if the master is not reachable.
const retryAfter = 2 * time.Second

// failure turns any error into one for the client. The text of an unknown error
// is only logged.
func failure(err error) error {
	if already, ok := errors.AsType[*Error](err); ok {
		return already
	}
	if spent, ok := errors.AsType[*budget.Error](err); ok {
		return &Error{Kind: TooLarge, Text: spent.Error()}
	}
	refused, isRefused := errors.AsType[*saltmaster.RefusedError](err)
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, spool.ErrFull), errors.Is(err, spool.ErrFile):
		return notKept(err, "")
	case errors.Is(err, saltmaster.ErrUnauthenticated), errors.Is(err, eauth.ErrWrong):
		return &Error{Kind: Unauthenticated, Text: textUnauthenticated, Err: err}
	case errors.Is(err, saltmaster.ErrUnauthorized):
		return &Error{Kind: Unauthorized, Text: textUnauthorized, Err: err}
	case errors.Is(err, saltmaster.ErrDown), errors.Is(err, eventbus.ErrClosed):
		return &Error{Kind: Unavailable, Text: textMasterDown, RetryAfter: retryAfter, Err: err}
	case errors.Is(err, saltmaster.ErrLost):
		return &Error{Kind: Unavailable, Text: textConnectionBroken, RetryAfter: retryAfter, Err: err}
	case errors.Is(err, saltmaster.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return &Error{Kind: Timeout, Text: textMessageTimedOut, Err: err}
	case errors.Is(err, eauth.ErrBusy):
		return &Error{Kind: Unavailable, Text: "Too many logins at once.", RetryAfter: retryAfter, Err: err}
	case errors.Is(err, eauth.ErrUnavailable):
		return &Error{Kind: Unavailable, Text: "Authentication is not available.", RetryAfter: retryAfter, Err: err}
	case isRefused && refused.Name == "SaltInvocationError":
		return &Error{Kind: BadRequest, Text: refused.Message, Err: err}
	}
	return &Error{Kind: Internal, Text: textUnexpected, Err: err}
}

const (
	textManyAnswers = "Too many large answers at once."
	textNoRoom      = "The gateway has no room on its disk for an answer of this size."
	textSent        = " The command was sent: its job is "
)

// notKept returns the error for an answer that the spool did not take, and other
// errors unchanged. jid is that of the job, whose returns the master may have.
func notKept(err error, jid string) error {
	text := textManyAnswers
	switch {
	case errors.Is(err, spool.ErrFile):
		text = textNoRoom
	case !errors.Is(err, spool.ErrFull):
		return err
	}
	if jid != "" {
		text += textSent + jid + "."
	}
	return &Error{Kind: Unavailable, Text: text, RetryAfter: answersRetryAfter, Err: err}
}

// answersRetryAfter is the Retry-After if there is no room for an answer.
const answersRetryAfter = 10 * time.Second
