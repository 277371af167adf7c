package server

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/format"
)

// writeSlice is how much a client must read within the write timeout.
const writeSlice = 64 << 10

// exchange is one request and its answer, and what is known of them for the
// log line and the metrics. It is the http.ResponseWriter of the handlers.
type exchange struct {
	http.ResponseWriter
	control      *http.ResponseController
	writeTimeout time.Duration

	surface    Surface
	id         string // its own, the answer's X-Request-Id
	clientID   string // the request's X-Request-Id, or empty
	start      time.Time
	remote     netip.Addr
	from       netip.Prefix       // of remote
	media      format.Media       // of the answer
	acceptable bool               // whether the client takes that
	acting     *issuer.Delegation // nil unless the caller has shown an API or access token

	budget   *budget.Budget // of what is made of the request; set when it has come to its endpoint
	resolved *resolved      // nil until a credential beside the body was looked at

	recorder *audit.Recorder
	status   int // 0 until the answer begins
	in, out  int64

	reserved, reservedFirst int64 // bytes of body memory

	err   error // for the log
	stack []byte
}

type exchangeKey struct{}

// exchangeOf returns the exchange that a handler's context belongs to.
func exchangeOf(ctx context.Context) *exchange {
	return ctx.Value(exchangeKey{}).(*exchange)
}

var _ http.ResponseWriter = (*exchange)(nil)

// WriteHeader notes the status, and has the audit log written before the client
// hears anything.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 {
		x.status = status
		if x.recorder != nil {
			x.recorder.Before(status)
		}
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write cuts off a client that has stopped reading: the time limit is one for
// each slice, not for the answer, so that a slow client gets a large one too.
func (x *exchange) Write(p []byte) (int, error) {
	if x.status == 0 {
		x.WriteHeader(http.StatusOK)
	}
	written := 0
	for len(p) > 0 {
		slice := p[:min(len(p), writeSlice)]
		_ = x.control.SetWriteDeadline(time.Now().Add(x.writeTimeout))
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
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// begin notes the call that a request makes, and who makes it. A call without
// a token of the request's has credentials in its chunks.
func (x *exchange) begin(call lowstate.Call) lowstate.Call {
	call.RemoteAddr, call.Budget = x.remote, x.budget
	if call.Authority.Token != "" {
		call.Authority = actFor(call.Authority, x.acting)
	}
	x.recorder.SetCall(call)
	return call
}

// actFor is the authority of the holder of an API token, nil for none, within
// the token's scopes. The owner's Salt token is then replaced when the master
// has forgotten it, and not given to anybody else when the master has shown it
// on its bus, as it does with loads that it refuses.
func actFor(to lowstate.Authority, a *issuer.Delegation) lowstate.Authority {
	if a != nil {
		to.Identity, to.Scope = &a.Identity, a.Scopes
	}
	return to
}

// follow ends a stream with the token that it was opened with.
func (x *exchange) follow(ctx context.Context) (context.Context, context.CancelFunc) {
	return x.acting.Follow(ctx, role.EventRead)
}

// routed notes which endpoint the request has come to.
func (x *exchange) routed(r *http.Request) { x.recorder.Route(x.endpoint(r), x.remote) }

// endpoint is the method and the pattern of the path. The path itself may have
// a token in it.
func (x *exchange) endpoint(r *http.Request) string {
	method, pattern := r.Method, "/" // as every path is in rest_wsgi
	if !slices.Contains(methods, method) {
		method = other
	}
	if route := chi.RouteContext(r.Context()); route != nil {
		pattern = route.RoutePattern()
	}
	return method + " " + pattern
}

// release takes back the authority of a token's owner.
func (x *exchange) release(ctx context.Context) {
	if x.acting != nil {
		x.acting.Release(ctx)
	}
}
