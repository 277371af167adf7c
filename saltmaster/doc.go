// Package saltmaster speaks to a Salt master as Salt's own clients do: clear
// msgpack requests over ZeroMQ to the master's ret_port, returns from its
// event bus, and a few of its files. It is the only part of Saltern that
// knows Salt's wire and files; its sub-packages hold one part each.
//
//	zmtp        the ZeroMQ request socket
//	msgpack     Salt's msgpack and the way to and from JSON
//	eventbus    the one shared connection to the master's event publisher
//	eventstream the events as JSON, for any number of readers
//	yamlin      YAML of clients, within bounds
//	masterconf  the master's configuration file
//	tokenstore  the master's Salt tokens on disk
//	jobcache    the master's job cache on disk
//	lookup      what runners and wheel functions return of jobs and keys, read from files
//	authmodule  which eauth modules decide themselves
//	runnerdirs  runner modules of the operator's own
//	presence    which minions are connected to the master
//	mastertest  a stand-in that speaks the same wire, for tests
//	sandbox     a private real master, for tests, benchmarks and the demo
//
// It imports internal packages, and nothing else of Saltern outside itself. Every command is sent with
// the caller's own Salt token; the master's root key is never read.
//
//	pool := zmtp.NewPool(reqpool.Options{Network: "tcp", Address: "127.0.0.1:4506"})
//	m := saltmaster.New(pool, saltmaster.Options{User: "root"})
//	pub, err := m.Publish(ctx, saltmaster.Publication{
//		Tgt: tgt, TgtType: "glob", Fun: "test.ping", JID: jid, Token: token,
//	})
package saltmaster
