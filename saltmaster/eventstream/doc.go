// Package eventstream delivers the master's events, as JSON, to any number of readers, over the one connection of the
// event bus.
//
// A [Hub] turns each event into JSON once, into a ring that all readers share; a [Reader] is no more than a place in
// it. A reader that the ring has overtaken is cut off. The hub listens to the bus from its first reader until some
// time after the last one left, so that a gateway without readers does no work.
//
// Credentials that the master or another salt-api put on the bus never get into the ring, and an [ACL] decides which
// reader sees which tags.
//
// The package imports saltmaster/eventbus, saltmaster/msgpack, internal/credname and the standard library.
//
//	hub := eventstream.New(eventstream.Options{Tap: func() eventstream.Tap { return bus.Expect("") }})
//	defer hub.Close()
//	reader, err := hub.Read(eventstream.Request{Tags: []string{"salt/job/*"}, After: lastEventID})
//	defer reader.Close()
//	frame, err := reader.Next(ctx)
package eventstream
