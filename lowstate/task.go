package lowstate

import (
	"context"
	"errors"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/internal/spool"
)

// task is one chunk of a run. chunk and rec are in the run's result.
type task struct {
	chunk *Chunk
	creds eauth.Credentials
	job   Job
	id    eauth.Identity
	rec   *Record
	spool *spool.Spool
	note  func(Note) // [Options].Note

	origin Origin // of the call

	callback string   // the destination of its call-back; "" for none
	promise  *promise // of it
}

// checked reports whether the chunk's caller is authenticated already.
func (t task) checked() bool {
	h, ok := t.id.Grant.(*eauth.CredentialGrant)
	return !ok || h.Verified()
}

// name sets the caller in the record.
func (t task) name() { t.rec.User, t.rec.Eauth = t.id.User, t.id.Eauth }

// begin marks the chunk as begun, with the caller that it claims.
func (t task) begin() {
	t.name()
	t.rec.Begun = true
	if t.note != nil {
		t.rec.note, t.rec.chosen = t.noteJob, t.chunk.truthy("jid")
	}
}

// noteJob notes a job once the caller is authenticated, which is by the master
// that has published it at the latest.
func (t task) noteJob(jid, fun string, sent bool) {
	if t.checked() {
		t.note(Note{JID: jid, User: t.id.User, Eauth: t.id.Eauth, Client: t.rec.Client, Fun: fun, Origin: t.origin, Sent: sent})
	}
}

// end sets the outcome of the chunk. A caller that the master has not confirmed
// by then is removed.
func (t task) end(ctx context.Context, err error) {
	t.rec.Done, t.rec.note = err == nil, nil
	t.promise.settle(ctx, t.rec.JID)
	if !t.checked() {
		t.rec.User, t.rec.Eauth = "", ""
	}
}

// errUnfinished is the error of a chunk that is running, or that panicked.
var errUnfinished = errors.New("not finished")

// run runs the chunk and yields its answer.
func (t task) run(ctx context.Context, yield func(item Answer) error) (err error) {
	t.begin()
	err = errUnfinished
	defer func() { t.end(ctx, err) }()
	if s, ok := t.job.(Streamer); ok {
		return s.Stream(ctx, t.id.Grant, t.rec, yield)
	}
	answer, err := t.job.Run(ctx, t.id.Grant, t.rec)
	if err != nil {
		return err
	}
	return yield(answer)
}

// all runs the chunk and appends its answers to those before.
func (t task) all(ctx context.Context, before []Answer) (_ []Answer, err error) {
	t.begin()
	err = errUnfinished
	defer func() { t.end(ctx, err) }()
	if s, ok := t.job.(Streamer); ok {
		return t.items(ctx, s, before)
	}
	answer, err := t.job.Run(ctx, t.id.Grant, t.rec)
	return append(before, answer), err
}

func (t task) items(ctx context.Context, s Streamer, before []Answer) ([]Answer, error) {
	err := s.Stream(ctx, t.id.Grant, t.rec, func(item Answer) error {
		part, err := Put(t.spool, item)
		before = append(before, Spooled{part})
		return err
	})
	return before, err
}

// put puts the last answer into the spool, if it may be large and is not there.
func (t task) put(answers []Answer) error {
	last := &answers[len(answers)-1]
	switch (*last).(type) {
	case RunnerReturn, WheelReturn:
		part, err := Put(t.spool, *last)
		*last = Spooled{part}
		return err
	}
	return nil
}

// runAll runs chunks one after the other and returns their answers. Those of
// runners and wheels, of which there are several, wait as JSON.
func runAll(ctx context.Context, tasks []task) ([]Answer, error) {
	answers := make([]Answer, 0, len(tasks))
	for _, t := range tasks {
		var err error
		if answers, err = t.all(ctx, answers); err != nil {
			return nil, failure(err)
		}
		if len(tasks) > 1 {
			if err := t.put(answers); err != nil {
				return nil, failure(err)
			}
		}
	}
	return answers, nil
}

// stream runs all chunks and yields their answers: those of the chunks before
// the last one when that one yields its first.
func (r *run) stream(ctx context.Context, yield func(item Answer) error) error {
	last := max(0, len(r.tasks)-1)
	before, err := runAll(ctx, r.tasks[:last])
	if err != nil {
		return err
	}
	out := &orderedWriter{before: before, yield: yield}
	for _, t := range r.tasks[last:] {
		if err := t.run(ctx, out.write); err != nil {
			return out.failure(err)
		}
	}
	return out.flush()
}

// orderedWriter yields the items of the last chunk, after the answers of the
// chunks before it.
type orderedWriter struct {
	before []Answer
	yield  func(item Answer) error
	err    error // of yield
}

func (o *orderedWriter) write(item Answer) error {
	if err := o.flush(); err != nil {
		return err
	}
	o.err = o.yield(item)
	return o.err
}

// flush yields the answers that were held back.
func (o *orderedWriter) flush() error {
	for len(o.before) > 0 && o.err == nil {
		o.err = o.yield(o.before[0])
		o.before = o.before[1:]
	}
	return o.err
}

// failure returns the error of the stream for a chunk's error: that of yield is
// returned unchanged.
func (o *orderedWriter) failure(err error) error {
	if o.err != nil && errors.Is(err, o.err) {
		return o.err
	}
	return failure(err)
}
