package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/saltern-api/saltern/internal/timetable"
	"github.com/saltern-api/saltern/records"
)

// Body is what a [records.Schedule] has as its body.
type Body struct {
	Schedule json.RawMessage `json:"schedule"` // see timetable.Parse
	Cmd      string          `json:"cmd"`
	Fun      string          `json:"fun,omitempty"`
	Arg      json.RawMessage `json:"arg,omitempty"`
	Tgt      json.RawMessage `json:"tgt,omitempty"`
	Masters  []string        `json:"masters,omitempty"`
	Function string          `json:"function,omitempty"`

	// Skips are the times, in Unix seconds, that a user has left out, in their order.
	Skips []int64 `json:"skips,omitempty"`

	// JobAs and TgtAs are the saved job and target as they were then. The target may
	// be that of the job.
	JobAs Revision `json:"job_as,omitzero"`
	TgtAs Revision `json:"tgt_as,omitzero"`

	// As is what the runner needs to act as the owner. It is no secret.
	As json.RawMessage `json:"as,omitempty"`
}

// Revision is a state of a [records.Saved].
type Revision struct {
	ID      string `json:"id"`
	Made    string `json:"made,omitempty"` // another one for each that was made under this ID
	Version int64  `json:"version"`
}

// MaxSkips bounds the skips of a schedule.
const MaxSkips = 500

// skips reports whether a user has left a time out.
func (b Body) skips(due time.Time) bool { return slices.Contains(b.Skips, due.Unix()) }

// Read returns the body of a schedule, and its times.
func Read(s records.Schedule) (b Body, t *timetable.Table, err error) {
	if err := json.Unmarshal(s.Body, &b); err != nil {
		return b, nil, fmt.Errorf("read the schedule %s: %w", s.ID, err)
	}
	if t, err = timetable.Parse(b.Schedule); err != nil {
		return b, nil, fmt.Errorf("read the schedule %s: %w", s.ID, err)
	}
	return b, t, nil
}

// Next sets when a schedule is due and starts the next time after a time.
func Next(s *records.Schedule, t *timetable.Table, after time.Time) {
	s.Due, s.Start = next(nil, *s, t, after, time.Time{})
}

// ErrTooMuch means that more times would have to be looked at than may be.
var ErrTooMuch = errors.New("too many times would have to be computed")

// NextWithin is Next within a bound. Its error is [ErrTooMuch].
func NextWithin(l *timetable.Looks, s *records.Schedule, t *timetable.Table, after time.Time) error {
	due, start := next(l, *s, t, after, time.Time{})
	if due.IsZero() && l.Over() {
		return ErrTooMuch
	}
	s.Due, s.Start = due, start
	return nil
}

// next returns the next time, which starts no earlier than the one before.
func next(l *timetable.Looks, s records.Schedule, t *timetable.Table, after, before time.Time) (due, start time.Time) {
	due, ok := t.NextWithin(l, s.Saved, after)
	if !ok {
		return time.Time{}, time.Time{}
	}
	if start = t.Start(s.ID, due); start.Before(before) {
		start = before
	}
	return due, start
}

// Future is a time at which a schedule will be due.
type Future struct {
	Due, Start time.Time
	Skipped    bool // by a user
}

// Futures returns the times whose start is within a period, up to a number of them. With
// an error, which is [ErrTooMuch] where the bound has ended it, and otherwise of ctx,
// they are the first ones.
func Futures(
	ctx context.Context, l *timetable.Looks, s records.Schedule, b Body, t *timetable.Table, from, to time.Time, most int,
) (all []Future, err error) {
	due, start := s.Due, s.Start
	if !s.Enabled || due.IsZero() {
		if s.Enabled {
			return nil, nil
		}
		due, start = next(l, s, t, from, time.Time{})
	}
	for len(all) < most && !due.IsZero() && !start.After(to) {
		after := due
		if !start.Before(from) {
			if all = append(all, Future{due, start, b.skips(due)}); len(all) == most {
				return all, nil
			}
		} else if gap := from.Add(-maxDelay); due.Before(gap) { // not one by one
			after = gap
		}
		if err := ctx.Err(); err != nil {
			return all, err
		}
		due, start = next(l, s, t, after, start)
	}
	if due.IsZero() && l.Over() {
		return all, ErrTooMuch
	}
	return all, nil
}

// maxDelay is more than a run may start after the time at which it is due.
const maxDelay = 2 * time.Hour
