package commands_test

import (
	"fmt"

	"github.com/saltern-api/saltern/server/rpc/commands"
	"github.com/saltern-api/saltern/server/rpc/fleet"
	"github.com/saltern-api/saltern/server/rpc/rpctest"
	"github.com/saltern-api/saltern/server/rpc/run"
	"github.com/saltern-api/saltern/server/rpc/saved"
)

// A command on minions is published at once; the result is its job id.
func Example() {
	master := rpctest.Master{"test.ping": "20261129120059248604"}
	api := &commands.API{Fleet: &fleet.API{Run: &run.API{Saved: new(saved.API), Gateway: master, Authority: master}}, MasterID: "salt"}
	fmt.Println(rpctest.Do(api.Methods(), "cmd.route_cmd", `{"cmd": "local", "fun": "test.ping", "tgt": {"*": {"tgt": "web*"}}}`))
	// Output: "20261129120059248604"
}
