package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/web"
)

// serve answers POST /rpc. The type of the body does not count: some programs send
// JSON as a form.
func (a *API) serve(x *web.Exchange, r *http.Request) error {
	by, release, err := a.signIn(x, r)
	if err != nil {
		return err
	}
	defer release()
	if err := caller.MayReach(by.caller, r.Method, web.Pattern(r)); err != nil {
		return err
	}
	x.Budget.Known()
	body, err := x.ReadBody(r)
	if err != nil {
		return err
	}
	var calls []request
	var list bool
	err = x.InTurn(r, body, func() error {
		calls, list, err = parse(body, a.MaxCalls)
		return err
	})
	if bad, ok := errors.AsType[*method.Error](err); ok {
		return &web.Error{Status: http.StatusBadRequest, Reason: "malformed", Text: bad.Message}
	}
	if err != nil {
		return err
	}
	return a.answer(x, r, by, calls, list)
}

// answer runs calls, one after the other, and writes their envelopes.
func (a *API) answer(x *web.Exchange, r *http.Request, by *signedIn, calls []request, list bool) error {
	mark := x.Spool.Size()
	before := ""
	if list {
		before = "["
	}
	shared := &method.Request{
		KeepUntil: func(end time.Time) error { return a.keepUntil(by, end) }, MaxLooks: a.maxLooks,
	}
	for i, c := range calls {
		if i > 0 && !shared.Ended && c.err == nil {
			switch err := a.again(x, r, by); {
			case err == nil:
			case web.ErrorOf(err).Status != http.StatusUnauthorized:
				c.err = method.ErrorOf(err)
			case shared.Acted:
				shared.Ended = true
			default:
				return err
			}
		}
		_, _ = x.Spool.WriteString(before) // an error stays
		if err := a.one(r.Context(), x, by, c, shared); err != nil {
			return err
		}
		before = ","
	}
	switch {
	case list && len(calls) == 0:
		_, _ = x.Spool.WriteString("[]")
	case list:
		_, _ = x.Spool.WriteString("]")
	}
	answer := x.Spool.Since(mark)
	x.WriteHead("application/json", http.StatusOK, answer.Size())
	if err := x.WriteSection(answer); err != nil {
		x.Err = fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// one runs a call, and writes its envelope to the spool. The error is for the whole
// request: there is no room for the answer, the client is gone, or its credential has
// ended before anything was carried out.
func (a *API) one(ctx context.Context, x *web.Exchange, by *signedIn, r request, shared *method.Request) error {
	e := envelope{RIQ: r.riq, Warnings: []string{}}
	if r.err != nil {
		return e.fail(x.Spool, r.err)
	}
	if shared.Ended {
		return e.fail(x.Spool, method.ErrorOf(lowstate.ErrUnauthenticated))
	}
	m, ok := a.methods[r.resource+"."+r.method]
	if !ok {
		return e.fail(x.Spool, &method.Error{Code: method.CodeUnknownMethod, Message: fmt.Sprintf("there is no method %.80q of %.80q here", r.method, r.resource)})
	}
	c := &method.Call{X: x, Method: m, Caller: by.caller, Rights: a.Rights, Request: shared}
	defer c.EndTurn()
	mark := x.Spool.Size()
	ret, err := c.Do(ctx, r.args, r.kwarg)
	if err == nil {
		err = e.write(x.Spool, ret, c)
	}
	command, _ := errors.AsType[*lowstate.Error](err)
	if shared.Ended = command != nil && command.Kind == lowstate.Unauthenticated; !shared.Ended {
		shared.Act()
	}
	switch {
	case err == nil:
		return nil
	case x.Spool.Err() != nil:
		return x.Spool.Err()
	case isGone(ctx, err), shared.Ended && !shared.Acted:
		return err
	}
	if err := x.Spool.Truncate(mark); err != nil {
		return err
	}
	e.Warnings = append(e.Warnings, c.Warnings...)
	failed := method.ErrorOf(err)
	if failed.Code == method.CodeInternal && x.Err == nil {
		x.Err = err
	}
	if slices.Contains([]method.Code{method.CodeForbidden, method.CodeLoginRequired, method.CodeOutOfScope}, failed.Code) {
		audit.Of(x).Note(audit.Entry{Event: audit.Refused, Outcome: audit.Denied, Why: failed.Code.State(), Subject: m.String()})
	}
	return e.fail(x.Spool, failed)
}

// write writes the envelope of a result.
func (e *envelope) write(to *spool.Spool, ret any, c *method.Call) error {
	stream, ok := ret.(method.Streamed)
	if !ok {
		e.Ret, _ = ret.(json.RawMessage)
		e.Warnings = append(e.Warnings, c.Warnings...)
		_, err := to.Write(web.JSON(e))
		return err
	}
	_, _ = fmt.Fprintf(to, `{"riq":%s,"ret":`, e.RIQ) // an error stays
	if err := stream(to); err != nil {
		return err
	}
	_, err := fmt.Fprintf(to, `,"error":null,"warnings":%s}`, web.JSON(append([]string{}, c.Warnings...)))
	return err
}

// fail writes the envelope of an error.
func (e *envelope) fail(to *spool.Spool, err *method.Error) error {
	shown := err.Shown()
	e.Ret, e.Error = nil, &shown
	_, wrong := to.Write(web.JSON(e))
	return wrong
}

// isGone reports whether a call failed because its client did not wait.
func isGone(ctx context.Context, err error) bool {
	return errors.Is(err, context.Canceled) && ctx.Err() != nil
}
