package web

import (
	"cmp"
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/saltern-api/saltern/lowstate"
)

// defaultRetryAfter is when to retry, if nothing better is known.
const defaultRetryAfter = 5 * time.Second

// ErrStopping is the cause with which requests are canceled at the end of the
// shutdown timeout.
var ErrStopping = errors.New("the gateway is stopping")

// Fail writes the response to an error. Only texts meant for clients reach
// them. It panics with http.ErrAbortHandler if no complete response is
// possible.
func (x *Exchange) Fail(r *http.Request, err error, write ErrorWriter) {
	x.Err = err
	if e, ok := errors.AsType[*lowstate.PanicError](err); ok {
		x.stack = e.Stack
	}
	if x.status != 0 {
		// The response has begun. It is aborted, so that no client takes it for
		// complete.
		panic(http.ErrAbortHandler)
	}
	e, known := Known(err)
	switch {
	case !known && abandoned(r, err):
		x.status = StatusClientGone
		panic(http.ErrAbortHandler)
	case !known:
		e = ErrorOf(err)
	default:
		if _, ok := errors.AsType[*lowstate.Error](err); !ok {
			x.Err = e
		}
	}
	x.metrics.refused(e)
	h := x.Header()
	if e.Close && r.ProtoMajor == 1 { // an HTTP/2 stream ends by itself
		h.Set("Connection", "close")
	}
	if e.Allow != "" {
		h.Set("Allow", e.Allow)
	}
	SetRetryAfter(h, e.Status, e.RetryAfter)
	write(x, r, e)
}

// SetRetryAfter sets the header for the statuses that have it, 429 and 503.
func SetRetryAfter(h http.Header, status int, after time.Duration) {
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		after = cmp.Or(after, defaultRetryAfter)
		h.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(after.Seconds())))))
	}
}

// abandoned reports whether a request failed because its client is gone.
func abandoned(r *http.Request, err error) bool {
	return errors.Is(err, context.Canceled) && r.Context().Err() != nil &&
		!errors.Is(context.Cause(r.Context()), ErrStopping)
}
