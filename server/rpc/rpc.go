package rpc

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/fair"
	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/web"
)

// Below is where newer programs have the same paths.
const Below = "/raas"

// Path is where calls are posted.
const Path = "/rpc"

// VersionPath is where programs look for the version, and get the XSRF token from.
const VersionPath = "/version"

// Rights returns whether a caller has a permission. *issuer.Service is one.
type Rights interface {
	May(ctx context.Context, c issuer.Caller, p role.Permission) error
}

var _ Rights = (*issuer.Service)(nil)

// Records reads what was run, as far as a caller sees it. Errors are a *[web.Error]
// or the context's. *jobs.Reader is one.
type Records interface {
	Job(ctx context.Context, c *caller.Caller, jid string, minions bool) (records.Job, error)
	Jobs(ctx context.Context, c *caller.Caller, q records.Query) (records.JobPage, error)
	CountJobs(ctx context.Context, c *caller.Caller, f records.Filter) (records.Counts, error)
	CountReturns(ctx context.Context, c *caller.Caller, f records.Filter) (records.ReturnCounts, error)
	Returns(ctx context.Context, c *caller.Caller, jid string, q records.ReturnQuery) (records.ReturnPage, error)
	Return(ctx context.Context, c *caller.Caller, jid, minion string) (records.Return, error)
	LastJobs(ctx context.Context, c *caller.Caller, minions []string) ([]records.LastJob, error)
}

// API is /rpc. It is a [web.API]. Its fields are set once.
type API struct {
	Callers tokenapi.Callers
	Logins  *tokenapi.Logins
	Realm   tokenapi.Realm
	JWTs    *caller.JWTs

	// CrossOrigin decides whether a page may use a cookie or a password that its
	// browser sends.
	CrossOrigin *http.CrossOriginProtection

	// Rights decides about permissions. Without it nobody has any.
	Rights Rights

	// Accounts has roles and users. Without it the methods about these are not served.
	Accounts Accounts

	// Gateway runs commands, with what Authority returns. Without one of them the
	// methods that do are not served. Clients are the clients of lowstate that are
	// enabled; nil stands for all. Ran, if not nil, is called with each command and its
	// outcome, for the metrics.
	Gateway   Gateway
	Authority Authority
	Clients   []string
	Ran       func(of *audit.CallRecord, outcome string)

	// Records has what was run, as far as a caller sees it; Writer records what was
	// run without the master. Without Records the methods that read them are not
	// served.
	Records Records
	Writer  records.Writer

	// Library has saved jobs and targets. Without it the methods about these are not
	// served.
	Library Library

	// Upkeep removes old records. Without it admin.trim_database is not served.
	Upkeep Upkeep

	// Following follows commands of minions. Without it nobody does.
	Following *Following

	// Minions has the minions of the master's own files. Without it the master is asked.
	Minions Minions

	// Schedules has schedules, and Standings what is kept of who saves one. WakeSchedules
	// is called when one was changed. Without Schedules and Standings the methods about
	// them are not served.
	Schedules     records.Schedules
	Standings     Standings
	WakeSchedules func()

	// Values has values by keys, and AuditLog the audit log. Without one of them the
	// methods about it are not served.
	Values   records.Values
	AuditLog AuditLog

	MasterID string // the name of the master in answers; "" stands for "master"

	// MaxCalls is how many calls may be in a list.
	MaxCalls int

	Version string // of the gateway

	// After runs a function after a while; nil stands for time.AfterFunc.
	After func(d time.Duration, f func())

	jids    saltmaster.JIDs
	kept    keptSessions       // those that wait for the end of a token
	reading *fair.Slots        // turns to read the grains of minions
	methods map[string]*Method // those that are served, by their names
	catalog func() *catalog
}

var _ web.API = (*API)(nil)

// Mount adds the routes.
func (a *API) Mount(m *web.Mux) {
	a.MasterID = cmp.Or(a.MasterID, "master")
	if a.reading == nil {
		a.reading = newReading()
	}
	a.methods = make(map[string]*Method)
	var served []*Method
	for _, method := range Methods() {
		if method.served == nil || method.served(a) {
			a.methods[method.String()] = method
			served = append(served, method)
		}
	}
	a.catalog = sync.OnceValue(func() *catalog { return newCatalog(served) }) // few ask for it

	m = m.With(a.options()...)
	for _, below := range []string{"", Below} {
		m.Handle(http.MethodPost, below+Path, a.serve, web.BodyLimit(maxBody))
	}
	m.Get(VersionPath, a.version, web.BodyLimit(tokenapi.MaxBody))
}

