package web

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/server/format"
)

// writeSlice, in bytes, is how much a client must read within the write timeout.
const writeSlice = 64 << 10

// Exchange is one request and its answer. It is the http.ResponseWriter of the
// handlers, and belongs to the request's one goroutine.
type Exchange struct {
	http.ResponseWriter
	Control      *http.ResponseController
	WriteTimeout time.Duration // for each slice of the answer

	Surface  string // the name of the listener's API, for logs and metrics
	ID       string // its own, the answer's X-Request-Id
	ClientID string // the request's X-Request-Id, or empty
	Start    time.Time
	Remote   netip.Addr
	From     netip.Prefix // of Remote

	Media      format.Media // of the answer
	Acceptable bool         // whether the client takes that

	Budget   *budget.Budget // of what is made of the request; set when it has come to its endpoint
	Recorder Recorder       // never nil
	Err      error          // for the log

	// Memo is package caller's: what came of looking at credentials, so that
	// they are looked at once. Handlers do not read it.
	Memo any

	bodies    *Bodies
	bodyLimit int64
	identify  func() bool // whether a credential beside the body is good; may be nil

	status  int // 0 until the answer begins
	in, out int64

	reserved, reservedFirst int64 // bytes of body memory

	stack   []byte
	metrics *Metrics // may be nil
}

// NewExchange returns an exchange for an answer that w is to get, without limits
// and without a recorder that keeps anything.
func NewExchange(w http.ResponseWriter, writeTimeout time.Duration) *Exchange {
	return &Exchange{
		ResponseWriter: w,
		Control:        http.NewResponseController(w),
		WriteTimeout:   writeTimeout,
		Start:          time.Now(),
		Recorder:       noRecorder{},
	}
}

type exchangeKey struct{}

// ExchangeOf returns the exchange that a request's context belongs to.
func ExchangeOf(ctx context.Context) *Exchange {
	return ctx.Value(exchangeKey{}).(*Exchange)
}

var _ http.ResponseWriter = (*Exchange)(nil)

// Status returns the status of the answer, or 0 before it has begun.
func (x *Exchange) Status() int { return x.status }

// Sizes returns how many bytes of the body were read and of the answer written.
func (x *Exchange) Sizes() (in, out int64) { return x.in, x.out }

// WriteHeader notes the status, and has the recorder write its lines before the
// client hears anything.
func (x *Exchange) WriteHeader(status int) {
	if x.status == 0 {
		x.status = status
		x.Recorder.Before(status)
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write cuts off a client that has stopped reading: the time limit is one for
// each slice, not for the answer, so that a slow client gets a large one too.
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

// RemoteText returns the client's address as logs have it.
func (x *Exchange) RemoteText(r *http.Request) string {
	if x.Remote.IsValid() {
		return x.Remote.String()
	}
	return r.RemoteAddr
}
