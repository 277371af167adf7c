package server

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
)

// tokenErrors are the answers to the errors of package issuer.
var tokenErrors = []struct {
	is     error
	status int
	code   string
	text   string
}{
	{issuer.ErrIdle, http.StatusBadRequest, codeInvalidGrant, textIdle}, // before ErrGrant, which it is too
	{issuer.ErrGrant, http.StatusBadRequest, codeInvalidGrant, "the credential is unknown, expired or revoked"},
	{issuer.ErrScope, http.StatusBadRequest, "invalid_scope", "the token does not have that scope"},
	{issuer.ErrPending, http.StatusBadRequest, "authorization_pending", "nobody has granted this yet"},
	{issuer.ErrSlowDown, http.StatusBadRequest, "slow_down", "ask less often"},
	{issuer.ErrDenied, http.StatusBadRequest, codeDenied, "somebody has refused this"},
	{issuer.ErrExpired, http.StatusBadRequest, "expired_token", "nobody has granted this in time"},
	{issuer.ErrLogin, http.StatusForbidden, codeDenied, "you are not allowed to do this with a token of this kind: log in first"},
	{issuer.ErrForbidden, http.StatusForbidden, codeDenied, "you are not allowed to do this"},
	{issuer.ErrNotFound, http.StatusNotFound, codeNotFound, "there is none"},
	{issuer.ErrConflict, http.StatusConflict, "conflict", "that name is taken, somebody was faster, or there are too many"},
}

// tokenError makes an error of package issuer one for a client.
func tokenError(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*issuer.Throttled](err); ok {
		return &doorError{status: http.StatusTooManyRequests, code: "slow_down", after: e.After, err: err,
			text: "there were too many failures, try again later"}
	}
	if errors.Is(err, issuer.ErrInvalid) { // it says to its author what is wrong
		return &doorError{status: http.StatusBadRequest, code: codeInvalidRequest, text: asciiText(err.Error()), err: err}
	}
	for _, known := range tokenErrors {
		if errors.Is(err, known.is) {
			return &doorError{status: known.status, code: known.code, text: known.text, err: err}
		}
	}
	return fmt.Errorf("tokens: %w", err)
}

// asciiText makes of a text what may stand in an error_description: printable
// ASCII without quotes and backslashes (RFC 6749, section 5.2).
func asciiText(text string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '"' || c == '\\':
			return '\''
		case c < ' ' || c > '~':
			return '?'
		}
		return c
	}, text)
}
