package method

import (
	"errors"
	"net/http"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/web"
)

// Code is the number of an error. Codes do not change.
type Code int

// The codes.
const (
	CodeInvalidCall      Code = 4000
	CodeInvalidParameter Code = 4001
	CodeUnknownMethod    Code = 4002
	CodeNotAuthenticated Code = 4010
	CodeForbidden        Code = 4030
	CodeLoginRequired    Code = 4031
	CodeOutOfScope       Code = 4032
	CodeNotFound         Code = 4040
	CodeRefused          Code = 4050
	CodeElsewhere        Code = 4051
	CodeConflict         Code = 4090
	CodeDependency       Code = 4091
	CodeTooLarge         Code = 4130
	CodeThrottled        Code = 4290
	CodeInternal         Code = 5000
	CodeFailed           Code = 5001
	CodeUnavailable      Code = 5030
	CodeTimeout          Code = 5040
)

// DescribedCode is a code with the word that is beside it in errors, and its meaning.
type DescribedCode struct {
	Code    Code
	State   string
	Meaning string
}

var codes = []DescribedCode{
	{CodeInvalidCall, "invalid_call", "The call, or the request, has not the form of one."},
	{CodeInvalidParameter, "invalid_parameter", "A parameter is unknown, missing, given twice, or has a value that it cannot have. `detail.parameter` names it."},
	{CodeUnknownMethod, "unknown_method", "There is no such method here; `api.discover` lists those that there are."},
	{CodeNotAuthenticated, "not_authenticated", "There is no credential, or it is not valid (any more)."},
	{CodeForbidden, "forbidden", "The caller may not do this: by its roles, by an access list, or by the master's rules."},
	{CodeLoginRequired, "login_required", "No token may do this, whatever its scopes: log in first."},
	{CodeOutOfScope, "out_of_scope", "The scopes of the token do not allow this."},
	{CodeNotFound, "not_found", "There is no such object, or the caller does not see it."},
	{CodeRefused, "refused", "The request is refused by its path, its method or its origin."},
	{CodeElsewhere, "not_supported", "SaltStack Config does this, and Saltern does not: the message says where it is done."},
	{CodeConflict, "conflict", "There is such an object already, or it was changed meanwhile."},
	{CodeDependency, "FailedResourceDependency", "Others need this: the message lists them. `force` does it all the same."},
	{CodeTooLarge, "too_large", "The request, or what it asks for, is larger than what is taken at once."},
	{CodeThrottled, "throttled", "There were too many failures. `detail.retry_after` is the number of seconds to wait."},
	{CodeInternal, "internal", "An unexpected error: the log of the gateway has it, under the request's `X-Request-Id`."},
	{CodeFailed, "failed", "The master refused the command, or failed with it."},
	{CodeUnavailable, "unavailable", "The master, or a store, does not answer now. `detail.retry_after` is the number of seconds to wait."},
	{CodeTimeout, "timeout", "The master did not answer in time. The command may have been carried out."},
}

// Codes returns the table of all codes.
func Codes() []DescribedCode { return append([]DescribedCode(nil), codes...) }

// State returns the word that is beside the code in errors.
func (c Code) State() string {
	for _, d := range codes {
		if d.Code == c {
			return d.State
		}
	}
	return CodeOf(http.StatusInternalServerError).State()
}

// Error is what is wrong with a call. Its message is for the client; Err is for the
// log.
type Error struct {
	Code       Code
	Message    string
	Parameter  string // that is wrong
	RetryAfter time.Duration
	Err        error
}

// Error returns the text for the log.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// InvalidParameter returns the error of a parameter, with what is wrong with it.
func InvalidParameter(name, message string) *Error {
	return &Error{Code: CodeInvalidParameter, Message: name + ": " + message, Parameter: name}
}

// ErrorOf returns any error of a method as one of a call. Unknown errors reveal
// nothing.
func ErrorOf(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	of := web.ErrorOf(err)
	e := &Error{Code: CodeOf(of.Status), Message: of.Text, RetryAfter: of.RetryAfter, Err: err}
	if command, ok := errors.AsType[*lowstate.Error](err); ok {
		switch command.Kind {
		case lowstate.Unauthorized: // 401, as in salt-api
			e.Code = CodeForbidden
		case lowstate.OutOfScope:
			e.Code = CodeOutOfScope
		case lowstate.Failed:
			e.Code = CodeFailed
		}
	}
	if errors.Is(err, issuer.LoginRequired) {
		e.Code = CodeLoginRequired
	}
	return e
}

// CodeOf returns the code for an error that has a status.
func CodeOf(status int) Code {
	switch status {
	case http.StatusUnauthorized:
		return CodeNotAuthenticated
	case http.StatusForbidden:
		return CodeForbidden
	case http.StatusNotFound:
		return CodeNotFound
	case http.StatusMethodNotAllowed, http.StatusNotAcceptable:
		return CodeRefused
	case http.StatusConflict:
		return CodeConflict
	case http.StatusRequestEntityTooLarge:
		return CodeTooLarge
	case http.StatusTooManyRequests:
		return CodeThrottled
	case http.StatusServiceUnavailable:
		return CodeUnavailable
	case http.StatusGatewayTimeout:
		return CodeTimeout
	}
	if status >= http.StatusInternalServerError {
		return CodeInternal
	}
	return CodeInvalidCall
}

// ShownError is an error in an envelope. Programs print message, and the state in
// detail.
type ShownError struct {
	Code    Code        `json:"code"`
	Message string      `json:"message"`
	Detail  shownDetail `json:"detail"`
}

type shownDetail struct {
	State      string `json:"state"`
	Parameter  string `json:"parameter,omitempty"`
	RetryAfter int    `json:"retry_after,omitempty"` // seconds
}

// Shown returns the error as it is in an envelope.
func (e *Error) Shown() ShownError {
	after := e.RetryAfter
	if after == 0 && (e.Code == CodeUnavailable || e.Code == CodeThrottled) {
		after = defaultRetryAfter
	}
	return ShownError{e.Code, e.Message, shownDetail{e.Code.State(), e.Parameter, int((after + time.Second - 1) / time.Second)}}
}

// defaultRetryAfter is when to retry, if nothing better is known.
const defaultRetryAfter = 5 * time.Second

// StoreError returns the error of a call for one of the library.
func StoreError(err error, name string) error {
	var invalid *records.InvalidError
	switch {
	case errors.Is(err, records.ErrNotFound):
		return &Error{Code: CodeNotFound, Message: "there is no such " + name}
	case errors.Is(err, records.ErrConflict):
		return &Error{Code: CodeConflict, Message: "the " + name + " was changed meanwhile: try again"}
	case errors.Is(err, records.ErrTooManySaved):
		return &Error{Code: CodeConflict, Message: "too many are saved"}
	case errors.As(err, &invalid):
		return InvalidParameter(invalid.Field, invalid.Why)
	case errors.Is(err, records.ErrUnavailable):
		return &Error{Code: CodeUnavailable, Message: "The records cannot be reached now", Err: err}
	}
	return err
}
