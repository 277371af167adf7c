// Package recorder records what a master's event bus says of jobs: those of the
// salt command line and of other programs too.
//
//	rec := recorder.New(store, recorder.Options{MasterID: "master.example_master", Cache: cache, Spool: spools})
//	rec.Note(recorder.Note{JID: jid, User: "saltdev", Eauth: "pam", Client: "local_async", Sent: true}) // what no event says
//	rec.Run(ctx, bus.ExpectTrimmed("salt/", rec.Trim))
//
// One goroutine reads the tap and never waits for the store: entries wait in a
// queue, 4 MiB of it in memory and the rest in files, within the limit of the
// spool. Another one writes batches, two a second when many events come, and what
// comes alone at once. Those who wait for a job have what is read of it written sooner,
// and those who read the store through [Recorder.Fresh] have all of it written first.
// What was lost, because the bus or the gateway
// was away or the queue was full, is read from the master's job cache, before the
// events that follow.
//
// # Notes
//
// What this gateway notes of a job that it starts is kept until it is recorded: with
// the event of the job, with a return, with what the job cache has of it, or alone
// after five seconds without any of these, and when the recorder stops. A job that is
// noted before the master has it is not recorded alone: it may be refused. A file has
// the notes for the next process, which adds them to what it records of these jobs.
//
// # The end of a job
//
// A job ends when all minions have returned. Otherwise it ends when nothing was
// heard of it for a while: no return, and no minion that says it works on it. That
// is Options.Asked if a caller finds out about it by saltutil.find_job, as salt and
// this gateway do while they wait, Options.Unasked if nobody does, and
// Options.Called for a runner or wheel function. A later return is recorded all the
// same. Jobs of saltutil.find_job itself are not recorded.
//
// # Trust
//
// A return is taken from its event if that names the command and the minion of its
// tag. A minion that fires such an event itself can make a record of a return. With
// Options.Verified, an event is a claim that the job cache has something, which
// the master writes a moment later: what is there is recorded, and what is not
// there within five seconds is not.
//
// The package imports records, internal/lru, internal/pause, internal/spool, saltmaster/arguments,
// saltmaster/eventbus, saltmaster/jobcache and saltmaster/msgpack.
package recorder
