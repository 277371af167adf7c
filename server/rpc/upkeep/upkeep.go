package upkeep

import (
	"context"
	"slices"
	"time"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/rpc/method"
)

// Counts counts what was run, as far as a caller sees it. *jobs.Reader does.
type Counts interface {
	CountJobs(ctx context.Context, c *caller.Caller, f records.Filter) (records.Counts, error)
}

// Runs has the history of schedules. [records.Schedules] are some.
type Runs interface {
	TrimRuns(ctx context.Context, before time.Time, test bool) (int64, error)
}

// API is the methods about the gateway's own data. Its fields are set once. Without one
// of them the methods about it are not served.
type API struct {
	Store    Store
	Runs     Runs // Without them there is no history of schedules.
	AuditLog AuditLog
	Records  Counts
	MasterID string // The name of the master in answers.
}

// Methods returns the declarations.
func (a *API) Methods() []*method.Method {
	return slices.Concat(a.adminMethods(), a.auditMethods(), a.statsMethods())
}

// call is a call, with the gateway's own data.
type call struct {
	*method.Call
	api *API
}

// declare declares a method.
func declare[P any](a *API, about method.About, run func(ctx context.Context, c *call, p P) (any, error)) *method.Method {
	return method.New(about, func(ctx context.Context, c *method.Call, p P) (any, error) { return run(ctx, &call{c, a}, p) })
}
