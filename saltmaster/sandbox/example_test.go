package sandbox_test

import (
	"context"
	"fmt"

	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

func Example() {
	ctx := context.Background()
	box, err := sandbox.Start(ctx, sandbox.Options{Salt: ".work/salt-3008.5", Minions: []string{"ms-0", "ms-1"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer box.Stop(ctx) //nolint:errcheck // the process ends with it
	fmt.Println("saltern serve -c", box.ConfDir())
}
