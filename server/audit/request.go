package audit

import (
	"context"
	"net/netip"
	"sync/atomic"
)

// Request is the request that entries are about. Whoever takes requests puts
// one into their context, and fills it in before anybody writes an entry. So
// the lines of a request name the same id as the gateway's log does, whoever
// writes them.
type Request struct {
	ID       string
	ClientID string // as the client has called it, or empty
	Address  netip.Addr
	Agent    string
	Endpoint string

	lines atomic.Int64
}

// Lines is how many entries were written about the request.
func (r *Request) Lines() int64 { return r.lines.Load() }

type requestKey struct{}

// WithRequest returns a context of a request.
func WithRequest(ctx context.Context, r *Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// about fills in what the context knows of the request.
func (e *Entry) about(ctx context.Context) {
	r, ok := ctx.Value(requestKey{}).(*Request)
	if !ok {
		return
	}
	r.lines.Add(1)
	e.RequestID, e.ClientRequestID = r.ID, r.ClientID
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
