package reminder

import (
	"errors"
	"slices"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

const day = 24 * time.Hour

// stages are the days before the end, the nearest to it first.
type stages []int

// DefaultDays are the stages where nothing else is said.
func DefaultDays() []int { return []int{30, 7, 0} }

// maxDays is more than any token has a use for.
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

// due is the stage that a token has reached, if it is to be reminded of.
func (s stages) due(r apitoken.Record, now time.Time) (days int, ok bool) {
	if r.Expires.IsZero() || r.State(now) != apitoken.Live {
		return 0, false
	}
	for _, days := range s {
		if begins := r.Expires.Add(-time.Duration(max(days, 1)) * day); !begins.After(now) {
			return days, begins.After(r.Issued) // those further from the end began earlier still
		}
	}
	return 0, false
}
