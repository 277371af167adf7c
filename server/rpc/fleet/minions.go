package fleet

import (
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/rpc/method"
)

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
