package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/lowstate"
)

// Error is the one error that handlers return for what clients are to see. An
// [ErrorWriter] makes an answer of it. Only Text reaches clients; Err is for the
// log.
type Error struct {
	Status int
	Code   string // the word for it, where an API has such (RFC 6749, section 5.2); "" stands for that of the status
	Text   string

	// RetryAfter is when to try again, for 429 and 503; 0 stands for some
	// seconds.
	RetryAfter time.Duration

	Challenge string // the way to log in, for 401; "" stands for the API's own
	Allow     string // the methods that there are, for 405
	Reason    string // for the metrics, where a request body was refused
	Close     bool   // whether the connection ends with the answer

	Err error
}

// Error returns the log's view.
func (e *Error) Error() string {
	text := e.Text
	if e.Code != "" {
		text = e.Code + ": " + text
	}
	if e.Err == nil {
		return text
	}
	return fmt.Sprintf("%s: %v", text, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Texts that more than one place gives.
const (
	TextUnexpected = "An unexpected error occurred"
	TextStopping   = "The gateway is stopping"

	// textRights is for the holder of an API token of a user whose rights no
	// token shows.
	textRights = "What the owner of this token may do is what an eauth module of the master says at each login " +
		"(keep_acl_in_token), so no API token can act for the owner: log in"
)

// lowstateStatus is the status for each of lowstate's errors, as rest_cherrypy
// gives them. The texts are those of the errors.
var lowstateStatus = map[lowstate.Kind]int{
	lowstate.Internal:        http.StatusInternalServerError,
	lowstate.BadRequest:      http.StatusBadRequest,
	lowstate.TooLarge:        http.StatusRequestEntityTooLarge,
	lowstate.Unauthenticated: http.StatusUnauthorized,
	lowstate.Unauthorized:    http.StatusUnauthorized,
	lowstate.OutOfScope:      http.StatusForbidden,
	lowstate.Failed:          http.StatusInternalServerError,
	lowstate.Unavailable:     http.StatusServiceUnavailable,
	lowstate.Timeout:         http.StatusGatewayTimeout,
}

// known are the answers to the errors of eauth. Those of lowstate have texts of
// their own, and those of tokens are in [tokenErrors].
var known = []struct {
	is     error
	status int
	text   string
}{
	{eauth.ErrRights, http.StatusForbidden, textRights},
	{eauth.ErrBusy, http.StatusServiceUnavailable, "Too many logins at once"},
	{eauth.ErrUnavailable, http.StatusServiceUnavailable, "Salt Master is not available."},
}

// ErrorOf returns the answer to any error that a handler returns. It is the one
// place where errors of lowstate, eauth, the issuer of tokens and budget become answers. What it does
// not know is a 500 that shows nothing.
func ErrorOf(err error) *Error {
	if e, ok := Known(err); ok {
		return e
	}
	if errors.Is(err, context.Canceled) {
		return &Error{Status: http.StatusServiceUnavailable, Text: TextStopping, Err: err}
	}
	return &Error{Status: http.StatusInternalServerError, Text: TextUnexpected, Err: err}
}

// Known returns the answer to an error, and whether it is one that has an answer
// of its own.
func Known(err error) (*Error, bool) {
	if e, ok := errors.AsType[*Error](err); ok {
		return e, true
	}
	if e, ok := errors.AsType[*lowstate.Error](err); ok {
		answer := &Error{Status: lowstateStatus[e.Kind], Text: e.Text, RetryAfter: e.RetryAfter, Err: err}
		if e.Kind == lowstate.Internal {
			answer.Text = TextUnexpected
		}
		return answer, true
	}
	if e, ok := errors.AsType[*budget.Error](err); ok {
		return &Error{Status: http.StatusRequestEntityTooLarge, Reason: "budget", Text: e.Error()}, true
	}
	if e := tokenError(err); e != nil {
		return e, true
	}
	for _, k := range known {
		if errors.Is(err, k.is) {
			return &Error{Status: k.status, Text: k.text, Err: err}, true
		}
	}
	return nil, false
}

// StatusOf returns the status of the answer to an error of a call: 200 for none,
// and [StatusClientGone] where the client did not wait.
func StatusOf(err error) int {
	if err == nil {
		return http.StatusOK
	}
	if e, ok := errors.AsType[*lowstate.Error](err); ok {
		return lowstateStatus[e.Kind]
	}
	if errors.Is(err, context.Canceled) {
		return StatusClientGone
	}
	return http.StatusInternalServerError
}

// StatusClientGone is logged where the client did not wait. It is nginx's number
// for it and is never sent.
const StatusClientGone = 499
