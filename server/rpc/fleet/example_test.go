package fleet_test

import (
	"fmt"

	"github.com/saltern-api/saltern/server/rpc/fleet"
	"github.com/saltern-api/saltern/server/rpc/rpctest"
	"github.com/saltern-api/saltern/server/rpc/run"
	"github.com/saltern-api/saltern/server/rpc/saved"
)

// The keys of minions are those that the master lists.
func Example() {
	master := rpctest.Master{"key.list_all": `{"minions": ["web1"], "minions_pre": ["new1"]}`}
	api := &fleet.API{
		Run: &run.API{Saved: new(saved.API), Gateway: master, Authority: master}, Reading: fleet.NewReading(), MasterID: "salt",
	}
	fmt.Println(rpctest.Do(api.Methods(), "minions.get_minion_key_state", `{"key_state": "pending"}`))
	// Output: {"count":1,"results":[{"master":"salt","minion":"new1","key_state":["pending"]}]}
}
