// Package watch wakes those that wait for a recorded job to change or to end.
//
//	jobs := watch.New(store.Job, store.Job)
//	rec := recorder.New(store, recorder.Options{Recorded: jobs.Recorded, Awaited: jobs.Awaited, ...})
//	go jobs.Run(ctx)
//
//	w := jobs.Watch(jid)
//	defer w.Close()
//	j, err := w.Job(ctx) // after Watch, so that no end is missed
//	if err == nil && !j.State.Ended() {
//		<-w.Ended()
//	}
//
// A job may be recorded, and ended, by another gateway with the same database: what
// counts is what the store says of a job. It is read after each batch of this
// gateway's recorder that is about a watched job, once for all that watch it, and
// now and then without one.
//
// The package imports internal/pause and records.
package watch
