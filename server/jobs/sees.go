package jobs

import (
	"context"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/caller"
)

// Sight is which jobs a caller sees, for other APIs about jobs. The zero value
// sees none.
type Sight struct{ of sight }

// Sight returns what a caller sees.
func (a *API) Sight(ctx context.Context, c *caller.Caller) Sight {
	if c == nil {
		return Sight{}
	}
	return Sight{a.sight(ctx, c)}
}

// Job reports whether the caller sees a job.
func (s Sight) Job(j records.Job) bool { return s.of.job(j) }

// Returns reports whether the caller sees what each minion of a job returned.
func (s Sight) Returns(j records.Job) bool {
	return s.of.returns(j) && (s.of.owns(j) || s.of.every)
}

// Others reports whether the caller sees jobs of others.
func (s Sight) Others() bool { return s.of.others }
