package eventbus_test

import (
	"context"
	"fmt"

	"github.com/saltern-api/saltern/saltmaster/eventbus"
)

func Example() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	bus := eventbus.New(eventbus.Options{Network: "unix", Address: "/var/run/salt/master/master_event_pub.ipc"})
	go bus.Run(ctx) //nolint:errcheck // it ends with the context
	sub := bus.Subscribe("20260101000000000001")
	defer sub.Close()
	// A job is published with that jid, and then:
	event, err := sub.Next(ctx)
	fmt.Println(event.Tag, err)
}
