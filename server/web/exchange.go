package web

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/server/format"
)

// writeSlice, in bytes, is what a client must read within the write timeout.
const writeSlice = 64 << 10

// Exchange is one request and its response. It is the http.ResponseWriter of
// the handlers, and is used by the request's goroutine only.
type Exchange struct {
	http.ResponseWriter
	Control      *http.ResponseController
	WriteTimeout time.Duration // for each slice of the response

	Surface  string // the name of the listener's API, for logs and metrics
	ID       string // the gateway's own, the response's X-Request-Id
	ClientID string // the request's X-Request-Id, or empty
	Trace    string // the request's traceparent, or empty
	Start    time.Time
	Remote   netip.Addr
	From     netip.Prefix // of Remote

	Media      format.Media // of the response
	Acceptable bool         // whether the client accepts that

	Budget   *budget.Budget // of the request's processing; set at its endpoint
	Spool    *spool.Spool   // for the request's answers; closed after the request
	Recorder Recorder       // never nil
	Err      error          // for the log

	// Memo is package caller's: the result of checking the credentials, so that
	// they are checked once. Handlers do not read it.
	Memo any

	bodies    *Bodies
	bodyLimit int64
	errors    ErrorWriter // of the route
	identify  func() bool // whether a credential outside of the body is valid; may be nil

	status  int // 0 until the response begins
	in, out int64

	reserved, reservedFirst int64 // bytes of body memory

	detachable bool
	detached   *detached // nil unless the response goes on after its handler
	heads      *heads

	stack   []byte
	metrics *Metrics // may be nil
}

// NewExchange returns an exchange that writes to w, without limits and with a
// recorder that discards.
func NewExchange(w http.ResponseWriter, writeTimeout time.Duration) *Exchange {
	return &Exchange{
		ResponseWriter: w,
		Control:        http.NewResponseController(w),
		WriteTimeout:   writeTimeout,
		Start:          time.Now(),
		Recorder:       noRecorder{},
		Spool:          (*spool.Store)(nil).New(),
	}
}

type exchangeKey struct{}

// ExchangeOf returns the exchange in a request's context.
func ExchangeOf(ctx context.Context) *Exchange {
	return ctx.Value(exchangeKey{}).(*Exchange)
}

var _ http.ResponseWriter = (*Exchange)(nil)

// Status returns the status of the response, or 0 before it has begun.
func (x *Exchange) Status() int { return x.status }

// Sizes returns how many bytes of the body were read and of the response
// written.
func (x *Exchange) Sizes() (in, out int64) { return x.in, x.out }

// WriteHeader sets the status, and has the recorder write its lines before the
// client receives anything.
func (x *Exchange) WriteHeader(status int) {
	if x.status == 0 {
		x.status = status
		x.Recorder.Before(status)
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write cuts off a client that has stopped reading: the time limit is per
// slice, not per response, so that a slow client gets a large one too.
func (x *Exchange) Write(p []byte) (int, error) {
	if x.status == 0 {
		x.WriteHeader(http.StatusOK)
	}
	written := 0
	for len(p) > 0 {
		slice := p[:min(len(p), writeSlice)]
		_ = x.Control.SetWriteDeadline(time.Now().Add(x.WriteTimeout))
		n, err := x.ResponseWriter.Write(slice)
		written += n
		x.out += int64(n)
		if err != nil {
			return written, err
		}
		p = p[len(slice):]
	}
	return written, nil
}

// Unwrap is for http.ResponseController.
func (x *Exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// RemoteText returns the client's address for logs.
func (x *Exchange) RemoteText(r *http.Request) string {
	if x.Remote.IsValid() {
		return x.Remote.String()
	}
	return r.RemoteAddr
}
