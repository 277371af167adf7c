package lowstate

import (
	"context"
	"errors"
)

// stream runs all chunks and yields their answers: those before the last when
// that one has something to say.
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

// orderedWriter lets the items of the last chunk out, after those of the chunks
// before it.
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

// flush lets out what is held back.
func (o *orderedWriter) flush() error {
	for len(o.before) > 0 && o.err == nil {
		o.err = o.yield(o.before[0])
		o.before = o.before[1:]
	}
	return o.err
}

// failure is what the caller hears of a chunk's error: yield's is its own.
func (o *orderedWriter) failure(err error) error {
	if o.err != nil && errors.Is(err, o.err) {
		return o.err
	}
	return failure(err)
}
