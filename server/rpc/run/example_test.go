package run_test

import (
	"context"
	"fmt"

	"github.com/saltern-api/saltern/server/rpc/rpctest"
	"github.com/saltern-api/saltern/server/rpc/run"
	"github.com/saltern-api/saltern/server/rpc/saved"
)

// A method runs a runner function, with the authority of its caller.
func Example() {
	master := rpctest.Master{"manage.up": `["web1", "web2"]`}
	api := &run.API{Saved: new(saved.API), Gateway: master, Authority: master}

	c := api.Of(rpctest.Call(context.Background(), nil))
	var up []string
	err := c.Runner(context.Background(), &up, "manage.up", nil)
	fmt.Println(up, err)
	fmt.Println(c.Runner(context.Background(), &up, "manage.down", nil))
	// Output:
	// [web1 web2] <nil>
	// there is no function manage.down
}
