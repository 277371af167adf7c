package rpc

import (
	"cmp"
	"net/http"
	"sync"
	"time"

	"github.com/saltern-api/saltern/internal/fair"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/rpc/accounts"
	"github.com/saltern-api/saltern/server/rpc/commands"
	"github.com/saltern-api/saltern/server/rpc/fleet"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/run"
	"github.com/saltern-api/saltern/server/rpc/schedules"
	"github.com/saltern-api/saltern/server/rpc/upkeep"
	"github.com/saltern-api/saltern/server/tokenapi"
	"github.com/saltern-api/saltern/server/web"
)

// Below is where newer programs have the same paths.
const Below = "/raas"

// Path is where calls are posted.
const Path = "/rpc"

// VersionPath is where programs look for the version, and get the XSRF token from.
const VersionPath = "/version"

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
	Rights method.Rights

	// Accounts has roles and users. Without it the methods about these are not served.
	Accounts accounts.Accounts

	// Gateway runs commands, with what Authority returns. Without one of them the
	// methods that do are not served. Clients are the clients of lowstate that are
	// enabled; nil stands for all. Ran, if not nil, is called with each command and its
	// outcome, for the metrics.
	Gateway   run.Gateway
	Authority run.Authority
	Clients   []string
	Ran       func(of *audit.CallRecord, outcome string)

	// Records has what was run, as far as a caller sees it; Writer records what was
	// run without the master. Without Records the methods that read them are not
	// served.
	Records commands.Records
	Writer  records.Writer

	// Library has saved jobs and targets. Without it the methods about these are not
	// served.
	Library records.Library

	// Upkeep removes old records. Without it admin.trim_database is not served.
	Upkeep upkeep.Store

	// Following follows commands of minions. Without it nobody does.
	Following *commands.Following

	// Minions has the minions of the master's own files. Without it the master is asked.
	Minions fleet.Minions

	// Schedules has schedules, and Standings what is kept of who saves one. WakeSchedules
	// is called when one was changed. Without Schedules and Standings the methods about
	// them are not served.
	Schedules     records.Schedules
	Standings     schedules.Standings
	WakeSchedules func()

	// Values has values by keys, and AuditLog the audit log. Without one of them the
	// methods about it are not served.
	Values   records.Values
	AuditLog upkeep.AuditLog

	MasterID string // the name of the master in answers; "" stands for "master"

	// MaxCalls is how many calls may be in a list.
	MaxCalls int

	Version string // of the gateway

	// After runs a function after a while; nil stands for time.AfterFunc.
	After func(d time.Duration, f func())

	kept     keptSessions              // those that wait for the end of a token
	reading  *fair.Slots               // turns to read the grains of minions
	maxLooks int                       // see [method.Request]
	methods  map[string]*method.Method // those that are served, by their names
	catalog  func() *catalog
}

var _ web.API = (*API)(nil)

// Mount adds the routes.
func (a *API) Mount(m *web.Mux) {
	a.MasterID = cmp.Or(a.MasterID, "master")
	if a.reading == nil {
		a.reading = fleet.NewReading()
	}
	a.methods = make(map[string]*method.Method)
	var served []*method.Method
	for _, m := range a.declared() {
		if m.Served {
			a.methods[m.String()] = m
			served = append(served, m)
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
