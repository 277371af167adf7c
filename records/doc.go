// Package records keeps what was run through a master: jobs, the minions that
// each was meant for, and what these returned. It is filled from the event bus,
// so that jobs of the salt command line are in it too, and outlives the master's
// job cache.
//
//	store := sqlite.Open(sqlite.Options{File: "/var/lib/saltern/records.db"})
//	defer store.Close()
//
//	// what the bus says, in batches
//	changes, err := store.Put(ctx, records.Batch{
//		Jobs:    []records.Job{{JID: jid, User: "ops", Client: "local", Fun: "test.ping", Minions: []string{"web1", "web2"}}},
//		Returns: []records.Return{{JID: jid, Minion: "web1", Time: now, Success: true, Value: msgpack}},
//	})
//	// later: no return is waited for any more
//	changes, err = store.Put(ctx, records.Batch{Ends: []records.End{{JID: jid, Time: now}}})
//
//	page, err := store.Jobs(ctx, records.Query{Filter: records.Filter{User: "ops", States: []records.State{records.Failed}}})
//	failed, err := store.Returns(ctx, jid, records.ReturnQuery{Outcome: records.NotOK})
//
// # Writing
//
// [Store.Put] may be called with the same events any number of times, in any
// order, by any number of gateways: a job is one record, and so is what a minion
// returned for it. What is empty in a record is filled in, and what is not stays
// as it is, but for the client, of which an event has only the kind. A return whose job is not known yet makes a record of the job, which
// its job event completes.
//
// The state and the counts of a job are the store's own business; see [State].
//
// # Values
//
// The value of a return is msgpack, as it came over the bus: JSON has neither
// its bytes nor its integers, and transcoding 2,000 returns a second that nobody
// reads would cost more than keeping them. Values above a limit are not kept:
// the record then is [Return].Omitted, and the master's job cache has the value.
//
// # Library
//
// [Library] keeps what users save to run or use again: jobs and targets. It is not
// trimmed, and an export does not have it.
//
// # Bounds
//
// Texts are cut at the lengths below, pages have at most [MaxLimit] records and
// some [MaxPageBytes] of values, counts end at [MaxCount]. Each call honors its
// context.
//
// Each kind of store is a package of its own and passes the suite in
// recordstest. The package imports nothing else of Saltern.
package records
