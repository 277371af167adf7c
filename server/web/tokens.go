package web

import (
	"errors"
	"net/http"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
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

// tokenErrors are the responses to the errors of package issuer. Special cases
// precede general ones. An entry without a text uses the error's own, which is
// meant for the client.
var tokenErrors = []struct {
	is     error
	status int
	code   string
	text   string
}{
	{issuer.ErrIdle, http.StatusBadRequest, CodeInvalidGrant, TextIdle},
	{issuer.ErrGrant, http.StatusBadRequest, CodeInvalidGrant, TextGrant},
	{issuer.ErrScope, http.StatusBadRequest, CodeInvalidScope, "the token does not have that scope"},
	{issuer.ErrPending, http.StatusBadRequest, "authorization_pending", "nobody has granted this yet"},
	{issuer.ErrSlowDown, http.StatusBadRequest, CodeSlowDown, "polling too fast"},
	{issuer.ErrDenied, http.StatusBadRequest, CodeAccessDenied, "this was refused"},
	{issuer.ErrExpired, http.StatusBadRequest, "expired_token", "nobody has granted this in time"},
	{issuer.ErrLogin, http.StatusForbidden, CodeAccessDenied, "You are not allowed to do this with a token of this kind: log in first"},
	{issuer.ErrForbidden, http.StatusForbidden, CodeAccessDenied, "You are not allowed to do this"},
	{issuer.ErrNotFound, http.StatusNotFound, CodeNotFound, "There is none"},
	{issuer.ErrConflict, http.StatusConflict, CodeConflict, ""},
	{issuer.ErrInvalid, http.StatusBadRequest, CodeInvalidRequest, ""},
	{apitoken.ErrUnavailable, http.StatusServiceUnavailable, CodeUnavailable, "The token store is not available"},
}

// tokenError returns the response to an error of package issuer, or nil.
func tokenError(err error) *Error {
	if e, ok := errors.AsType[*issuer.Throttled](err); ok {
		return &Error{Status: http.StatusTooManyRequests, Code: CodeSlowDown, RetryAfter: e.After, Err: err,
			Text: "Too many failures, try again later"}
	}
	for _, k := range tokenErrors {
		if !errors.Is(err, k.is) {
			continue
		}
		e := &Error{Status: k.status, Code: k.code, Text: k.text, Err: err}
		if _, ok := errors.AsType[*role.Wider](err); ok || e.Text == "" {
			e.Text = Clip(err.Error(), maxErrorText) // for a role, it names the forbidden value
		}
		return e
	}
	return nil
}
