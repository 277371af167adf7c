package records

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Schedule is what a user has saved to be run at times.
type Schedule struct {
	ID string `json:"id"` // a UUID in small letters

	// Version is a new one with each change by a user. PutSchedule reads the one that
	// is there, 0 for none.
	Version int64 `json:"version"`

	User  string `json:"user"` // the owner
	Eauth string `json:"eauth"`
	Name  string `json:"name"`

	// Job and Tgt are the UUIDs of the saved job and the saved target that it needs.
	Job string `json:"job_uuid,omitempty"`
	Tgt string `json:"tgt_uuid,omitempty"`

	Enabled bool      `json:"enabled"`
	Saved   time.Time `json:"saved"` // when it was made
	Changed time.Time `json:"changed"`

	// Due is the time of the next run, and Start when it is to start; zero for none.
	Due   time.Time `json:"due,omitzero"`
	Start time.Time `json:"start,omitzero"`

	Body json.RawMessage `json:"body"` // the rest
}

// Run is a run of a schedule: one time at which it was due.
type Run struct {
	Schedule string
	Due      time.Time
	Name     string // of the schedule then
	Eauth    string // the user that it ran as
	User     string
	Cmd, Fun string

	State RunState
	JID   string
	Why   string // in a few words, where the state is not RunStarted

	Claimed time.Time // when it was claimed, or found to be missed
	Until   time.Time // when the claim ends
	Done    time.Time // when the state was set that is an end
}

// RunState is the state of a [Run].
type RunState string

// The states. All but the first are ends.
const (
	RunClaimed RunState = "claimed" // a gateway is about to run it
	RunStarted RunState = "started" // the master has taken the command
	RunRefused RunState = "refused" // the owner may not do it any more
	RunFailed  RunState = "failed"  // the master has refused the command, or could not be reached
	RunSkipped RunState = "skipped" // by a user, or because too many are running
	RunMissed  RunState = "missed"  // no gateway was there in time
	RunUnknown RunState = "unknown" // its gateway ended: the master may have taken the command
)

// RunStates returns all states.
func RunStates() []RunState {
	return []RunState{RunClaimed, RunStarted, RunRefused, RunFailed, RunSkipped, RunMissed, RunUnknown}
}

// ErrTooManySchedules means that there are [MaxSchedules] already, or
// [MaxSchedulesOfUser] of the owner's.
var ErrTooManySchedules = errors.New("there are too many schedules")

// The bounds of schedules and of their runs.
const (
	MaxSchedules       = 1000
	MaxSchedulesOfUser = 200
	MaxScheduleBody    = 32 << 10
	MaxRunWhy          = 256 // bytes
)

// Schedules is the part of a [Store] for schedules. Times are those of the caller's
// clock.
type Schedules interface {
	// PutSchedule stores s if its Version is the present one, and returns it with the
	// new one. Otherwise it returns an [ErrConflict]. Due and Start are stored for a
	// new one, and with reschedule. Errors of what cannot be kept are an
	// [*InvalidError], and those of the bounds an [ErrTooManySchedules].
	PutSchedule(ctx context.Context, s Schedule, reschedule bool) (Schedule, error)

	// Schedule returns what has an id, or an [ErrNotFound].
	Schedule(ctx context.Context, id string) (Schedule, error)

	// Schedules returns all that a query selects, in the order of their names.
	Schedules(ctx context.Context, q ScheduleQuery) ([]Schedule, error)

	// DeleteSchedule removes what has an id, or returns an [ErrNotFound]. Its runs
	// stay.
	DeleteSchedule(ctx context.Context, id string) error

	// DueSchedules returns some of the schedules that are enabled and whose Start has
	// come, those first that wait for the longest time, and when the next one starts;
	// zero for none.
	DueSchedules(ctx context.Context, now time.Time) (due []Schedule, next time.Time, err error)

	// ClaimRuns sets the next Due and Start of a schedule and adds runs of it, unless
	// its Due or Version is another one meanwhile, or there is a run for one of these
	// times: then claimed is false, and nothing is changed. Of all gateways one claims
	// what is due at a time.
	ClaimRuns(ctx context.Context, s Schedule, due, start time.Time, runs []Run) (claimed bool, err error)

	// SettleRun records what came of a run that was claimed, also if the claim has
	// ended since.
	SettleRun(ctx context.Context, r Run) error

	// LoseRuns ends the runs whose claim has ended as unknown, and returns them.
	LoseRuns(ctx context.Context, now time.Time, why string) ([]Run, error)

	// Runs returns a page of runs, those of the latest times first.
	Runs(ctx context.Context, q RunQuery) ([]Run, error)

	// LastRuns returns the last run of each of some schedules that has one.
	LastRuns(ctx context.Context, schedules []string) ([]Run, error)

	// MissedRuns returns how many runs of each of some schedules were missed, or have
	// an unknown outcome.
	MissedRuns(ctx context.Context, schedules []string) (map[string]int, error)

	// TrimRuns removes runs of times before one, or returns how many these are with
	// count.
	TrimRuns(ctx context.Context, before time.Time, count bool) (int64, error)

	// CountSchedules returns how many schedules there are, and how many are enabled.
	CountSchedules(ctx context.Context) (all, enabled int, err error)
}

// ScheduleQuery selects schedules. Empty fields select all.
type ScheduleQuery struct {
	User, Eauth string
	Job, Tgt    string
}

// RunQuery selects runs. Empty fields select all.
type RunQuery struct {
	Schedule    string
	User, Eauth string
	State       RunState
	From, To    time.Time // of Due
	Offset      int
	Limit       int // of the page; see [PageSize]
}
