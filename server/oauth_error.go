package server

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/server/web"
)

// doorError is a refusal with a code that programs go by. Each door writes it
// in its own way.
type doorError struct {
	status int
	code   string // RFC 6749, section 5.2, and those that extend it
	text   string // ASCII without quotes and backslashes
	after  time.Duration
	err    error // for the log
}

// Error gives the log's view.
func (e *doorError) Error() string {
	if e.err == nil {
		return e.code + ": " + e.text
	}
	return fmt.Sprintf("%s: %s: %v", e.code, e.text, e.err)
}

// Unwrap is for package errors.
func (e *doorError) Unwrap() error { return e.err }

// The codes that more than one place gives.
const (
	codeInvalidRequest = "invalid_request"
	codeInvalidGrant   = "invalid_grant"
	codeInvalidToken   = "invalid_token"
	codeDenied         = "access_denied"
	codeUnavailable    = "temporarily_unavailable"
	codeNotFound       = "not_found"
)

func invalidRequest(text string) error {
	return &doorError{status: http.StatusBadRequest, code: codeInvalidRequest, text: asciiText(text)}
}

// invalidGrant is the one answer for a credential that is unknown, expired,
// revoked or somebody else's: which of these it is, is nobody's business.
func invalidGrant(err error) error {
	return &doorError{status: http.StatusBadRequest, code: codeInvalidGrant, err: err,
		text: "the credential is unknown, expired or revoked"}
}

func denied(text string, err error) error {
	return &doorError{status: http.StatusForbidden, code: codeDenied, text: text, err: err}
}

// doorErrorOf makes any error one for a client.
func doorErrorOf(err error) *doorError {
	if e, ok := errors.AsType[*doorError](err); ok {
		return e
	}
	if e, ok := errors.AsType[*web.Error](err); ok {
		return &doorError{status: e.Status, code: codeOf(e.Status), text: asciiText(e.Text), err: e.Err}
	}
	switch {
	case errors.Is(err, eauth.ErrBusy):
		return &doorError{status: http.StatusServiceUnavailable, code: codeUnavailable, err: err,
			text: "too many requests at once"}
	case errors.Is(err, eauth.ErrUnavailable):
		return &doorError{status: http.StatusServiceUnavailable, code: codeUnavailable, err: err,
			text: "this cannot be answered now, try again later"}
	}
	return &doorError{status: http.StatusInternalServerError, code: "server_error", text: web.TextUnexpected, err: err}
}

// codeOf gives a code to a refusal that has none.
func codeOf(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return codeInvalidToken
	case http.StatusForbidden:
		return codeDenied
	case http.StatusNotFound:
		return codeNotFound
	case http.StatusServiceUnavailable:
		return codeUnavailable
	}
	return codeInvalidRequest
}

// A style is how a door writes its errors.
type style func(x *exchange, e *doorError)

// door makes one of net/http's of a handler, which answers errors in a style.
// Nothing that a door says may be kept by anybody (RFC 6749, section 5.1).
func (d *doors) door(write style, h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r.Context())
		x.routed(r)
		head := x.Header()
		head.Set("Cache-Control", "no-store")
		head.Set("Pragma", "no-cache")
		if id := r.Header.Get(clientRequestID); isRequestID(id) {
			head.Set(clientRequestID, id)
		}
		err := h(x, r)
		if err == nil {
			return
		}
		if x.status != 0 || abandoned(r, err) || errors.Is(err, errStopping) {
			d.fail(x, r, err)
			return
		}
		x.err = err
		if refused, ok := errors.AsType[*web.Error](err); ok {
			d.metrics.refused(refused)
			if refused.Close && r.ProtoMajor == 1 {
				head.Set("Connection", "close")
			}
		}
		e := doorErrorOf(err)
		setRetryAfter(head, e.status, e.after)
		if e.status == http.StatusTooManyRequests {
			setRetryAfter(head, http.StatusServiceUnavailable, e.after)
		}
		if e.status == http.StatusUnauthorized {
			head.Set("Www-Authenticate", d.challenge(r, e))
		}
		write(x, e)
	}
}

// clientRequestID is a header of VCD's clients, who want it back. They may
// choose how it looks, within reason.
const clientRequestID = "X-Vmware-Vcloud-Client-Request-Id"

// challenge tells how to log in (RFC 6750, section 3). Who has shown nothing
// gets no error code.
func (d *doors) challenge(r *http.Request, e *doorError) string {
	about := `Bearer realm="saltern"`
	if !d.with.NoVCD {
		about += `, resource_metadata="` + d.base(r) + resourcePath + `"` // RFC 9728, section 5.1
	}
	shown, err := headerCredential(r)
	if shown == "" && err == nil && r.Header.Get("Authorization") == "" || e.code != codeInvalidToken {
		return about
	}
	return about + `, error="invalid_token"`
}

// unionError satisfies clients of RFC 6749, who read the first two, and those
// of VCD, who print the last two.
func unionError(x *exchange, e *doorError) {
	writeBody(x, "application/json", e.status, compact(struct {
		Error          string `json:"error"`
		Description    string `json:"error_description"`
		MinorErrorCode string `json:"minorErrorCode"`
		Message        string `json:"message"`
	}{e.code, e.text, e.code, e.text}))
}
