package server

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/web"
)

// This file is the one place where results and errors become answers. JSON is
// written with Python's separators, as salt-api's is.

const (
	defaultRetryAfter = 5 * time.Second
)

// fail answers an error. Only texts that are meant for clients reach them.
func (s *surface) fail(x *exchange, r *http.Request, err error) {
	x.err = err
	if e, ok := errors.AsType[*lowstate.PanicError](err); ok {
		x.stack = e.Stack
	}
	if x.status != 0 {
		// The answer has begun, and there is no way to take it back. It is
		// broken off, so that nobody takes what came for the whole.
		panic(http.ErrAbortHandler)
	}
	e, known := web.Known(err)
	switch {
	case !known && abandoned(r, err):
		x.status = web.StatusClientGone
		panic(http.ErrAbortHandler)
	case !known:
		e = web.ErrorOf(err)
	default:
		if _, ok := errors.AsType[*lowstate.Error](err); !ok {
			x.err = e
		}
	}
	s.metrics.refused(e)
	h := x.Header()
	if e.Close && r.ProtoMajor == 1 { // an HTTP/2 stream ends by itself
		h.Set("Connection", "close")
	}
	if e.Allow != "" {
		h.Set("Allow", e.Allow)
	}
	if e.Status == http.StatusUnauthorized {
		// The scheme that salt-api names. Browsers ask nobody for a password
		// over it.
		h.Set("Www-Authenticate", cmp.Or(e.Challenge, "Session"))
	}
	setRetryAfter(h, e.Status, e.RetryAfter)
	writeError(x, e.Status, s.errorText(x, e))
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

// errorText puts the number before the text, where upstream does: before what
// the HTTP side says by itself.
func (s *surface) errorText(x *exchange, e *web.Error) string {
	if _, own := errors.AsType[*web.Error](x.err); own && s.numbered {
		return fmt.Sprintf("%d: %s", e.Status, e.Text)
	}
	return e.Text
}

func setRetryAfter(h http.Header, status int, after time.Duration) {
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		after = cmp.Or(after, defaultRetryAfter)
		h.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(after.Seconds())))))
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
