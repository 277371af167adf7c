// Package eventbus listens to a Salt master's event publisher and hands each return to its waiter.
//
// The master sends every event to every listener, so one process has one connection: a [Bus]. A waiter makes its
// jid first, subscribes, and publishes after that, so that no return can come before it listens. Where the master
// makes the jid (runners and wheels), [Bus.Expect] collects from before the request, and [Sub.Bind] narrows it to
// the jid that the answer names.
//
// An event without a waiter is skipped in the stream without being held in memory. A waiter that is slow loses
// its own events (and gets an error for it), never the time of the reader.
//
// # Lost events
//
// The bus has no history. Every Sub that exists when a connection comes up gets [ErrGap] once, at that point in its
// queue: whatever the master said while the connection was down is in its job cache by then, and everything after
// is read from the bus. A Sub has no sign of the loss at the moment itself; [Bus.Connected] has. Where its own
// queue was full a Sub gets [ErrOverflow], which means the same look into the job cache.
//
// The package imports internal/pause, internal/spool, saltmaster/msgpack, saltmaster/internal/bounded and the standard library.
//
//	bus := eventbus.New(eventbus.Options{Network: "unix", Address: sockDir + "/master_event_pub.ipc"})
//	go bus.Run(ctx)
//	sub := bus.Subscribe(jid)
//	defer sub.Close()
//	// publish with jid, then:
//	event, err := sub.Next(ctx)
package eventbus
