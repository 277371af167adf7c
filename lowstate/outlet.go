package lowstate

import (
	"context"
	"errors"
)

// errUnfinished is the error of a chunk that runs, and of one that panicked.
var errUnfinished = errors.New("not finished")

// run carries the chunk out and hands its answer to yield.
func (t task) run(ctx context.Context, yield func(item Answer) error) (err error) {
	t.begin()
	err = errUnfinished
	defer func() { t.end(err) }()
	if s, ok := t.job.(Streamer); ok {
		return s.Stream(ctx, t.id.Grant, t.rec, yield)
	}
	answer, err := t.job.Run(ctx, t.id.Grant, t.rec)
	if err != nil {
		return err
	}
	return yield(answer)
}

// all carries the chunk out and adds its answers to those before.
func (t task) all(ctx context.Context, before []Answer) (_ []Answer, err error) {
	t.begin()
	err = errUnfinished
	defer func() { t.end(err) }()
	if s, ok := t.job.(Streamer); ok {
		return t.items(ctx, s, before)
	}
	answer, err := t.job.Run(ctx, t.id.Grant, t.rec)
	return append(before, answer), err
}

func (t task) items(ctx context.Context, s Streamer, before []Answer) ([]Answer, error) {
	err := s.Stream(ctx, t.id.Grant, t.rec, func(item Answer) error {
		before = append(before, item)
		return nil
	})
	return before, err
}

// runAll runs chunks one after the other and keeps their answers.
func runAll(ctx context.Context, tasks []task) ([]Answer, error) {
	answers := make([]Answer, 0, len(tasks))
	for _, t := range tasks {
		var err error
		if answers, err = t.all(ctx, answers); err != nil {
			return nil, failure(err)
		}
	}
	return answers, nil
}

// outlet lets the items of the last chunk out, after those of the chunks
// before it.
type outlet struct {
	before []Answer
	yield  func(item Answer) error
	err    error // of yield
}

func (o *outlet) put(item Answer) error {
	if err := o.flush(); err != nil {
		return err
	}
	o.err = o.yield(item)
	return o.err
}

// flush lets out what is held back.
func (o *outlet) flush() error {
	for len(o.before) > 0 && o.err == nil {
		o.err = o.yield(o.before[0])
		o.before = o.before[1:]
	}
	return o.err
}

// failure is what the caller hears of a chunk's error: yield's is its own.
func (o *outlet) failure(err error) error {
	if o.err != nil && errors.Is(err, o.err) {
		return o.err
	}
	return failure(err)
}
