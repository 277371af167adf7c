package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/lowstate"
)

// Error is the error that handlers return with what clients may see. An
// [ErrorWriter] writes it as a response. Only Text reaches clients; Err is for
// the log.
type Error struct {
	Status int
	Code   string // the error code, for APIs that have them (RFC 6749, section 5.2); "" stands for that of the status
	Text   string

	// RetryAfter is when to retry, for 429 and 503; 0 stands for some seconds.
	RetryAfter time.Duration

	Challenge string // the WWW-Authenticate, for 401; "" stands for the API's own
	Allow     string // the allowed methods, for 405
	Reason    string // for the metrics, if a request body was refused
	Close     bool   // whether to close the connection after the response

	Err error
}

// Error returns the text for the log.
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

// Texts that are used in more than one place.
const (
	TextUnexpected = "An unexpected error occurred"
	TextStopping   = "The gateway is stopping"

	// textRights is for an API token whose owner's rights are only known at a
	// login, from the eauth module.
	textRights = "What the owner of this token may do is what an eauth module of the master says at each login " +
		"(keep_acl_in_token), so no API token can act for the owner: log in"
)

// lowstateStatus maps lowstate's errors to statuses, as in rest_cherrypy. The
// texts are those of the errors.
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
	lowstate.TooMany:         http.StatusTooManyRequests,
}

// known are the responses to the errors of eauth, of spools and of the store of API tokens,
// which is a special case and comes first. Those of lowstate have texts of their own,
// and those of the issuer are in [tokenErrors].
var known = []struct {
	is     error
	status int
	code   string
	text   string
}{
	{apitoken.ErrUnavailable, http.StatusServiceUnavailable, CodeUnavailable, "The token store is not available"},
	{eauth.ErrRights, http.StatusForbidden, "", textRights},
	{eauth.ErrBusy, http.StatusServiceUnavailable, "", "Too many logins at once"},
	{spool.ErrFull, http.StatusServiceUnavailable, "", "Too many large answers at once."},
	{spool.ErrFile, http.StatusServiceUnavailable, "", "The gateway has no room on its disk for an answer of this size."},
	{eauth.ErrUnavailable, http.StatusServiceUnavailable, "", "Salt Master is not available."},
}

// ErrorOf returns the response to any error that a handler returns. It is the
// one place where errors of lowstate, eauth, the issuer of tokens and budget
// become responses. An unknown error is a 500 without details.
func ErrorOf(err error) *Error {
	if e, ok := Known(err); ok {
		return e
	}
	if errors.Is(err, context.Canceled) {
		return &Error{Status: http.StatusServiceUnavailable, Text: TextStopping, Err: err}
	}
	return &Error{Status: http.StatusInternalServerError, Text: TextUnexpected, Err: err}
}

// Known returns the response to an error, and whether the error has one of its
// own.
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
			return &Error{Status: k.status, Code: k.code, Text: k.text, Err: err}, true
		}
	}
	return nil, false
}

// StatusOf returns the status of the response to an error of a call: 200 for
// nil, and [StatusClientGone] if the client did not wait.
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

// StatusClientGone is logged if the client did not wait. It is nginx's number
// and is never sent.
const StatusClientGone = 499
