package upkeep_test

import (
	"fmt"

	"github.com/saltern-api/saltern/server/rpc/rpctest"
	"github.com/saltern-api/saltern/server/rpc/upkeep"
)

type counts struct{ upkeep.Counts }

// There is one source of metrics, the master.
func Example() {
	api := &upkeep.API{Records: counts{}, MasterID: "salt"}
	fmt.Println(rpctest.Do(api.Methods(), "stats.get_system_metric_sources", `{"metric": "sse_masters"}`))
	// Output: ["salt"]
}
