package schedules

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/schedule"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/rpc/commands"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/saved"
	"github.com/saltern-api/saltern/server/web"
)

// Standings keep what is needed of a caller to act for it later. *issuer.Service is one.
type Standings interface {
	Standing(ctx context.Context, c issuer.Caller) (issuer.Standing, error)
	Resume(ctx context.Context, st issuer.Standing) (*issuer.Principal, error)
	ActAs(ctx context.Context, p *issuer.Principal) (*issuer.Delegation, error)
}

var _ Standings = (*issuer.Service)(nil)

// Firing runs schedules as those who saved them, with what these may do now. It is a
// [schedule.Runner].
type Firing struct {
	// API has all that runs commands, with [ScheduledAuthority] as the authority.
	API *API

	Rights method.Rights // Without them nobody has a permission.

	// Audit writes an entry for each command; nil for none. Arguments has their
	// arguments in these.
	Audit     audit.Writer
	Arguments bool

	Log *slog.Logger
}

var _ schedule.Runner = (*Firing)(nil)

// What is recorded of runs that were refused.
const (
	whyEnded    = "the token or the user that it was saved with is not valid any more"
	whyMayNot   = "who saved it may not save schedules any more"
	whyChanged  = "its job or target was changed since it was saved, and another user may have done that"
	whyUnknown  = "it cannot be found out what came of it"
	whyNotKnown = "it cannot be found out now whether it may be run"
)

// Run implements [schedule.Runner].
func (f *Firing) Run(ctx context.Context, s records.Schedule, _ time.Time) (out schedule.Outcome) {
	body, _, err := schedule.Read(s)
	if err != nil {
		return schedule.Outcome{State: records.RunFailed, Why: "the schedule cannot be read"}
	}
	out.Cmd, out.Fun = body.Cmd, body.Fun
	by, why, err := f.caller(ctx, s, body)
	switch {
	case err != nil:
		f.log(ctx, s, err)
		out.State, out.Why = records.RunFailed, whyNotKnown
		return out
	case why != "":
		out.State, out.Why = records.RunRefused, why
		return out
	}
	rec, ctx := audit.NewRecorder(ctx, f.Audit, f.Arguments, &audit.Request{ID: s.ID})
	rec.Route("schedule", by.From.Addr)
	if by.Principal != nil {
		rec.SetPrincipal(by.Principal)
	} else {
		rec.SetUser(by.User, by.Eauth)
	}
	x := &web.Exchange{
		Start: time.Now(), Remote: by.From.Addr, ID: s.ID, Recorder: rec, Budget: budget.New(ctx, nil), Spool: (*spool.Store)(nil).New(),
	}
	x.Budget.Known()
	defer func() { _ = x.Spool.Close() }() // nothing of it is used
	c := &call{f.API.Commands.Of(&method.Call{
		X: x, Method: &method.Method{Resource: "schedule", Name: "run"}, Caller: by, Rights: f.Rights, Request: new(method.Request),
	}), f.API}
	c.Origin = lowstate.Origin{Sched: s.ID, SchedName: s.Name}
	p := commands.RouteParams{JobUUID: s.Job, TgtUUID: s.Tgt, Tgt: method.Object(body.Tgt), Arg: method.Object(body.Arg), Masters: body.Masters}
	if s.Job == "" {
		p.Cmd, p.Fun = body.Cmd, body.Fun
	}
	ret, err := f.run(ctx, c, s, body, p)
	rec.End(http.StatusOK, nil)
	return outcomeOf(ctx, out, ret, err)
}

// run runs the command of a schedule.
func (f *Firing) run(ctx context.Context, c *call, s records.Schedule, body schedule.Body, p commands.RouteParams) (any, error) {
	switch err := c.May(ctx, role.ScheduleWrite); {
	case errors.Is(err, issuer.Forbidden), errors.Is(err, issuer.LoginRequired):
		return nil, &method.Error{Code: method.CodeForbidden, Message: whyMayNot, Err: err}
	case err != nil:
		return nil, err
	}
	c.Unchanged = func(o saved.Item) error {
		was := body.JobAs
		if o.Kind == records.SavedTarget {
			was = body.TgtAs
		}
		if o.Revision() != was && !o.MayDiffer(s.User, s.Eauth, was) {
			return &method.Error{Code: method.CodeForbidden, Message: whyChanged}
		}
		return nil
	}
	return commands.Route(ctx, &c.Call, p)
}

// caller returns who saved a schedule as the caller of now, or why it cannot act any
// more.
func (f *Firing) caller(ctx context.Context, s records.Schedule, body schedule.Body) (by *caller.Caller, why string, err error) {
	var st issuer.Standing
	if json.Unmarshal(body.As, &st) != nil {
		return nil, whyEnded, nil
	}
	p, err := f.API.Standings.Resume(ctx, st)
	switch {
	case errors.Is(err, issuer.InvalidGrant), errors.Is(err, issuer.Forbidden):
		return nil, whyEnded, nil
	case err != nil:
		return nil, "", err
	case p.User != s.User || p.Eauth != s.Eauth:
		return nil, whyEnded, nil
	}
	by = &caller.Caller{User: p.User, Eauth: p.Eauth, Groups: p.Groups, From: issuer.Origin{Addr: st.From, Agent: "schedule"}}
	if st.IsLogin() {
		by.LoggedIn = true
		by.Session = &session.Session{ID: "schedule " + s.ID, User: p.User, Eauth: p.Eauth, Groups: p.Groups}
	} else {
		by.Principal = p
	}
	return by, "", nil
}

func (f *Firing) log(ctx context.Context, s records.Schedule, err error) {
	if f.Log != nil {
		f.Log.LogAttrs(ctx, slog.LevelWarn, "a schedule is not run, as it cannot be found out whether it may be",
			slog.String("schedule", s.ID), slog.Any("error", err))
	}
}

// outcomeOf returns what came of a command.
func outcomeOf(ctx context.Context, out schedule.Outcome, ret any, err error) schedule.Outcome {
	if err == nil {
		out.State = records.RunStarted
		out.JID, _ = ret.(string)
		return out
	}
	e := method.ErrorOf(err)
	out.Why = e.Message
	switch e.Code {
	case method.CodeForbidden, method.CodeLoginRequired, method.CodeOutOfScope, method.CodeNotAuthenticated, method.CodeNotFound:
		out.State = records.RunRefused
	case method.CodeFailed, method.CodeInvalidParameter, method.CodeUnavailable, method.CodeTooLarge, method.CodeThrottled, method.CodeInvalidCall:
		out.State = records.RunFailed
	default:
		out.State, out.Why = records.RunUnknown, whyUnknown
	}
	if ctx.Err() != nil {
		out.State, out.Why = records.RunUnknown, whyUnknown
	}
	return out
}
