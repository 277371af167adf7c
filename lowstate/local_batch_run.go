package lowstate

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// batch is one run of a batch. Its jobs wait in goroutines of their own, of
// which there are never more than active minions; all else is done in run's.
type batch struct {
	*batchJob
	grant eauth.Grant
	rec   *Record
	yield func(item Answer) error

	slots   int
	pending []string        // minions not started yet
	active  map[string]bool // minions running the function
	cooling []time.Time     // when the places of finished minions are free again, the earliest first
	updates chan update     // from the jobs
}

// update is a message of a job to its batch.
type update struct {
	jid    string // of the job, when it was published
	id     string // of the minion that has finished
	item   Answer
	failed bool
	err    error
}

func newBatch(j *batchJob, grant eauth.Grant, minions []string, rec *Record, yield func(Answer) error) *batch {
	return &batch{
		batchJob: j, grant: grant, rec: rec, yield: yield,
		slots:   j.size.of(len(minions)),
		pending: minions,
		active:  make(map[string]bool),
		updates: make(chan update),
	}
}

// run returns when all minions have finished, or after ctx ends, when no more
// minions start. All of its goroutines have then ended.
func (b *batch) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var jobs sync.WaitGroup
	defer jobs.Wait()
	defer cancel()
	for len(b.pending) > 0 || len(b.active) > 0 {
		if next := b.next(time.Now()); len(next) > 0 {
			jobs.Go(func() { b.publish(ctx, next) })
		}
		over, err := b.await(ctx)
		if over || err != nil {
			return err
		}
	}
	return nil
}

// await handles the next update, or waits until a place is free.
func (b *batch) await(ctx context.Context) (over bool, err error) {
	var free <-chan time.Time
	if len(b.pending) > 0 && len(b.cooling) > 0 {
		free = time.After(time.Until(b.cooling[0]))
	}
	select {
	case n := <-b.updates:
		return b.handle(n)
	case <-free:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// gatherStep is how long a free place waits for others that become free at
// about the same time, so that they share one job on the master.
const gatherStep = 20 * time.Millisecond

func (b *batch) handle(n update) (over bool, err error) {
	switch {
	case n.err != nil:
		return true, n.err
	case n.jid != "":
		if b.rec.JID == "" {
			b.rec.JID, b.rec.noted = n.jid, true
		}
		return false, nil
	}
	if b.active[n.id] {
		delete(b.active, n.id)
		b.cooling = append(b.cooling, time.Now().Add(b.pause).Truncate(gatherStep).Add(gatherStep))
	}
	if err := b.yield(n.item); err != nil {
		return true, err
	}
	return n.failed && b.failHard, nil
}

// next takes the minions that may start now.
func (b *batch) next(now time.Time) []string {
	b.cooling = slices.DeleteFunc(b.cooling, func(t time.Time) bool { return !t.After(now) })
	n := min(b.slots-len(b.active)-len(b.cooling), len(b.pending))
	if n <= 0 {
		return nil
	}
	next := b.pending[:n]
	b.pending = b.pending[n:]
	for _, id := range next {
		b.active[id] = true
	}
	return next
}

// publish runs the function on some minions and sends an update for each.
func (b *batch) publish(ctx context.Context, minions []string) {
	job := b.part(stringArray(minions), "list")
	job.pub.JID = b.JIDs.Next()
	if b.send(ctx, update{jid: job.pub.JID}) != nil {
		return
	}
	silent := make(map[string]bool, len(minions))
	for _, id := range minions {
		silent[id] = true
	}
	_, err := job.collect(ctx, b.grant, b.rec.part(), func(id string, r result) error {
		delete(silent, id)
		return b.send(ctx, update{id: id, item: b.item(id, r), failed: failed(r.retcode)})
	})
	if err != nil {
		_ = b.send(ctx, update{err: err}) // after ctx has ended there is no receiver
		return
	}
	for _, id := range minions {
		if silent[id] && b.send(ctx, update{id: id, item: b.silentItem(id)}) != nil {
			return
		}
	}
}

func (b *batch) send(ctx context.Context, n update) error {
	select {
	case b.updates <- n:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// failed reports whether a return code is a failure. For a list of functions it
// is a map with one for each.
func failed(retcode msgpack.Raw) bool {
	if retcode.Kind() == msgpack.Map {
		some := false
		_ = retcode.Each(func(_, code msgpack.Raw) error {
			some = some || failed(code)
			return nil
		})
		return some
	}
	code, ok := retcode.Float()
	return ok && code > 0
}

func stringArray(list []string) msgpack.Raw {
	b := msgpack.AppendArray(nil, len(list))
	for _, s := range list {
		b = msgpack.AppendString(b, s)
	}
	return b
}
