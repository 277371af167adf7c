package netapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/waiting"
	"github.com/saltern-api/saltern/server/web"
)

// CompleteHeader says, in the answer to GET /jobs/<jid>?wait=, whether the job has
// ended. The body is that of salt-api, which does not say so.
const CompleteHeader = "Saltern-Complete"

// parseWait reads the parameter wait; 0 stands for none. salt-api ignores it, like
// all others.
func (s *CherryPy) parseWait(r *http.Request) (time.Duration, error) {
	values := r.URL.Query()[waiting.Param]
	if len(values) == 0 {
		return 0, nil
	}
	if s.Waiting == nil {
		return 0, &web.Error{Status: http.StatusNotImplemented,
			Text: "Parameter \"wait\": the end of a job is not seen here"}
	}
	err := errors.New("it is there twice")
	var wait time.Duration
	if len(values) == 1 {
		wait, err = s.Waiting.Parse(values[0])
	}
	if err != nil {
		return 0, &web.Error{Status: http.StatusBadRequest, Text: "Parameter \"wait\": " + err.Error()}
	}
	return wait, nil
}

// waitForJob answers with a job when it has ended, or after the time of the wait. A job
// that the caller may not look up, or that does not exist, is not waited for. Where it
// can, the request waits without what net/http holds for it.
func (s *CherryPy) waitForJob(
	x *web.Exchange, r *http.Request, c *caller.Caller, authority lowstate.Authority, jid string, wait time.Duration,
) error {
	w := &jobWaiter{api: s, x: x, caller: c, endpoint: s.endpoint(r), jid: jid}
	if s.Returns != nil {
		return w.untilReturned(r, authority, wait)
	}
	w.wait = s.Waiting.Begin(jid, wait)
	waits := false
	defer func() {
		if !waits {
			w.wait.Close()
		}
	}()
	j, err := w.wait.Job(r.Context(), false)
	ended := err == nil && j.State.Ended()
	job, err := s.lookUpJob(r.Context(), x, authority, jid)
	switch {
	case err != nil:
		return err
	case !isKnown(job):
		return answerJob(x, jid, job)
	case ended || hasReturned(job):
		return w.answer(true, job)
	}
	audit.Of(x).ForgetAnswers() // nothing of the job is kept while the request waits
	waits = true
	w.caller = w.wait.Follow(s.Resolver, c, role.ReturnerRead)
	if x.DetachWhole(r, w.wait.Leave, w.wait.After, w.goOn) {
		return nil
	}
	return w.untilEnd(r.Context())
}

// jobWaiter is a request that waits for the end of a job, with all that is kept of it.
type jobWaiter struct {
	api      *CherryPy
	x        *web.Exchange
	wait     *waiting.Wait
	caller   *caller.Caller
	endpoint string
	jid      string
}

// goOn answers after the handler, with which the request's context has ended.
func (w *jobWaiter) goOn() (web.Until, error) {
	ctx, cancel := w.wait.Present(audit.Of(w.x).Context(context.Background()))
	defer cancel()
	return nil, w.untilEnd(ctx)
}

// untilEnd waits, and answers with the job of then.
func (w *jobWaiter) untilEnd(ctx context.Context) error {
	ended, err := w.wait.End(ctx)
	w.wait.Close()
	if err != nil {
		return err
	}
	job, err := w.lookUp(ctx)
	if err != nil {
		return err
	}
	return w.answer(ended || hasReturned(job), job)
}

// lookUp looks the job up with what the caller may do now.
func (w *jobWaiter) lookUp(ctx context.Context) (none msgpack.Section, err error) {
	done, err := w.api.Waiting.Turn(ctx)
	if err != nil {
		return none, err
	}
	defer done()
	c, err := w.api.Resolver.Again(ctx, w.caller)
	if err == nil {
		err = caller.MayReach(c, http.MethodGet, w.endpoint)
	}
	if err != nil {
		return none, err
	}
	authority, release, err := w.api.Resolver.Authority(ctx, c)
	if err != nil {
		return none, err
	}
	defer release()
	return w.api.lookUpJob(ctx, w.x, authority, w.jid)
}

func (w *jobWaiter) answer(complete bool, job msgpack.Section) error {
	w.x.Header().Set(CompleteHeader, strconv.FormatBool(complete))
	return answerJob(w.x, w.jid, job)
}

// isKnown reports whether the result of list_job is a job.
func isKnown(job msgpack.Section) bool {
	_, failed, err := job.Lookup("Error")
	return job.Kind() == msgpack.Map && !failed && err == nil
}

// hasReturned reports whether every minion of a job has returned, as the result of
// list_job shows it: the records may be younger than the job, or have lost it.
func hasReturned(job msgpack.Section) bool {
	missing, known := notReturned(job)
	return known && len(missing) == 0
}

// notReturned returns the minions of a job that have not returned, as the result of
// list_job shows it. known is false where it does not.
func notReturned(job msgpack.Section) (missing map[string]bool, known bool) {
	var result, minions, fun msgpack.Section
	err := job.Each(func(k msgpack.Raw, v msgpack.Section) error {
		switch name, _ := k.Str(); name {
		case "Result":
			result = v
		case "Minions":
			minions = v
		case "Function":
			fun = v
		}
		return nil
	})
	if err != nil || result.Kind() != msgpack.Map {
		return nil, false
	}
	returned := make(map[string]bool)
	err = result.Each(func(k msgpack.Raw, _ msgpack.Section) error {
		minion, _ := k.Str()
		returned[minion] = true
		return nil
	})
	if err != nil {
		return nil, false
	}
	if minions.Kind() != msgpack.Array {
		begin, _ := fun.Raw()
		name, _ := begin.Str()
		return nil, len(returned) > 0 && (strings.HasPrefix(name, "runner.") || strings.HasPrefix(name, "wheel."))
	}
	missing = make(map[string]bool)
	err = minions.Elems(func(m msgpack.Section) error {
		id, err := m.Raw()
		if minion, _ := id.Str(); !returned[minion] {
			missing[minion] = true
		}
		return err
	})
	return missing, err == nil && (len(returned) > 0 || len(missing) > 0)
}
