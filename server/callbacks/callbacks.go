package callbacks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/callback"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/waiting"
	"github.com/saltern-api/saltern/server/web"
)

// Service promises call-backs. *callback.Service is one.
type Service interface {
	Add(ctx context.Context, c callback.Caller, jid, destination string, results bool) (records.Callback, error)
	Retry(ctx context.Context, id string) error
}

var _ Service = (*callback.Service)(nil)

// Store has the call-backs. [records.Store] is one.
type Store interface {
	Job(ctx context.Context, jid string, minions bool) (records.Job, error)
	Callback(ctx context.Context, id string) (records.Callback, error)
	Callbacks(ctx context.Context, q records.CallbackQuery) (records.CallbackPage, error)
}

// Callers identifies the caller of a request. *caller.Resolver is one.
type Callers interface {
	Caller(x *web.Exchange, r *http.Request, all []caller.Credential) (*caller.Caller, error)
}

var _ Callers = (*caller.Resolver)(nil)

// Sight is which jobs a caller sees.
type Sight interface {
	Job(j records.Job) bool     // the job
	Returns(j records.Job) bool // what all of its minions returned
	Others() bool               // jobs of others at all
}

// API is /v1/callbacks. It is a [web.API]. Its fields are set once.
type API struct {
	Service Service
	Store   Store
	Callers Callers

	// Sees returns which jobs a caller sees.
	Sees func(ctx context.Context, c *caller.Caller) Sight

	// Waiting waits for a job of a moment ago; nil if a job has to be recorded already.
	Waiting Waiting
}

// Waiting waits until a job is recorded. *waiting.Jobs is one.
type Waiting interface {
	Recorded(ctx context.Context, jid string, most time.Duration, sees func(records.Job) bool) error
}

var _ Waiting = (*waiting.Jobs)(nil)

var _ web.API = (*API)(nil)

// maxBody, in bytes, is more than any body needs.
const maxBody = 4 << 10

// Mount adds the routes.
func (a *API) Mount(m *web.Mux) {
	m = m.With(web.BodyLimit(maxBody), web.Wrap(web.Acceptable))
	m.Get("/v1/callbacks", a.known(a.list))
	m.Get("/v1/callbacks/{id}", a.known(a.get))
	m.Handle(http.MethodPost, "/v1/callbacks", a.known(a.add))
	m.Handle(http.MethodPost, "/v1/callbacks/{id}/deliver", a.known(a.deliver))
}

// request is a request of a caller that is known.
type request struct {
	*http.Request
	caller *caller.Caller
	me     callback.Caller
	sight  Sight
}

// known returns the handler for known callers.
func (a *API) known(h func(x *web.Exchange, r request) error) web.Handler {
	return func(x *web.Exchange, r *http.Request) error {
		c, err := a.Callers.Caller(x, r, caller.CredentialsOf(r))
		if err != nil {
			return err
		}
		x.Header().Set("Cache-Control", "no-store")
		if err := caller.MayReach(c, r.Method, web.Pattern(r)); err != nil {
			return err
		}
		id := c.Identity()
		if id.User == "" || id.Eauth == "" {
			return caller.ErrNoPermission()
		}
		return h(x, request{r, c, callback.Caller{User: id.User, Eauth: id.Eauth, Groups: id.Groups}, a.Sees(r.Context(), c)})
	}
}

// owns reports whether a call-back is the caller's.
func (r request) owns(c records.Callback) bool { return c.User == r.me.User && c.Eauth == r.me.Eauth }

// timeout bounds the use of the records by one request.
const timeout = 20 * time.Second

// sees reports whether the caller sees a call-back: by its job, or, for those that
// have logged in or may see commands, as the caller's own.
func (a *API) sees(ctx context.Context, r request, c records.Callback) (bool, error) {
	if r.owns(c) && (r.caller.Principal == nil || r.caller.Principal.Scopes != nil && r.caller.Principal.Scopes.May(role.CmdRead)) {
		return true, nil
	}
	if !r.owns(c) && !r.sight.Others() {
		return false, nil
	}
	j, err := a.Store.Job(ctx, c.JID, false)
	if errors.Is(err, records.ErrNotFound) {
		return false, nil
	}
	return err == nil && r.sight.Job(j), err
}

// list answers GET /v1/callbacks.
func (a *API) list(x *web.Exchange, r request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	if !r.sight.Others() {
		q.User, q.Eauth = r.me.User, r.me.Eauth
	}
	found, err := a.Store.Callbacks(ctx, q)
	if err != nil {
		return failed(err)
	}
	page := shownPage{Callbacks: []shown{}, Next: found.Next}
	for _, c := range found.Callbacks {
		ok, err := a.sees(ctx, r, c)
		if err != nil {
			return failed(err)
		}
		if ok {
			page.Callbacks = append(page.Callbacks, show(c))
		}
	}
	x.WriteJSON(http.StatusOK, web.JSON(page))
	return nil
}

// see returns a call-back, or the error for one that does not exist if the caller
// does not see it.
func (a *API) see(ctx context.Context, r request) (records.Callback, error) {
	c, err := a.Store.Callback(ctx, web.Param(r.Request, "id"))
	ok := err == nil && c.State != records.CallbackReserved
	if ok {
		ok, err = a.sees(ctx, r, c)
	}
	if err == nil && !ok || errors.Is(err, records.ErrNotFound) {
		return c, errNone()
	}
	return c, failed(err)
}