// options returns the options of the API's routes, which are those of the APIs for
// tokens with larger bodies.
func (a *API) options() []web.Option {
	return append(a.Realm.Options(writeError), web.BodyLimit(maxBody))
}

// Areas returns the paths whose errors are written as those of this API.
func Areas() tokenapi.Areas {
	return tokenapi.Areas{
		tokenapi.AccountArea(Below), {Path: Path, Write: writeError}, {Path: Below, Write: writeError},
		{Path: VersionPath, Write: writeError},
	}
}

// version answers GET /version. Some programs get their XSRF token here.
func (a *API) version(x *web.Exchange, r *http.Request) error {
	caller.IssueXSRF(x, r, a.Realm.URLs.IsSecure(r))
	x.WriteBody("application/json", http.StatusOK, web.JSON(struct {
		Version string `json:"version"`
	}{a.Version}))
	return nil
}

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
	if bad, ok := errors.AsType[*Error](err); ok {
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
	done := new(progress)
	for i, c := range calls {
		if i > 0 && !done.ended && c.err == nil {
			switch err := a.again(x, r, by); {
			case err == nil:
			case web.ErrorOf(err).Status != http.StatusUnauthorized:
				c.err = errorOf(err)
			case done.acted:
				done.ended = true
			default:
				return err
			}
		}
		_, _ = x.Spool.WriteString(before) // an error stays
		if err := a.one(r.Context(), x, by, c, done); err != nil {
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

// progress is how far a request has come. Clients send a request again that is answered
// with 401, so that is for one of which nothing was carried out.
type progress struct {
	acted bool // something may have been carried out
	ended bool // the credential of the request is not valid any more
}

// act notes that something may have been carried out.
func (p *progress) act() {
	if p != nil {
		p.acted = true
	}
}

// one runs a call, and writes its envelope to the spool. The error is for the whole
// request: there is no room for the answer, the client is gone, or its credential has
// ended before anything was carried out.
func (a *API) one(ctx context.Context, x *web.Exchange, by *signedIn, r request, done *progress) error {
	e := envelope{RIQ: r.riq, Warnings: []string{}}
	if r.err != nil {
		return e.fail(x.Spool, r.err)
	}
	if done.ended {
		return e.fail(x.Spool, errorOf(lowstate.ErrUnauthenticated))
	}
	m, ok := a.methods[r.resource+"."+r.method]
	if !ok {
		return e.fail(x.Spool, &Error{Code: CodeUnknownMethod, Message: fmt.Sprintf("there is no method %.80q of %.80q here", r.method, r.resource)})
	}
	c := &call{api: a, x: x, method: m, by: by, done: done}
	defer func() {
		if c.endTurn != nil {
			c.endTurn()
		}
	}()
	mark := x.Spool.Size()
	ret, err := c.do(ctx, r)
	if err == nil {
		err = e.write(x.Spool, ret, c)
	}
	command, _ := errors.AsType[*lowstate.Error](err)
	if done.ended = command != nil && command.Kind == lowstate.Unauthenticated; !done.ended {
		done.act()
	}
	switch {
	case err == nil:
		return nil
	case x.Spool.Err() != nil:
		return x.Spool.Err()
	case isGone(ctx, err), done.ended && !done.acted:
		return err
	}
	if err := x.Spool.Truncate(mark); err != nil {
		return err
	}
	e.Warnings = append(e.Warnings, c.warnings...)
	failed := errorOf(err)
	if failed.Code == CodeInternal && x.Err == nil {
		x.Err = err
	}
	if slices.Contains([]Code{CodeForbidden, CodeLoginRequired, CodeOutOfScope}, failed.Code) {
		audit.Of(x).Note(audit.Entry{Event: audit.Refused, Outcome: audit.Denied, Why: failed.Code.state(), Subject: m.String()})
	}
	return e.fail(x.Spool, failed)
}

// write writes the envelope of a result.
func (e *envelope) write(to *spool.Spool, ret any, c *call) error {
	stream, ok := ret.(streamed)
	if !ok {
		e.Ret, _ = ret.(json.RawMessage)
		e.Warnings = append(e.Warnings, c.warnings...)
		_, err := to.Write(web.JSON(e))
		return err
	}
	_, _ = fmt.Fprintf(to, `{"riq":%s,"ret":`, e.RIQ) // an error stays
	if err := stream(to); err != nil {
		return err
	}
	_, err := fmt.Fprintf(to, `,"error":null,"warnings":%s}`, web.JSON(append([]string{}, c.warnings...)))
	return err
}

// fail writes the envelope of an error.
func (e *envelope) fail(to *spool.Spool, err *Error) error {
	shown := err.shown()
	e.Ret, e.Error = nil, &shown
	_, wrong := to.Write(web.JSON(e))
	return wrong
}
