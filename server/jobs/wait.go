package jobs

import (
	"context"
	"net/http"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/records"
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
	wait := a.Waiting.Begin(jid, most)
	begun := false
	defer func() {
		if !begun {
			wait.Close()
		}
	}()
	var j records.Job
	err := a.Records.read(r.Context(), func(ctx context.Context, _ records.Reader) (err error) {
		j, err = wait.Job(ctx)
		return seen(j, err, s.job)
	})
	if err != nil {
		return err
	}
	if j.State.Ended() {
		return a.writeJob(r.Context(), x, a.sight(r.Context(), s.caller), jid, true)
	}
	begun = true
	// The wait may go on after the handler, with which the request's context ends. What
	// is read and written after it has a time limit of its own.
	kept := context.WithoutCancel(r.Context())
	following, done := a.follow(kept, s)
	unhook := context.AfterFunc(r.Context(), done)
	c := s.caller // all that is kept of the caller while it waits
	rest := func() error {
		defer done()
		defer wait.Close()
		if _, err := wait.End(following); err != nil {
			return err
		}
		return a.writeJob(kept, x, a.sight(kept, c), jid, true)
	}
	until := func(over func()) { wait.After(following, over) }
	if x.DetachWhole(r, done, until, rest) {
		unhook()
		return nil
	}
	defer unhook()
	return rest()
}

// follow returns a context that ends with the request, with the caller's credential
// or a permission by which it sees jobs, or when the gateway begins to stop.
func (a *API) follow(ctx context.Context, s sight) (context.Context, func()) {
	var needs []role.Permission
	for _, p := range []role.Permission{role.CmdRead, role.ReturnerRead} {
		if s.scopes != nil && s.scopes.May(p) {
			needs = append(needs, p)
		}
	}
	return a.Waiting.Follow(ctx, a.Callers, s.caller, needs...)
}
