package saved

import (
	"context"
	"slices"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/tokenapi"
)

// Limits are the rights of users with a login, and of roles.
type Limits interface {
	LoginRights(ctx context.Context, user, eauth string, groups []string) (*role.Set, error)

	// OpenRoles returns those of some roles that run where access lists name them.
	OpenRoles(ctx context.Context, names []string) ([]string, error)

	RightsOf(ctx context.Context, user, eauth string, groups []string) (roles []string, permissions []role.Permission, err error)
}

// Schedules finds the schedules that need what is saved, and deletes them.
// [records.Schedules] are some.
type Schedules interface {
	Schedules(ctx context.Context, q records.ScheduleQuery) ([]records.Schedule, error)
	DeleteSchedule(ctx context.Context, id string) error
}

// API is the methods about what is saved. Its fields are set once.
type API struct {
	// Library has saved jobs and targets, and Values values by keys. Without one of them
	// the methods about it are not served.
	Library records.Library
	Values  records.Values

	Limits    Limits           // Without them nobody has a role.
	Schedules Schedules        // Without them nothing that is saved is needed.
	Logins    *tokenapi.Logins // The names of eauth modules in answers.
	MasterID  string           // The name of the master in answers.
}

// Methods returns the declarations.
func (a *API) Methods() []*method.Method {
	return slices.Concat(a.jobMethods(), a.tgtMethods(), a.kvMethods())
}

// Call is a call, with what is saved.
type Call struct {
	*method.Call
	api *API

	held *Holder // the caller, once it is known
}

// Of returns a call with what is saved.
func (a *API) Of(c *method.Call) Call { return Call{Call: c, api: a} }

// declare declares a method.
func declare[P any](a *API, about method.About, run func(ctx context.Context, c *Call, p P) (any, error)) *method.Method {
	return method.New(about, func(ctx context.Context, c *method.Call, p P) (any, error) {
		of := a.Of(c)
		return run(ctx, &of, p)
	})
}
