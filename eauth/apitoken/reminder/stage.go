package reminder

import (
	"errors"
	"slices"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

const day = 24 * time.Hour

// stages are days before the end, in ascending order.
type stages []int

// DefaultDays returns the default stages.
func DefaultDays() []int { return []int{30, 7, 0} }

// maxDays is a limit beyond any useful stage.
const maxDays = 10 * 366

func newStages(days []int) (stages, error) {
	if days == nil {
		days = DefaultDays()
	}
	s := stages(slices.Sorted(slices.Values(days)))
	if slices.ContainsFunc(s, func(d int) bool { return d < 0 || d > maxDays }) {
		return nil, errors.New("the days of a reminder are between 0 and 3660")
	}
	return slices.Compact(s), nil
}

// due returns the stage that a token has reached. ok is false if no reminder is
// due.
func (s stages) due(r apitoken.Record, now time.Time) (days int, ok bool) {
	if r.Expires.IsZero() || r.State(now) != apitoken.Live {
		return 0, false
	}
	for _, days := range s {
		if begins := r.Expires.Add(-time.Duration(max(days, 1)) * day); !begins.After(now) {
			return days, begins.After(r.Issued) // stages further from the end began even earlier
		}
	}
	return 0, false
}
