package server

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/saltern-api/saltern/lowstate"
)

// This file is the one place where results and errors become answers. JSON is
// written with Python's separators, as salt-api's is.

const (
	textUnexpected = "An unexpected error occurred"
	textStopping   = "The gateway is stopping"

	// statusClientGone is logged when the client did not wait. It is nginx's
	// number for it and is never sent.
	statusClientGone = 499

	defaultRetryAfter = 5 * time.Second
)

// refusal is an answer that the HTTP side gives by itself, before lowstate has
// been asked.
type refusal struct {
	status int
	reason string // for the metrics, when it is about a body
	text   string
	close  bool   // whether the connection ends with it
	allow  string // for 405

	// challenge is how to log in, for 401: what salt-api says where it is
	// empty.
	challenge string

	err error // for the log
}

// Error gives the log's view.
func (e *refusal) Error() string {
	if e.err == nil {
		return e.text
	}
	return fmt.Sprintf("%s: %v", e.text, e.err)
}

// statuses are the answers to lowstate's errors, as rest_cherrypy gives them.
var statuses = map[lowstate.Kind]int{
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

// fail answers an error. Only texts that are meant for clients reach them.
func (s *surface) fail(x *exchange, r *http.Request, err error) {
	x.err = err
	if x.status != 0 {
		// The answer has begun, and there is no way to take it back. It is
		// broken off, so that nobody takes what came for the whole.
		panic(http.ErrAbortHandler)
	}
	if e, ok := errors.AsType[*refusal](err); ok {
		s.refuse(x, r, e)
		return
	}
	if e, ok := errors.AsType[*lowstate.Error](err); ok {
		failCall(x, e)
		return
	}
	switch {
	case abandoned(r, err):
		x.status = statusClientGone
		panic(http.ErrAbortHandler)
	case errors.Is(err, context.Canceled):
		setRetryAfter(x.Header(), http.StatusServiceUnavailable, 0)
		writeError(x, http.StatusServiceUnavailable, textStopping)
	default:
		writeError(x, http.StatusInternalServerError, textUnexpected)
	}
}

func (s *surface) refuse(x *exchange, r *http.Request, e *refusal) {
	s.metrics.refused(e)
	h := x.Header()
	if e.close && r.ProtoMajor == 1 { // an HTTP/2 stream ends by itself
		h.Set("Connection", "close")
	}
	if e.allow != "" {
		h.Set("Allow", e.allow)
	}
	if e.status == http.StatusUnauthorized {
		h.Set("Www-Authenticate", cmp.Or(e.challenge, "Session"))
	}
	setRetryAfter(h, e.status, 0)
	writeError(x, e.status, s.refusalText(e))
}

func failCall(x *exchange, e *lowstate.Error) {
	status, text := statuses[e.Kind], e.Text
	if e.Kind == lowstate.Internal {
		text = textUnexpected
	}
	if status == http.StatusUnauthorized {
		// The scheme that salt-api names. Browsers ask nobody for a password
		// over it.
		x.Header().Set("Www-Authenticate", "Session")
	}
	setRetryAfter(x.Header(), status, e.RetryAfter)
	writeError(x, status, text)
}

// writeError writes {"return": text}, or where salt-api has an HTML page
// {"status": number, "return": text}.
func writeError(x *exchange, status int, text string) {
	body := `{"return": ` + jsonText(text) + `}`
	if x.surface != WSGI {
		body = fmt.Sprintf(`{"status": %d, "return": %s}`, status, jsonText(text))
	}
	writeJSON(x, status, []byte(body))
}

// refusalText puts the number before the text, where upstream does.
func (s *surface) refusalText(e *refusal) string {
	if s.numbered {
		return fmt.Sprintf("%d: %s", e.status, e.text)
	}
	return e.text
}

func setRetryAfter(h http.Header, status int, after time.Duration) {
	if status == http.StatusServiceUnavailable {
		after = cmp.Or(after, defaultRetryAfter)
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(after.Seconds()))))
	}
}

// jsonText is text as a JSON string, with <, > and & as they are.
func jsonText(text string) string { return string(compact(text)) }

// compact is a value as JSON without blanks, with <, > and & as they are.
func compact(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // the types are ours, and encode
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// sizeText is a number of bytes for people.
func sizeText(n int64) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
