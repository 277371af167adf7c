package method

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/fair"
	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/internal/timetable"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/web"
)

// Call is one call of a request, while it runs.
type Call struct {
	X        *web.Exchange
	Method   *Method
	Caller   *caller.Caller
	Rights   Rights   // Without them nobody has a permission.
	Request  *Request // what the calls of the request have in common
	Warnings []string // of the answer

	endTurn func() // of [Call.TakeTurn]; nil without a turn
}

// Request is what the calls of a request have in common.
type Request struct {
	// Acted notes that something may have been carried out, and Ended that the credential
	// is not valid any more. Clients send a request again that is answered with 401, so
	// that is for one of which nothing was carried out.
	Acted, Ended bool

	Slept time.Duration // by the calls

	// MaxLooks is how many times of schedules the calls look at; 0 stands for 500,000.
	MaxLooks int

	// KeepUntil keeps the session of the caller until its token ends, if it was made for
	// the request.
	KeepUntil func(end time.Time) error

	looks *timetable.Looks // at times of schedules
}

// Act notes that something may have been carried out. There may be no request.
func (r *Request) Act() {
	if r != nil {
		r.Acted = true
	}
}

// Warn adds a warning to the answer.
func (c *Call) Warn(text string) { c.Warnings = append(c.Warnings, text) }

// Note writes into the audit log that something was changed or removed.
func (c *Call) Note(event, subject string) {
	audit.Of(c.X).Note(audit.Entry{Event: event, Outcome: audit.OK, Subject: subject})
}

// May returns an error unless the caller has one of some permissions.
func (c *Call) May(ctx context.Context, one ...role.Permission) error {
	if len(one) == 0 {
		return nil
	}
	if c.Rights == nil {
		return &Error{Code: CodeForbidden, Message: TextForbidden}
	}
	var err error
	for _, p := range one {
		if err = c.Rights.May(ctx, c.Caller.Issuer(), p); err == nil {
			return nil
		}
	}
	return err
}

// TextForbidden is for the client, where there is no better text.
const TextForbidden = "You are not allowed to do this"

// Do runs a call, and returns its result: JSON, or one that is streamed.
func (c *Call) Do(ctx context.Context, args []json.RawMessage, kwarg jsonobject.Object) (any, error) {
	if err := c.May(ctx, c.Method.Needs...); err != nil {
		return nil, err
	}
	p, wrong := c.Method.decode(args, kwarg)
	if wrong != nil {
		return nil, wrong
	}
	ret, err := c.Method.run(ctx, c, p)
	if err != nil {
		return nil, err
	}
	switch ret := ret.(type) {
	case json.RawMessage:
		return ret, nil
	case Streamed:
		return ret, nil
	}
	return json.RawMessage(web.JSON(ret)), nil
}

// Streamed is a result that is written to the answer as it is read.
type Streamed func(to *spool.Spool) error

// Rights returns whether a caller has a permission. *issuer.Service is one.
type Rights interface {
	May(ctx context.Context, c issuer.Caller, p role.Permission) error
}

var _ Rights = (*issuer.Service)(nil)

// maxLooks is the default of [Request].
const maxLooks = 500_000

// Looks returns the bound for the times of schedules that the request looks at.
func (c *Call) Looks() *timetable.Looks {
	if c.Request.looks == nil {
		c.Request.looks = timetable.NewLooks(cmp.Or(c.Request.MaxLooks, maxLooks))
	}
	return c.Request.looks
}

// TakeTurn waits for a slot, which the call has until [Call.EndTurn]. It takes one slot
// at the most. Errors are [fair.ErrFull] and the context's.
func (c *Call) TakeTurn(ctx context.Context, slots *fair.Slots) error {
	if c.endTurn != nil {
		return nil
	}
	release, err := slots.Acquire(ctx, fair.Key{From: fair.PrefixOf(ctx), User: c.Caller.Identity().User})
	if err == nil {
		c.endTurn = release
	}
	return err
}

// EndTurn ends the call's turn, if it has one. It is called when the answer is written.
func (c *Call) EndTurn() {
	if c.endTurn != nil {
		c.endTurn()
	}
}
