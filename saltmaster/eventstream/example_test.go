package eventstream_test

import (
	"context"
	"fmt"

	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
)

func Example() {
	var bus *eventbus.Bus // the gateway's one
	hub := eventstream.New(eventstream.Options{Tap: func() eventstream.Tap { return bus.Expect("") }})
	defer hub.Close()
	reader, err := hub.Read(eventstream.Request{Tags: []string{"salt/job/*"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer reader.Close()
	frame, err := reader.Next(context.Background())
	fmt.Println(frame.Tag, string(frame.JSON()), err)
}
