// Package waiting has requests wait for the end of a job.
//
//	most, err := jobs.Parse("60s") // of the parameter wait
//	wait := jobs.Begin(jid, most)
//	defer wait.Close()
//	job, err := wait.Job(ctx, false) // it may have ended already
//	ended, err := wait.End(ctx)
//
// A wait is an entry in a hub of package watch: nothing runs for it, and the job is read
// once for all that wait for it. A goroutine is blocked for it, or, with [Wait.After],
// starts when it is over. It ends with the job, its time, the client's connection, the
// caller's credential, or when the gateway begins to stop.
//
// It imports eauth, records, records/watch, server/caller and server/web.
package waiting
