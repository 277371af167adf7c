package server

import (
	"context"
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/web"
)

// AuditLog keeps who did what. *audit.Log is one.
type AuditLog interface {
	Write(ctx context.Context, e audit.Entry)
	Find(ctx context.Context, q audit.Query) (audit.Page, error)
}

var _ AuditLog = (*audit.Log)(nil)

// AuditOptions are about the audit log. Without a Log there is none.
type AuditOptions struct {
	Log AuditLog

	// Arguments has the arguments of commands written down too.
	Arguments bool
}

// maxAuditedArguments is a little more than a line has room for, so that it
// shows that they were cut.
const maxAuditedArguments = 10 << 10

// audited is what a request has done that is for the audit log. Its lines are
// written when the answer begins: what was answered is in the log.
type audited struct {
	write     func(audit.Entry) // nil where there is no log
	arguments bool
	request   *audit.Request

	eauth     string            // of exchange.user
	principal *issuer.Principal // the same, for the holder of a token of ours
	shown     bool              // whether there was a credential, good or not

	asked      []lowstate.Chunk
	chunkFirst bool
	notes      []*audit.Entry
	settled    bool
}

// auditing prepares a request for the audit log.
func (s *Server) auditing(x *exchange, r *http.Request) *http.Request {
	log := s.cfg.Audit.Log
	if log == nil {
		return r
	}
	about := &audit.Request{ID: x.id, ClientID: x.clientID, Agent: r.UserAgent()}
	ctx := audit.WithRequest(r.Context(), about)
	x.audit = audited{
		request: about, arguments: s.cfg.Audit.Arguments,
		write: func(e audit.Entry) { log.Write(ctx, e) },
	}
	return r.WithContext(ctx)
}

// routed notes which endpoint the request has come to.
func (x *exchange) routed(r *http.Request) {
	if about := x.audit.request; about != nil {
		about.Address, about.Endpoint = x.remote, x.endpoint(r)
	}
}

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

// known notes who asks.
func (x *exchange) known(user, eauth string) { x.user, x.audit.eauth = user, eauth }

// bears notes who asks, by a token of ours.
func (x *exchange) bears(p *issuer.Principal) {
	x.known(p.User, p.Eauth)
	x.audit.principal = p
}

// asks notes the chunks of a request, before anybody knows whose they are.
func (x *exchange) asks(chunkFirst bool, chunks ...lowstate.Chunk) {
	x.audit.asked, x.audit.chunkFirst = chunks, chunkFirst
}

// note notes something that the request does. What is not said of its outcome
// and of who does it is filled in when the answer begins.
func (x *exchange) note(e audit.Entry) *audit.Entry {
	x.audit.notes = append(x.audit.notes, &e)
	return &e
}

// settle writes the lines of a request that is about to be answered.
func (x *exchange) settle(status int) {
	a := &x.audit
	if a.write == nil || a.settled {
		return
	}
	a.settled = true
	call := x.call
	if call == nil {
		call = &lowstate.Call{Chunks: a.asked, ChunkFirst: a.chunkFirst}
	}
	entries := x.callEntries(call, status, x.outcome)
	for _, e := range a.notes {
		entries = append(entries, x.noted(*e, status))
	}
	if len(entries) == 0 && a.shown && isRefused(status) && a.request.Lines() == 0 {
		entries = append(entries, x.noted(audit.Entry{Event: audit.Refused}, status))
	}
	for _, e := range entries {
		a.write(e)
	}
}

// settleAll writes what there is to be written when the request has ended: all
// of it, or that the answer was broken off.
func (x *exchange) settleAll() {
	status := x.status
	if status == 0 {
		status = http.StatusOK // as package http has it
	}
	switch {
	case x.audit.write == nil:
	case !x.audit.settled:
		x.settle(status)
	case status < http.StatusBadRequest && x.call != nil && x.err != nil:
		for _, e := range x.brokenOff() {
			x.audit.write(e)
		}
	}
}

// noted completes an entry.
func (x *exchange) noted(e audit.Entry, status int) audit.Entry {
	e.Status = status
	if e.Outcome == "" {
		e.Outcome, e.Why = outcomeOfStatus(status), whyOf(status)
	}
	if e.User == "" && (e.ClaimedUser == "" || e.Outcome == audit.OK) {
		x.who(&e)
		e.ClaimedUser = ""
	}
	return e
}

// who fills in who asks.
func (x *exchange) who(e *audit.Entry) {
	if p := x.audit.principal; p != nil {
		e.By(p)
		return
	}
	e.User, e.Eauth = x.user, x.audit.eauth
}

// isRefused tells of statuses that are about who asks.
func isRefused(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusTooManyRequests
}

func outcomeOfStatus(status int) string {
	switch {
	case status < http.StatusBadRequest:
		return audit.OK
	case status == web.StatusClientGone:
		return audit.Canceled
	case status < http.StatusInternalServerError:
		return audit.Denied
	}
	return audit.Failed
}

// whyOf is a status as one word, in those of outcomeOf.
func whyOf(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return outcomes[lowstate.Unauthenticated]
	case http.StatusForbidden:
		return "forbidden"
	case http.StatusTooManyRequests:
		return "throttled"
	case http.StatusServiceUnavailable:
		return outcomes[lowstate.Unavailable]
	case http.StatusGatewayTimeout:
		return outcomes[lowstate.Timeout]
	case web.StatusClientGone:
		return outcomeCanceled
	}
	switch {
	case status < http.StatusBadRequest:
		return ""
	case status < http.StatusInternalServerError:
		return outcomes[lowstate.BadRequest]
	}
	return outcomeInternal
}
