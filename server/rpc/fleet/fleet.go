package fleet

import (
	"context"
	"slices"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/fair"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/run"
)

// API is the methods about minions and the master. Its fields are set once.
type API struct {
	Run *run.API

	Minions  Minions     // Those of the master's own files. Without them the master is asked.
	Reading  *fair.Slots // Turns to read the grains of minions; see [NewReading].
	MasterID string      // The name of the master in answers.
}

// Methods returns the declarations.
func (a *API) Methods() []*method.Method {
	return slices.Concat(a.minionsMethods(), a.keyMethods(), a.masterMethods(), a.targetMethods())
}

// runs reports whether commands can be run.
func (a *API) runs() bool { return a.Run.Ready() }

// Call is a call, with what finds minions.
type Call struct {
	run.Call
	api *API
}

// Of returns a call with what finds minions.
func (a *API) Of(c *method.Call) Call { return Call{Call: a.Run.Of(c), api: a} }

// declare declares a method.
func declare[P any](a *API, about method.About, run func(ctx context.Context, c *Call, p P) (any, error)) *method.Method {
	return method.New(about, func(ctx context.Context, c *method.Call, p P) (any, error) {
		of := a.Of(c)
		return run(ctx, &of, p)
	})
}

// The grains of many minions are many files. So many calls read them at once, of whoever,
// and so many wait for that.
const (
	readingAtOnce  = 4
	readingWaiting = 100
)

// NewReading returns the turns of all calls to read the grains of minions.
func NewReading() *fair.Slots {
	return fair.NewSlots(fair.Options{Slots: readingAtOnce, PerPrefix: readingAtOnce - 1, Queue: readingWaiting})
}

func (a *API) minionsMethods() []*method.Method {
	needs := []role.Permission{role.MinionRead}
	const from = " What the master has on disk of them is read, as GET /v1/minions does; where that cannot be, the master is asked."
	return []*method.Method{
		declare(a, method.About{
			Name: "minions.get_minion_presence", Doc: "Return which minions are connected." + from,
			Returns: "`{count, results}`, a row for each minion whose key is accepted: present, lost, or unknown where it cannot be told, or the caller may not know",
			Needs:   needs, Served: a.runs(),
		}, getPresence),
		declare(a, method.About{
			Name: "minions.get_minion_cache", Doc: "Return the cached grains of minions." + from,
			Returns: "an object with an object for the master, which has an object with grains for each minion", Needs: needs, Served: a.runs(),
		}, getMinionCache),
		declare(a, method.About{
			Name: "minions.get_minion_details", Doc: "Find minions by their cached grains." + from,
			Returns: "`{count, results}`, a row for each minion, with its grains", Needs: needs, Served: a.runs(),
		}, getMinionDetails),
		declare(a, method.About{
			Name: "minions.get_minion_grain_keys", Doc: "Return the names of the grains that minions have." + from, Returns: "a list of texts in their order",
			Needs: needs, Served: a.runs(),
		}, getGrainKeys),
		declare(a, method.About{
			Name: "minions.get_minion_grain_values", Doc: "Return the different values of a grain." + from, Returns: "a list of values in their order",
			Needs: needs, Served: a.runs(),
		}, getGrainValues),
	}
}
