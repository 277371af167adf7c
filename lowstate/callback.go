package lowstate

import (
	"context"
	"errors"

	"github.com/saltern-api/saltern/eauth"
)

// Callbacks promises to tell a destination that a job has ended.
type Callbacks interface {
	// Reserve reserves a call-back for a job that is about to be sent. The error is
	// an [*Error] whose text is for the client.
	Reserve(ctx context.Context, id eauth.Identity, destination string) (Promise, error)
}

// Promise is a reserved call-back, which is kept or dropped.
type Promise interface {
	Keep(ctx context.Context, jid string)
	Drop(ctx context.Context)
}

// callbackKey is the key of a chunk with the destination of its call-back. It is not
// sent to the master. Without [Options].Callbacks it is a key like any other.
const callbackKey = "callback"

// takeCallback removes the destination of a call-back from a chunk.
func (t *task) takeCallback(c *Chunk) error {
	v, ok := c.Get(callbackKey)
	if !ok {
		return nil
	}
	_, given := c.given(callbackKey)
	destination, isText := text(v)
	*c = c.without(callbackKey)
	switch {
	case !given:
		return nil
	case !isText:
		return errors.New("callback must be a string")
	case c.truthy("jid"):
		return errors.New("callback does not go with a jid, which may be another job's")
	}
	t.callback = destination
	return nil
}

// checkCallback returns an error for a job that has not one jid, or none that the
// caller is told.
func (t *task) checkCallback() error {
	if t.callback == "" {
		return nil
	}
	switch t.job.(type) {
	case *localJob, *asyncJob, *subsetJob, *runnerAsyncJob, *wheelAsyncJob:
		return nil
	}
	return errors.New("callback goes with the clients local, local_async, local_subset, runner_async and wheel_async")
}

// promise is a call-back of a task.
type promise struct {
	Promise
	settled bool
}

// settle keeps the promise of a job that there is, and drops another one.
func (p *promise) settle(ctx context.Context, jid string) {
	if p == nil || p.settled {
		return
	}
	p.settled = true
	if jid == "" {
		p.Drop(ctx)
		return
	}
	p.Keep(ctx, jid)
}

// reserve reserves the call-backs of all chunks, before the first of them runs:
// where one cannot be promised, nothing is sent.
func (r *run) reserve(ctx context.Context) error {
	for i := range r.tasks {
		t := &r.tasks[i]
		if t.callback == "" {
			continue
		}
		p, err := r.callbacks.Reserve(ctx, t.id, t.callback)
		if err != nil {
			r.dropPromises(ctx)
			if e, ok := errors.AsType[*Error](err); ok && e.Kind == BadRequest {
				return badChunk(i, e.Text)
			}
			return err
		}
		t.promise, t.rec.Callback = &promise{Promise: p}, t.callback
	}
	return nil
}

// dropPromises drops those of the chunks that did not run.
func (r *run) dropPromises(ctx context.Context) {
	for i := range r.tasks {
		r.tasks[i].promise.settle(ctx, "")
	}
}
