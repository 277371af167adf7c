package mastertest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
)

func Example() {
	var t *testing.T // the test's own
	master := mastertest.Start(t, mastertest.Options{
		Release: "3008",
		Minions: []mastertest.Minion{{ID: "ms-0"}, {ID: "ms-1", Silent: true}},
	})
	bus := eventbus.New(eventbus.Options{Network: "unix", Address: master.BusPath()})
	go bus.Run(context.Background()) //nolint:errcheck // it ends with the context
	master.Fail(func(f *mastertest.Faults) { f.Silent = true })
	fmt.Println(master.Count("publish"))
}
