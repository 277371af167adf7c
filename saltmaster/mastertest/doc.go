// Package mastertest is a stand-in for a Salt master, for unit, fault and load tests: it speaks the master's wire
// without a Salt behind it. It answers the clear commands on a ZeroMQ ROUTER, says on the event bus what a master of
// the chosen release would say, in that release's framing, simulates minions and runners, keeps tokens in the
// release's files, and fails on demand. What it says is checked against recordings of real masters.
//
// It imports saltmaster/msgpack, zmtp/zmtptest, internal/freeport, internal/pause and the standard library.
//
//	master := mastertest.Start(t, mastertest.Options{
//		Release: "3006",
//		Minions: []mastertest.Minion{{ID: "ms-0"}, {ID: "ms-1", Silent: true}},
//	})
//	pool := zmtp.NewPool(reqpool.Options{Network: "tcp", Address: master.Addr()})
//	bus := eventbus.New(eventbus.Options{Network: "unix", Address: master.BusPath()})
//	master.Fail(func(f *mastertest.Faults) { f.Silent = true })
//
// It knows as much of Salt as tests of a gateway need: the target types glob, list and pcre, a handful of functions
// (others are given by Minion.Answer and Options.Runners), and permissions that name functions, not minions.
package mastertest
