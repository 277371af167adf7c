package audit

import (
	"context"
	"errors"
	"net/http"
	"net/netip"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/web"
)

// maxAuditedArguments, in bytes, is a little more than a line has room for, so
// that it shows that they were cut.
const maxAuditedArguments = 10 << 10

// Recorder notes what one request does and for whom, for the gateway's log, the
// metrics and, where there is one, the audit log. Its lines are written when the
// answer begins: what was answered is in the log. It belongs to the request's
// one goroutine. It is a [web.Recorder].
type Recorder struct {
	write     func(Entry) // nil where there is no audit log
	arguments bool
	request   *Request

	user, eauth string
	principal   *issuer.Principal // the same, for the holder of a token of ours
	shown       bool              // whether there was a credential, good or not

	chunks     []lowstate.Chunk
	chunkFirst bool
	call       *CallRecord // nil unless one was made
	outcome    string      // of the call; see OutcomeOf
	notes      []*Entry
	flushed    bool
}

var _ web.Recorder = (*Recorder)(nil)

// Writer takes entries. *Log is one.
type Writer interface {
	Write(ctx context.Context, e Entry)
}

// NewRecorder returns the recorder of a request, and the context that the
// request is to have. A nil log stands for none. The arguments of commands are
// written down only where that is said.
func NewRecorder(ctx context.Context, log Writer, arguments bool, about *Request) (*Recorder, context.Context) {
	rec := &Recorder{request: about, arguments: arguments}
	if log != nil {
		ctx = WithRequest(ctx, about)
		rec.write = func(e Entry) { log.Write(ctx, e) }
	}
	return rec, ctx
}

// Of returns the recorder of a request. A request that has none gets one now,
// without a log.
func Of(x *web.Exchange) *Recorder {
	c, ok := x.Recorder.(*Recorder)
	if !ok {
		c = &Recorder{request: &Request{}}
		x.Recorder = c
	}
	return c
}

// Route notes which endpoint the request has come to, and where it comes from.
func (c *Recorder) Route(endpoint string, from netip.Addr) {
	c.request.Address, c.request.Endpoint = from, endpoint
}

// SetUser notes who makes the request.
func (c *Recorder) SetUser(user, eauth string) { c.user, c.eauth = user, eauth }

// SetGrantee notes whom a token was given to, where nothing else shows who makes
// the request.
func (c *Recorder) SetGrantee(user string) { c.user = user }

// SetPrincipal notes who makes the request, by a token of ours.
func (c *Recorder) SetPrincipal(p *issuer.Principal) {
	c.SetUser(p.User, p.Eauth)
	c.principal = p
}

// SetShown notes that the request has a credential, good or not.
func (c *Recorder) SetShown() { c.shown = true }

// SetChunks notes the chunks of a request, before it is known whose they are.
func (c *Recorder) SetChunks(chunkFirst bool, chunks ...lowstate.Chunk) {
	c.chunks, c.chunkFirst = chunks, chunkFirst
}

// SetCall notes the call that the request makes.
func (c *Recorder) SetCall(call lowstate.Call) { c.call = &CallRecord{Call: call} }

// SetResult notes how far the request's call has come.
func (c *Recorder) SetResult(soFar lowstate.Result) { c.call.Result = soFar }

// SetOutcome notes what the request's call came to in the end.
func (c *Recorder) SetOutcome(res lowstate.Result, err error) {
	c.SetResult(res)
	c.outcome = OutcomeOf(err)
}

// Call returns the call that the request has made, or nil, and its outcome,
// which is empty before its end.
func (c *Recorder) Call() (call *CallRecord, outcome string) { return c.call, c.outcome }

// Note notes something that the request does. What is not said of its outcome
// and of who does it is filled in when the answer begins.
func (c *Recorder) Note(e Entry) *Entry {
	c.notes = append(c.notes, &e)
	return &e
}

// Before writes the lines of a request that is about to be answered.
func (c *Recorder) Before(status int) {
	if c.write == nil || c.flushed {
		return
	}
	c.flushed = true
	call := c.call
	if call == nil {
		call = &CallRecord{Call: lowstate.Call{Chunks: c.chunks, ChunkFirst: c.chunkFirst}}
	}
	entries := c.callEntries(call, status, c.outcome)
	for _, e := range c.notes {
		entries = append(entries, c.complete(*e, status))
	}
	if len(entries) == 0 && c.shown && isRefused(status) && c.request.Lines() == 0 {
		entries = append(entries, c.complete(Entry{Event: Refused}, status))
	}
	for _, e := range entries {
		c.write(e)
	}
}

// End writes what there is to be written when the request has ended: all of it,
// or that the answer was broken off. A status of 0 is that of an answer that has
// not begun; err is what the gateway's log says of the request.
func (c *Recorder) End(status int, err error) {
	if status == 0 {
		status = http.StatusOK // as package http has it
	}
	switch {
	case c.write == nil:
	case !c.flushed:
		c.Before(status)
	case status < http.StatusBadRequest && c.call != nil && err != nil:
		for _, e := range c.truncated(status) {
			c.write(e)
		}
	}
}

// complete completes an entry.
func (c *Recorder) complete(e Entry, status int) Entry {
	e.Status = status
	if e.Outcome == "" {
		e.Outcome, e.Why = outcomeOfStatus(status), whyOf(status)
	}
	if e.User == "" && (e.ClaimedUser == "" || e.Outcome == OK) {
		c.identify(&e)
		e.ClaimedUser = ""
	}
	return e
}

// identify fills in who makes the request.
func (c *Recorder) identify(e *Entry) {
	if p := c.principal; p != nil {
		e.By(p)
		return
	}
	e.User, e.Eauth = c.user, c.eauth
}

// isRefused reports whether a status is about the caller.
func isRefused(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusTooManyRequests
}

func outcomeOfStatus(status int) string {
	switch {
	case status < http.StatusBadRequest:
		return OK
	case status == web.StatusClientGone:
		return Canceled
	case status < http.StatusInternalServerError:
		return Denied
	}
	return Failed
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
	return OutcomeInternal
}

// The outcomes of a call that are no error of lowstate's.
const (
	OutcomeOK       = "ok"
	OutcomeInternal = "internal"
	outcomeCanceled = "canceled"
)

// outcomes name lowstate's errors in the metrics and in the audit log.
var outcomes = map[lowstate.Kind]string{
	lowstate.Internal:        OutcomeInternal,
	lowstate.BadRequest:      "bad_request",
	lowstate.TooLarge:        "too_large",
	lowstate.Unauthenticated: "unauthenticated",
	lowstate.Unauthorized:    "unauthorized",
	lowstate.OutOfScope:      "out_of_scope",
	lowstate.Failed:          "failed",
	lowstate.Unavailable:     "unavailable",
	lowstate.Timeout:         "timeout",
}

// OutcomeOf returns what a call came to, in one word.
func OutcomeOf(err error) string {
	if err == nil {
		return OutcomeOK
	}
	if e, ok := errors.AsType[*lowstate.Error](err); ok {
		return outcomes[e.Kind]
	}
	if errors.Is(err, context.Canceled) {
		return outcomeCanceled
	}
	return OutcomeInternal
}

// LoginEntry returns a login for the log. Until it has succeeded, the name is only
// what somebody says.
func LoginEntry(c eauth.Credentials) Entry {
	return Entry{Event: Login, ClaimedUser: c.Username, Eauth: c.Eauth}
}
