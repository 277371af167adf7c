package timetable

import (
	"hash/fnv"
	"time"
)

// Table is a parsed schedule object. It does not change.
type Table struct {
	zone *time.Location

	// One of these is set.
	every  time.Duration
	once   time.Time
	clocks []clock

	after, until time.Time // zero for no bound
	within       *span
	skipped      map[int64]bool  // Unix times
	skippedDays  map[string]bool // in the zone

	splayFrom, splayTo int // seconds

	// MaxRunning is how many runs there may be at once; 0 for any number.
	MaxRunning int
}

// span is a range of times, or of each day.
type span struct {
	start, end time.Time // of times
	from, to   int       // of each day: seconds of the clock
	daily      bool
	invert     bool
}

func (s *span) has(t time.Time, zone *time.Location) bool {
	in := false
	if s.daily {
		h, m, sec := t.In(zone).Clock()
		now := h*3600 + m*60 + sec
		if s.from <= s.to {
			in = s.from <= now && now <= s.to
		} else { // over midnight
			in = s.from <= now || now <= s.to
		}
	} else {
		in = !t.Before(s.start) && !t.After(s.end)
	}
	return in != s.invert
}

// maxLooks bounds how many times of clocks are looked at that a range or a list
// excludes, until nothing counts as due any more: half a second's work.
const maxLooks = 100_000

// Looks bounds the work of several computations together: the times that they may look
// at. It is not safe for concurrent use.
type Looks struct{ left int }

// NewLooks returns a bound for a number of times: 100,000 are half a second's work.
func NewLooks(n int) *Looks { return &Looks{n} }

// Over reports whether nothing is left: then "not due any more" may mean that it was not
// found out.
func (l *Looks) Over() bool { return l != nil && l.left <= 0 }

// Next returns when it is due the next time after a time, or false if it is not any
// more. saved is when the schedule was made, from which intervals are counted.
func (t *Table) Next(saved, after time.Time) (due time.Time, ok bool) {
	return t.NextWithin(nil, saved, after)
}

// NextWithin is Next within a bound; nil is none.
func (t *Table) NextWithin(l *Looks, saved, after time.Time) (due time.Time, ok bool) {
	if l == nil {
		l = NewLooks(maxLooks)
	}
	if after.Before(t.after) {
		after = t.after.Add(-time.Nanosecond)
	}
	for looks := 0; looks < maxLooks && !l.Over(); looks += 1 + len(t.clocks) {
		l.left -= 1 + len(t.clocks)
		if s := t.within; s != nil && !s.daily {
			switch {
			case !s.invert && after.Before(s.start):
				after = s.start.Add(-time.Nanosecond)
			case s.invert && !after.Before(s.start) && after.Before(s.end):
				after = s.end
			}
		}
		due = t.raw(saved, after)
		switch {
		case due.IsZero(), !t.until.IsZero() && due.After(t.until), due.Year() >= lastYear,
			t.within != nil && !t.within.daily && !t.within.invert && due.After(t.within.end):
			return time.Time{}, false
		case !t.excludes(due):
			return due, true
		}
		if after = due; t.skipsDay(due) {
			year, month, day := due.In(t.zone).Date()
			if end := time.Date(year, month, day+1, 0, 0, 0, 0, t.zone).Add(-time.Nanosecond); end.After(due) {
				after = end
			}
		}
	}
	return time.Time{}, false
}

// lastYear is the first year whose times are not computed: they would not fit into the
// numbers that are kept of them.
const lastYear = 2200

func (t *Table) excludes(due time.Time) bool {
	return t.within != nil && !t.within.has(due, t.zone) || t.skipped[due.Unix()] || t.skipsDay(due)
}

func (t *Table) skipsDay(due time.Time) bool {
	return len(t.skippedDays) > 0 && t.skippedDays[due.In(t.zone).Format(dateForm)]
}

// raw is Next without what is excluded.
func (t *Table) raw(saved, after time.Time) (due time.Time) {
	switch {
	case !t.once.IsZero():
		if t.once.After(after) {
			return t.once
		}
		return time.Time{}
	case t.every > 0:
		saved = saved.Truncate(time.Second)
		n := after.Sub(saved)/t.every + 1
		if after.Before(saved) {
			n = 1
		}
		return saved.Add(n * t.every).UTC()
	}
	for _, c := range t.clocks {
		if next := c.zonedNext(after, t.zone); !next.IsZero() && (due.IsZero() || next.Before(due)) {
			due = next
		}
	}
	return due
}

// Start returns when what is due starts: after a delay, if the schedule has one, which
// depends on the schedule and the time and on nothing else.
func (t *Table) Start(id string, due time.Time) time.Time {
	if t.splayTo <= t.splayFrom {
		return due.Add(time.Duration(t.splayFrom) * time.Second)
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(id + due.UTC().Format(time.RFC3339)))
	n := t.splayFrom + int(h.Sum64()%uint64(t.splayTo-t.splayFrom+1)) //nolint:gosec // it is positive, see Parse
	return due.Add(time.Duration(n) * time.Second)
}
