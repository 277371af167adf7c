package records

import (
	"context"
	"errors"
	"iter"
)

// importBatch is how many entries Import puts in one step, and importBytes how
// many bytes of values.
const (
	importBatch = 500
	importBytes = 4 << 20
)

// Import puts everything that an export yields into a store. What is there
// already stays, so that an import which failed may be repeated. Schedules are not
// enabled then: they may be so where they come from. The changes are the sum of what was
// done, also with an error.
func Import(ctx context.Context, to interface {
	Writer
	Library
	Schedules
}, entries iter.Seq2[Entry, error],
) (Changes, error) {
	var sum Changes
	var b Batch
	var n, bytes int
	put := func() error {
		c, err := to.Put(ctx, b)
		sum.Jobs, sum.Returns, sum.Invalid = sum.Jobs+c.Jobs, sum.Returns+c.Returns, sum.Invalid+c.Invalid
		b, n, bytes = Batch{}, 0, 0
		return err
	}
	for e, err := range entries {
		if err != nil {
			return sum, err
		}
		switch {
		case e.Saved != nil:
			e.Saved.Version = 0
			_, err := to.PutSaved(ctx, *e.Saved)
			if err := added(err, &sum.Saved, &sum); err != nil {
				return sum, err
			}
			continue
		case e.Schedule != nil:
			e.Schedule.Version, e.Schedule.Enabled = 0, false
			_, err := to.PutSchedule(ctx, *e.Schedule, true)
			if err := added(err, &sum.Schedules, &sum); err != nil {
				return sum, err
			}
			continue
		case e.Job != nil:
			b.Jobs = append(b.Jobs, *e.Job)
			if !e.Job.End.IsZero() {
				b.Ends = append(b.Ends, End{JID: e.Job.JID, Time: e.Job.End})
			}
			n += len(e.Job.Minions)
		case e.Return != nil && !e.Return.Missing:
			b.Returns = append(b.Returns, *e.Return)
			bytes += len(e.Return.Value)
		default:
			continue
		}
		if n++; n >= importBatch || bytes >= importBytes {
			if err := put(); err != nil {
				return sum, err
			}
		}
	}
	return sum, put()
}

// added counts what was put unless it is there already.
func added(err error, n *int, sum *Changes) error {
	var invalid *InvalidError
	switch {
	case err == nil:
		*n++
	case errors.Is(err, ErrConflict):
	case errors.As(err, &invalid):
		sum.Invalid++
	default:
		return err
	}
	return nil
}
