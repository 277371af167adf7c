package jobs

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/waiting"
	"github.com/saltern-api/saltern/server/web"
)

// Callers identifies the caller of a request. *caller.Resolver is one.
type Callers interface {
	Caller(x *web.Exchange, r *http.Request, all []caller.Credential) (*caller.Caller, error)

	// Again returns a caller with what its token allows now.
	Again(ctx context.Context, c *caller.Caller) (*caller.Caller, error)
	waiting.Follower
}

var _ Callers = (*caller.Resolver)(nil)

// Rights returns which callers may see what others did. *issuer.Service is one.
type Rights interface {
	May(ctx context.Context, c issuer.Caller, p role.Permission) error
}

var _ Rights = (*issuer.Service)(nil)

// Rules evaluates the rules of external_auth. *acl.Rules is one.
type Rules interface {
	Runner(subject acl.Subject, fun string, args, kwargs any) acl.Verdict
	Wheel(subject acl.Subject, fun string, args, kwargs any) acl.Verdict
	Publish(subject acl.Subject, c acl.Call) acl.Verdict
}

var _ Rules = (*acl.Rules)(nil)

// Streams bounds the open streams of a caller. *events.Limits is one.
type Streams interface {
	Open(c *caller.Caller) (done func(), err error)
}

// API is /v1/jobs and /v1/minions. It is a [web.API]. Its fields are set once.
type API struct {
	Records *Records
	Callers Callers

	// Waiting waits for jobs, and Streams bounds the streams of jobs. Without one
	// of them there are no streams, and without Waiting no request waits.
	Waiting *waiting.Jobs
	Streams Streams

	// Rules and Rights let callers see the jobs of others. Without one of them
	// nobody does.
	Rules  Rules
	Rights Rights

	// Events is events_acl; nil shows every event to everyone.
	Events *eventstream.ACL

	// Minions are those of /v1/minions; nil for none.
	Minions Minions
}

var _ web.API = (*API)(nil)

// Mount adds the routes.
func (a *API) Mount(m *web.Mux) {
	if a.Waiting != nil && a.Streams != nil {
		a.get(m, "/v1/jobs/{jid}/events", a.stream)
	}
	m = m.With(web.Wrap(web.Acceptable))
	for pattern, h := range map[string]func(x *web.Exchange, r *http.Request, s sight) error{
		"/v1/jobs":                        a.list,
		"/v1/jobs/{jid}":                  a.job,
		"/v1/jobs/{jid}/returns":          a.returns,
		"/v1/jobs/{jid}/returns/{minion}": a.oneReturn,
	} {
		a.get(m, pattern, h)
	}
	if a.Minions != nil {
		a.get(m, "/v1/minions", a.minions)
		a.get(m, "/v1/minions/{id}", a.minion)
	}
}

// get adds a route for callers that are known.
func (a *API) get(m *web.Mux, pattern string, h func(x *web.Exchange, r *http.Request, s sight) error) {
	m.Get(pattern, func(x *web.Exchange, r *http.Request) error {
		c, err := a.Callers.Caller(x, r, caller.CredentialsOf(r))
		if err != nil {
			return err
		}
		x.Header().Set("Cache-Control", "no-store")
		if err := caller.MayReach(c, r.Method, web.Pattern(r)); err != nil {
			return err
		}
		s := a.sight(r.Context(), c)
		if s.id.User == "" {
			return caller.ErrNoPermission()
		}
		return h(x, r, s)
	})
}

// list answers GET /v1/jobs.
func (a *API) list(x *web.Exchange, r *http.Request, s sight) error {
	q, err := parseQuery(r.URL.RawQuery, time.Now())
	if err != nil {
		return err
	}
	var found page
	err = a.Records.read(r.Context(), func(ctx context.Context, from records.Reader) error {
		found, err = s.find(ctx, from, q)
		return err
	})
	if err != nil {
		return err
	}
	x.WriteJSON(http.StatusOK, web.JSON(found.shown()))
	return nil
}

// see returns a job, or the error for one that does not exist if the caller does
// not see it. It reads the same in both cases.
func see(ctx context.Context, from records.Reader, jid string, sees func(records.Job) bool) (records.Job, error) {
	j, err := from.Job(ctx, jid, false)
	return j, seen(j, err, sees)
}

