package lowstate

import (
	"context"
	"errors"
)

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
