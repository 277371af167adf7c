package web

import (
	"errors"
	"net/http"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
)

// Error codes that are used in more than one place: those of RFC 6749, section
// 5.2, RFC 6750, section 3.1, RFC 8628, section 3.5, and two of Saltern's own.
const (
	CodeInvalidRequest = "invalid_request"
	CodeInvalidGrant   = "invalid_grant"
	CodeInvalidToken   = "invalid_token"
	CodeInvalidScope   = "invalid_scope"
	CodeAccessDenied   = "access_denied"
	CodeUnavailable    = "temporarily_unavailable"
	CodeServerError    = "server_error"
	CodeSlowDown       = "slow_down"
	CodeNotFound       = "not_found"
	CodeConflict       = "conflict"
)

// OAuthCode returns the error's code, or else that of its status.
func (e *Error) OAuthCode() string {
	if e.Code != "" {
		return e.Code
	}
	switch e.Status {
	case http.StatusUnauthorized:
		return CodeInvalidToken
	case http.StatusForbidden:
		return CodeAccessDenied
	case http.StatusNotFound:
		return CodeNotFound
	case http.StatusConflict:
		return CodeConflict
	case http.StatusTooManyRequests:
		return CodeSlowDown
	case http.StatusServiceUnavailable:
		return CodeUnavailable
	case http.StatusInternalServerError:
		return CodeServerError
	}
	return CodeInvalidRequest
}

// TextIdle is for a valid token whose owner has to log in from time to time,
// since only a login shows that the owner still exists.
const TextIdle = "the owner of this token has not logged in for too long: it is good again after a login at /login"

// TextGrant is the one text for a credential that is unknown, expired, revoked or
// another user's: clients do not learn which.
const TextGrant = "the credential is unknown, expired or revoked"

// maxErrorText bounds a text that quotes the client's input, in bytes.
const maxErrorText = 512

// tokenErrors are the responses to the errors of package issuer, by their kinds. An
// error with a text for clients replaces that of the entry; an entry without one
// stands for kinds whose errors have one.
var tokenErrors = []struct {
	kind   issuer.Kind
	status int
	code   string
	text   string
}{
	{issuer.OwnerIdle, http.StatusBadRequest, CodeInvalidGrant, TextIdle},
	{issuer.InvalidGrant, http.StatusBadRequest, CodeInvalidGrant, TextGrant},
	{issuer.InvalidScope, http.StatusBadRequest, CodeInvalidScope, "the token does not have that scope"},
	{issuer.AuthorizationPending, http.StatusBadRequest, "authorization_pending", "nobody has granted this yet"},
	{issuer.SlowDown, http.StatusBadRequest, CodeSlowDown, "polling too fast"},
	{issuer.AccessDenied, http.StatusBadRequest, CodeAccessDenied, "this was refused"},
	{issuer.ExpiredToken, http.StatusBadRequest, "expired_token", "nobody has granted this in time"},
	{issuer.LoginRequired, http.StatusForbidden, CodeAccessDenied, "You are not allowed to do this with a token of this kind: log in first"},
	{issuer.Forbidden, http.StatusForbidden, CodeAccessDenied, "You are not allowed to do this"},
	{issuer.NotFound, http.StatusNotFound, CodeNotFound, "There is none"},
	{issuer.Conflict, http.StatusConflict, CodeConflict, ""},
	{issuer.Invalid, http.StatusBadRequest, CodeInvalidRequest, ""},
	{issuer.Throttled, http.StatusTooManyRequests, CodeSlowDown, "Too many failures, try again later"},
}

// tokenError returns the response to an error of package issuer, or nil.
func tokenError(err error) *Error {
	e, ok := errors.AsType[*issuer.Error](err)
	if !ok {
		return nil
	}
	for _, k := range tokenErrors {
		if e.Kind != k.kind {
			continue
		}
		text := k.text
		if e.Text != "" || text == "" {
			text = Clip(e.ClientText(), maxErrorText)
		}
		return &Error{Status: k.status, Code: k.code, Text: text, RetryAfter: e.RetryAfter, Err: err}
	}
	return nil
}
