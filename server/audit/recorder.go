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

// maxAuditedArguments, in bytes, is a little more than fits into a line, so
// that the cut shows.
const maxAuditedArguments = 10 << 10

// Recorder records what one request does and for which caller, for the gateway's
// log, the metrics and the audit log, if any. Its lines are written when the
// response begins, so that the log holds every answered request. It is used by
// the request's goroutine only. It is a [web.Recorder].
type Recorder struct {
	log       Writer // nil without an audit log
	arguments bool
	request   *Request

	user, eauth string
	principal   *issuer.Principal // the same, for the holder of a token of ours
	shown       bool              // whether there was a credential, good or not

	chunks     []lowstate.Chunk
	chunkFirst bool
	call       *CallRecord // nil unless there was one
	outcome    string      // of the call; see OutcomeOf
	notes      []*Entry
	flushed    bool
}

var _ web.Recorder = (*Recorder)(nil)

// Writer takes entries. *Log is one.
type Writer interface {
	Write(ctx context.Context, e Entry)
}

// NewRecorder returns the recorder of a request, and the request's new context.
// log may be nil. The arguments of commands are written only if arguments is
// true.
func NewRecorder(ctx context.Context, log Writer, arguments bool, about *Request) (*Recorder, context.Context) {
	rec := &Recorder{request: about, arguments: arguments}
	if log != nil {
		ctx = WithRequest(ctx, about)
		rec.log = log
	}
	return rec, ctx
}

// Of returns the recorder of a request. A request without one gets one now,
// without a log.
func Of(x *web.Exchange) *Recorder {
	c, ok := x.Recorder.(*Recorder)
	if !ok {
		c = &Recorder{request: &Request{}}
		x.Recorder = c
	}
	return c
}

// Route sets the endpoint of the request, and its origin.
func (c *Recorder) Route(endpoint string, from netip.Addr) {
	c.request.Address, c.request.Endpoint = from, endpoint
}

// SetUser sets the caller.
func (c *Recorder) SetUser(user, eauth string) { c.user, c.eauth = user, eauth }

// SetGrantee sets the user that a token was issued to, where nothing else
// identifies the caller.
func (c *Recorder) SetGrantee(user string) { c.user = user }

// SetPrincipal sets the caller, by a token of ours.
func (c *Recorder) SetPrincipal(p *issuer.Principal) {
	c.SetUser(p.User, p.Eauth)
	c.principal = p
}

// SetShown records that the request has a credential, valid or not.
func (c *Recorder) SetShown() { c.shown = true }

// SetChunks sets the chunks of a request, before the caller is known.
func (c *Recorder) SetChunks(chunkFirst bool, chunks ...lowstate.Chunk) {
	c.chunks, c.chunkFirst = chunks, chunkFirst
}

// SetCall sets the call that the request makes.
func (c *Recorder) SetCall(call lowstate.Call) { c.call = NewCallRecord(call, lowstate.Result{}) }

// SetResult sets the result of the request's call so far.
func (c *Recorder) SetResult(soFar lowstate.Result) { c.call.Result = soFar }

// SetOutcome sets the final result of the request's call.
func (c *Recorder) SetOutcome(res lowstate.Result, err error) {
	c.SetResult(res)
	c.outcome = OutcomeOf(err)
}

// ForgetAnswers drops the answers of the request's call, of which no line is made, and
// what keeps the request, for one that goes on.
func (c *Recorder) ForgetAnswers() { c.call.forgetAnswers() }

// Context returns a context for what is done for the request after its handler.
func (c *Recorder) Context(ctx context.Context) context.Context {
	if c.log == nil {
		return ctx
	}
	return WithRequest(ctx, c.request)
}

// Call returns the request's call, or nil, and its outcome, which is empty
// until it has ended.
func (c *Recorder) Call() (call *CallRecord, outcome string) { return c.call, c.outcome }

// Note adds an entry about the request. The caller and, if empty, the outcome
// are filled in when the response begins.
func (c *Recorder) Note(e Entry) *Entry {
	c.notes = append(c.notes, &e)
	return &e
}

// write writes a line. Nothing of the request's context is kept for it: a request may
// go on for hours.
func (c *Recorder) write(e Entry) { c.log.Write(WithRequest(context.Background(), c.request), e) }

// Before writes the lines of a request before its response begins.
func (c *Recorder) Before(status int) {
	if c.log == nil || c.flushed {
		return
	}
	c.flushed = true
	call := c.call
	if call == nil {
		call = &CallRecord{chunks: c.chunks, chunkFirst: c.chunkFirst}
	}
	entries := c.callEntries(call, status, c.outcome)
	for _, e := range c.notes {
		entries = append(entries, c.complete(*e, status))
	}
	c.notes = nil // the request may go on for hours
	if len(entries) == 0 && c.shown && isRefused(status) && c.request.Lines() == 0 {
		entries = append(entries, c.complete(Entry{Event: Refused}, status))
	}
	for _, e := range entries {
		c.write(e)
	}
}

// End writes the remaining lines when the request has ended: all of them, or
// those about a truncated response. A status of 0 means that the response has
// not begun; err is the error in the gateway's log.
func (c *Recorder) End(status int, err error) {
	if status == 0 {
		status = http.StatusOK // the default of net/http
	}
	switch {
	case c.log == nil:
	case !c.flushed:
		c.Before(status)
	case status < http.StatusBadRequest && c.call != nil && err != nil:
		for _, e := range c.truncated(status) {
			c.write(e)
		}
	}
}

// complete fills in the request's fields of an entry.
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

// identify sets the caller of an entry.
func (c *Recorder) identify(e *Entry) {
	if p := c.principal; p != nil {
		e.By(p)
		return
	}
	e.User, e.Eauth = c.user, c.eauth
}

// isRefused reports whether a status is due to the caller's credential or
// rights.
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

// whyOf returns a status as one word, from the words of OutcomeOf.
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

// The outcomes of a call that are not errors of lowstate.
const (
	OutcomeOK       = "ok"
	OutcomeInternal = "internal"
	outcomeCanceled = "canceled"
)

// outcomes maps lowstate's errors to their names in the metrics and the audit
// log.
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

// OutcomeOf returns the outcome of a call in one word.
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

// LoginEntry returns the entry of a login. Until it has succeeded, the name is
// only claimed.
func LoginEntry(c eauth.Credentials) Entry {
	return Entry{Event: Login, ClaimedUser: c.Username, Eauth: c.Eauth}
}
