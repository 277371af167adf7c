package jobs

import (
	"context"
	"net/http"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/waiting"
	"github.com/saltern-api/saltern/server/web"
)

// fresh is how long after its start a job may not be recorded yet. It is looked for
// so long before it does not exist: clients look a job up as soon as they have its
// jid.
const fresh = 2 * time.Second

// recorded waits until the job of a request is recorded and the caller sees it, if its
// jid is that of a moment ago. One that the caller does not see takes as long as one
// that does not exist.
func (a *API) recorded(r *http.Request, s sight) error {
	jid := web.Param(r, "jid")
	start, ok := records.StartOf(jid)
	left := fresh - time.Since(start)
	if a.Waiting == nil || !ok || left <= 0 || left > 2*fresh {
		return nil
	}
	ctx, done := a.follow(r.Context(), s)
	defer done()
	return a.Waiting.Recorded(ctx, jid, left, s.job)
}

// await answers a request when its job has ended or the time is over, if the caller
// sees the job. Where it can, the request waits without what net/http holds for it, and
// without a goroutine but the one that reads what the client sends.
func (a *API) await(x *web.Exchange, r *http.Request, s sight, jid string, most time.Duration) error {
	w := &waiter{api: a, x: x, wait: a.Waiting.Begin(jid, most)}
	begun := false
	defer func() {
		if !begun {
			w.wait.Close()
		}
	}()
	var j records.Job
	err := a.Records.read(r.Context(), func(ctx context.Context, _ records.Reader) (err error) {
		j, err = w.wait.Job(ctx, false)
		return seen(j, err, s.job)
	})
	if err != nil {
		return err
	}
	w.caller = s.caller
	if j.State.Ended() {
		return w.write(r.Context(), a.sight(r.Context(), w.caller))
	}
	begun = true
	w.caller = w.wait.Follow(a.Callers, s.caller, needsOf(s)...)
	if x.DetachWhole(r, w.wait.Leave, w.wait.After, w.goOn) {
		return nil
	}
	return w.end(r.Context())
}

// waiter is a request that waits for the end of a job, with all that is kept of it.
type waiter struct {
	api    *API
	x      *web.Exchange
	wait   *waiting.Wait
	caller *caller.Caller
}

// goOn answers after the handler, with which the request's context has ended. What is
// read and written has a time limit of its own.
func (w *waiter) goOn() (web.Until, error) { return nil, w.end(context.Background()) }

func (w *waiter) end(ctx context.Context) error {
	defer w.wait.Close()
	if _, err := w.wait.End(ctx); err != nil {
		return err
	}
	s, err := w.api.sightNow(ctx, w.caller)
	if err != nil {
		return err
	}
	return w.write(ctx, s)
}

// write answers with the job, which is read once for many that wait for it.
func (w *waiter) write(ctx context.Context, s sight) error {
	return w.api.writeJobOf(ctx, w.x, s,
		func(ctx context.Context, _ records.Reader, minions bool) (records.Job, error) {
			return w.wait.Job(ctx, minions)
		}, true)
}

// follow returns a context that ends with the request, with the caller's credential
// or a permission by which it sees jobs, or when the gateway begins to stop.
func (a *API) follow(ctx context.Context, s sight) (context.Context, func()) {
	return a.Waiting.Follow(ctx, a.Callers, s.caller, needsOf(s)...)
}

// sightNow returns what a caller sees after a while. A token that lacks one of the
// permissions of [needsOf] may have other scopes by now, which end nothing.
func (a *API) sightNow(ctx context.Context, c *caller.Caller) (sight, error) {
	s := a.sight(ctx, c)
	if s.scopes == nil || s.scopes.May(role.CmdRead) && s.scopes.May(role.ReturnerRead) {
		return s, nil
	}
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c, err := a.Callers.Again(within, c)
	if err != nil {
		return sight{}, err
	}
	return a.sight(ctx, c), nil
}

// needsOf returns the permissions by which a caller sees jobs.
func needsOf(s sight) (needs []role.Permission) {
	for _, p := range []role.Permission{role.CmdRead, role.ReturnerRead} {
		if s.scopes != nil && s.scopes.May(p) {
			needs = append(needs, p)
		}
	}
	return needs
}