// get answers GET /v1/callbacks/{id}.
func (a *API) get(x *web.Exchange, r request) error {
	if err := web.NoParams(r.URL.RawQuery); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	c, err := a.see(ctx, r)
	if err != nil {
		return err
	}
	x.WriteJSON(http.StatusOK, web.JSON(show(c)))
	return nil
}

// add answers POST /v1/callbacks.
func (a *API) add(x *web.Exchange, r request) error {
	if err := web.NoParams(r.URL.RawQuery); err != nil {
		return err
	}
	jid, destination, err := readBody(x, r.Request)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	j, err := a.job(ctx, r, jid)
	if err != nil {
		return err
	}
	c, err := a.Service.Add(ctx, r.me, j.JID, destination, r.sight.Returns(j))
	if err != nil {
		return failed(err)
	}
	x.Header().Set("Location", "/v1/callbacks/"+c.ID)
	x.WriteJSON(http.StatusCreated, web.JSON(show(c)))
	return nil
}

// The records of a job that was started a moment ago may still be on their way.
const (
	recentJob = time.Minute
	awaitJob  = 3 * time.Second
)

// job returns a job that the caller sees. One that the caller does not see takes as
// long as one that does not exist.
func (a *API) job(ctx context.Context, r request, jid string) (records.Job, error) {
	if start, ok := records.StartOf(jid); ok && a.Waiting != nil && time.Since(start).Abs() < recentJob {
		if err := a.Waiting.Recorded(ctx, jid, awaitJob, r.sight.Job); err != nil {
			return records.Job{}, err
		}
	}
	j, err := a.Store.Job(ctx, jid, false)
	switch {
	case err == nil && r.sight.Job(j):
		return j, nil
	case err != nil && !errors.Is(err, records.ErrNotFound):
		return j, failed(err)
	}
	return j, errNoJob()
}

// deliver answers POST /v1/callbacks/{id}/deliver.
func (a *API) deliver(x *web.Exchange, r request) error {
	if err := web.NoParams(r.URL.RawQuery); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	c, err := a.see(ctx, r)
	switch {
	case err != nil:
		return err
	case !r.owns(c):
		return caller.ErrNoPermission()
	}
	if err := a.Service.Retry(ctx, c.ID); err != nil {
		if errors.Is(err, records.ErrNotFound) {
			return &web.Error{Status: http.StatusConflict, Text: "The call-back is not delivered or given up yet"}
		}
		return failed(err)
	}
	if c, err = a.Store.Callback(ctx, c.ID); err != nil {
		return failed(err)
	}
	x.WriteJSON(http.StatusAccepted, web.JSON(show(c)))
	return nil
}

// readBody reads {"jid": ..., "destination": ...}.
func readBody(x *web.Exchange, r *http.Request) (jid, destination string, err error) {
	if !web.IsJSON(r.Header) {
		return "", "", &web.Error{Status: http.StatusUnsupportedMediaType, Reason: "type", Close: true,
			Text: "The body has to be application/json"}
	}
	body, err := x.ReadBody(r)
	if err != nil {
		return "", "", err
	}
	o, err := jsonobject.Parse(body)
	if err == nil {
		err = o.Decode(map[string]any{"jid": &jid, "destination": &destination})
	}
	if err == nil && (jid == "" || destination == "") {
		err = fmt.Errorf("%s is missing", cmp.Or(missing("jid", jid), "destination"))
	}
	if err != nil {
		return "", "", &web.Error{Status: http.StatusBadRequest, Reason: "malformed", Text: "The body: " + err.Error()}
	}
	return jid, destination, nil
}

// missing returns the name of a value that is empty.
func missing(name, value string) string {
	if value == "" {
		return name
	}
	return ""
}

func errNone() error {
	return &web.Error{Status: http.StatusNotFound, Text: "There is no such call-back"}
}

func errNoJob() error {
	return &web.Error{Status: http.StatusNotFound, Text: "There is no such job"}
}

// failed returns the error for the client.
func failed(err error) error {
	if bad, ok := errors.AsType[*records.InvalidError](err); ok {
		return web.InvalidParam(paramOf(bad.Field), bad.Why)
	}
	if bad, ok := errors.AsType[*callback.DestinationError](err); ok {
		return &web.Error{Status: http.StatusBadRequest, Text: "callback: " + bad.Error()}
	}
	switch {
	case errors.Is(err, records.ErrTooManyOfUser):
		return &web.Error{Status: http.StatusTooManyRequests, RetryAfter: retryAfter, Err: err,
			Text: fmt.Sprintf("%d of your call-backs are pending, which is the most", callback.MaxOfUser)}
	case errors.Is(err, records.ErrTooMany):
		return &web.Error{Status: http.StatusServiceUnavailable, RetryAfter: retryAfter, Err: err,
			Text: "Too many call-backs are pending"}
	case errors.Is(err, records.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		return &web.Error{Status: http.StatusServiceUnavailable, Text: "The records cannot be reached now", Err: err}
	}
	return err
}

// retryAfter is the Retry-After while there are too many call-backs.
const retryAfter = time.Minute