// seen returns the error for a job that was read, or could not be; see [see].
func seen(j records.Job, err error, sees func(records.Job) bool) error {
	if err != nil && !errors.Is(err, records.ErrNotFound) {
		return err
	}
	if err != nil || !sees(j) {
		return errNoJob()
	}
	return nil
}

// job answers GET /v1/jobs/{jid}, with a wait once the job has ended or the time is
// over.
func (a *API) job(x *web.Exchange, r *http.Request, s sight) error {
	wait, err := a.parseWait(r.URL.RawQuery)
	if err != nil {
		return err
	}
	if err := a.recorded(r, s); err != nil {
		return err
	}
	jid := web.Param(r, "jid")
	if wait > 0 {
		return a.await(x, r, s, jid, wait)
	}
	return a.writeJob(r.Context(), x, s, jid)
}

// writeJob writes a job, if the caller sees it. After a wait it has whether it has
// ended.
func (a *API) writeJob(ctx context.Context, x *web.Exchange, s sight, jid string) error {
	return a.writeJobOf(ctx, x, s, func(ctx context.Context, from records.Reader, minions bool) (records.Job, error) {
		return from.Job(ctx, jid, minions)
	}, false)
}

// writeJobOf writes the job that read reads, if the caller sees it.
func (a *API) writeJobOf(
	ctx context.Context, x *web.Exchange, s sight,
	read func(ctx context.Context, from records.Reader, minions bool) (records.Job, error), waited bool,
) error {
	var j records.Job
	err := a.Records.read(ctx, func(ctx context.Context, from records.Reader) (err error) {
		j, err = read(ctx, from, false)
		if err := seen(j, err, s.job); err != nil {
			return err
		}
		j, err = read(ctx, from, true)
		return noRecord(err, errNoJob)
	})
	if err != nil {
		return err
	}
	shown := showJob(j)
	if waited {
		complete := j.State.Ended()
		shown.Complete = &complete
	}
	x.WriteJSON(http.StatusOK, web.JSON(shown))
	return nil
}

// noRecord replaces the error for what was removed meanwhile.
func noRecord(err error, by func() error) error {
	if errors.Is(err, records.ErrNotFound) {
		return by()
	}
	return err
}

// returns answers GET /v1/jobs/{jid}/returns.
func (a *API) returns(x *web.Exchange, r *http.Request, s sight) error {
	q, err := parseReturnQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	var j records.Job
	var found records.ReturnPage
	err = a.Records.read(r.Context(), func(ctx context.Context, from records.Reader) (err error) {
		if j, err = see(ctx, from, web.Param(r, "jid"), s.returns); err != nil {
			return err
		}
		found, err = from.Returns(ctx, j.JID, q)
		return noRecord(err, errNoJob)
	})
	if err != nil {
		return err
	}
	mark := x.Spool.Size()
	before := `{"returns": [`
	for _, ret := range found.Returns {
		if !s.ret(j, ret.Minion) {
			continue
		}
		_, _ = x.Spool.WriteString(before) // an error stays
		if err := writeReturn(x.Spool, ret, q.Values); err != nil {
			return err
		}
		before = ", "
	}
	end := `]`
	if before != ", " {
		end = before + end
	}
	if found.Next != "" {
		end += `, "next": ` + web.JSONText(found.Next)
	}
	if _, err := x.Spool.WriteString(end + `}`); err != nil {
		return err
	}
	return x.WriteSpooled(http.StatusOK, x.Spool.Since(mark))
}

// oneReturn answers GET /v1/jobs/{jid}/returns/{minion}.
func (a *API) oneReturn(x *web.Exchange, r *http.Request, s sight) error {
	if err := web.NoParams(r.URL.RawQuery); err != nil {
		return err
	}
	minion := web.Param(r, "minion")
	var found records.Return
	err := a.Records.read(r.Context(), func(ctx context.Context, from records.Reader) error {
		j, err := see(ctx, from, web.Param(r, "jid"), s.returns)
		if err != nil {
			return err
		}
		if !s.ret(j, minion) {
			return errNoReturn()
		}
		found, err = from.Return(ctx, j.JID, minion)
		return noRecord(err, errNoReturn)
	})
	if err != nil {
		return err
	}
	mark := x.Spool.Size()
	if err := writeReturn(x.Spool, found, true); err != nil {
		return err
	}
	return x.WriteSpooled(http.StatusOK, x.Spool.Since(mark))
}
