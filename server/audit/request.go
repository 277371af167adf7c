package audit

import (
	"context"
	"net/netip"
	"sync/atomic"
)

// Request is the request that entries are about. The server puts one into the
// context, and fills it in before the first entry is written. So all lines of a
// request have the same id as the gateway's log.
type Request struct {
	ID       string
	ClientID string // the client's X-Request-Id, or empty
	Trace    string // the client's traceparent, or empty
	Address  netip.Addr
	Agent    string
	Endpoint string

	lines atomic.Int64
}

// Lines returns the number of entries written about the request.
func (r *Request) Lines() int64 { return r.lines.Load() }

type requestKey struct{}

// WithRequest returns a context of a request.
func WithRequest(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// about fills in the request of the context.
func (e *Entry) about(ctx context.Context) {
	r, ok := ctx.Value(requestKey{}).(*Request)
	if !ok {
		return
	}
	r.lines.Add(1)
	e.RequestID, e.ClientRequestID, e.Trace = r.ID, r.ClientID, r.Trace
	if e.Address == "" && r.Address.IsValid() {
		e.Address = r.Address.String()
	}
	if e.Agent == "" {
		e.Agent = r.Agent
	}
	if e.Endpoint == "" {
		e.Endpoint = r.Endpoint
	}
}
