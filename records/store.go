package records

import (
	"context"
	"iter"
	"time"
)

// Store keeps jobs and returns of one master. It is safe for use by several
// goroutines, and several gateways may use one database. Those of other masters
// may be in the same database, under another name each: a store sees nothing of
// them. The effect of a
// completed Put survives a crash of the process. Any method may return an
// [ErrUnavailable], and those with a query an [*InvalidError].
type Store interface {
	Writer
	Reader
	Keeper
	Callbacks
	Library
	Schedules
	Values
}

// Writer is the part of a [Store] for the recorder.
type Writer interface {
	// Put records a batch, all of it or, with an error, nothing. What was
	// recorded before is not recorded again. It returns an [ErrFull] if the
	// disk is full. Records that cannot be kept (without a jid, or a return
	// without a minion) are counted in the Changes and not an error.
	Put(ctx context.Context, b Batch) (Changes, error)
}

// Reader is the part of a [Store] for look-ups.
type Reader interface {
	// Job returns a job, with the minions that it was meant for if minions is
	// set, or an [ErrNotFound].
	Job(ctx context.Context, jid string, minions bool) (Job, error)

	// Jobs returns a page of jobs, without their minions.
	Jobs(ctx context.Context, q Query) (JobPage, error)

	// CountJobs counts the jobs that a filter selects.
	CountJobs(ctx context.Context, f Filter) (Counts, error)

	// CountReturns counts what was returned for the newest jobs that a filter selects.
	CountReturns(ctx context.Context, f Filter) (ReturnCounts, error)

	// Returns returns a page of what the minions of a job returned, in the
	// order of their names, or an [ErrNotFound] if there is no such job.
	Returns(ctx context.Context, jid string, q ReturnQuery) (ReturnPage, error)

	// Arrived returns what the minions of a job have returned, with the values, in
	// the order in which that was recorded: what follows a cursor, or all where it
	// is empty. The list has the given number at most (see [PageSize]), fewer if
	// the values are large, and is empty only at the end. The error is an
	// [ErrNotFound] if there is no such job.
	Arrived(ctx context.Context, jid, after string, limit int) ([]Arrival, error)

	// Return returns what one minion returned, with the value, or an
	// [ErrNotFound]. The return of a minion that was meant and did not return
	// is one that is Missing.
	Return(ctx context.Context, jid, minion string) (Return, error)

	// LastJobs returns for each of these minions, [MaxLimit] at most, the last
	// job that was meant for it or that it returned for. Minions without one
	// are left out. The order is that of the names given.
	LastJobs(ctx context.Context, minions []string) ([]LastJob, error)
}

// Keeper is the part of a [Store] for the operator.
type Keeper interface {
	// Trim removes the oldest jobs with their returns, in steps that leave room
	// for writers.
	Trim(ctx context.Context, t Trim) (Trimmed, error)

	// Size returns how much is recorded, which is about what it takes on disk.
	Size(ctx context.Context) (Size, error)

	// Export yields what users have saved, and then everything that started in a
	// period, the oldest job first: a job with its minions, then its returns with
	// their values. It ends with the first error. [Import] takes it.
	Export(ctx context.Context, from, to time.Time) iter.Seq2[Entry, error]

	// Ping returns an [ErrUnavailable] if the store cannot be used now.
	Ping(ctx context.Context) error

	// Close releases the resources of the store, which must not be used
	// afterwards.
	Close() error
}

// Batch is what is recorded in one step. It is bounded by what a caller puts
// into it: some hundred returns make a good batch.
type Batch struct {
	Jobs    []Job
	Returns []Return
	Ends    []End
}

// End says that no return of a job is waited for any more. A job of which all
// minions have returned needs none.
type End struct {
	JID  string
	Time time.Time
}

// Changes are what a batch changed.
type Changes struct {
	Jobs    int // that were not known before
	Returns int // that were not known before
	Invalid int // records that cannot be kept

	// By Import: those that were not there.
	Saved     int
	Schedules int

	// Ended are the jids of jobs that ended by this batch. A job is reported
	// once, to one gateway, also when returns arrive after its end.
	Ended []string
}

// Query selects a page of jobs.
type Query struct {
	Filter Filter
	Sort   Sort   // newest first where it is empty
	After  string // the Next of the previous page, with the same filter and sort
	Limit  int    // of the page; see [PageSize]
}

// Filter selects jobs. Empty fields select all.
type Filter struct {
	JID    string // the beginning of a jid
	User   string
	Eauth  string
	Client string
	Fun    string // whole, or its beginning and an asterisk: state.*
	Tgt    string // as it was given
	Minion string // meant by the job, or having returned
	States []State

	From, To time.Time // of the start; To is exclusive

	Origin OriginFilter

	// Text is a part of the function, the arguments, the target or the user.
	// ASCII letters match in upper and lower case. It has [MinText] characters at
	// least.
	Text string
}

// OriginFilter selects jobs by what they were run from. Of names, of which there are
// [MaxNames] at most in a list, the job has one.
type OriginFilter struct {
	Job, Tgt, Sched                string // UUIDs
	JobNames, TgtNames, SchedNames []string
	Scheduled                      *bool // whether a schedule ran it
}

// Sort is an order of jobs.
type Sort string

// The orders, which a hyphen reverses. Jobs with the same user, function or end
// are in the order of their starts. Jobs that have not ended are the last by
// their end.
const (
	ByStart Sort = "start"
	ByEnd   Sort = "end"
	ByUser  Sort = "user"
	ByFun   Sort = "fun"

	Newest    Sort = "-start"
	LastEnded Sort = "-end"
)

// Sorts returns all orders.
func Sorts() []Sort {
	return []Sort{ByStart, ByEnd, ByUser, ByFun, Newest, LastEnded, "-user", "-fun"}
}

// JobPage is a page of jobs.
type JobPage struct {
	Jobs []Job
	Next string // where the next page begins; empty at the end
}

// ReturnQuery selects a page of returns.
type ReturnQuery struct {
	Outcome Outcome // all where it is empty
	Values  bool    // whether the values are read too
	After   string  // the Next of the previous page
	Limit   int     // of the page; see [PageSize]
}

// ReturnPage is a page of returns. With values, it has fewer than the limit if
// these are large, and one at least.
type ReturnPage struct {
	Returns []Return
	Next    string // where the next page begins; empty at the end
}

// Arrival is a return in the order in which the returns of its job were recorded.
type Arrival struct {
	Return Return
	Cursor string // what follows the return begins after it
}

// Counts are the numbers of jobs that a filter selects.
type Counts struct {
	Total   int
	ByState map[State]int

	// More is true if counting ended at [MaxCount], and there may be more.
	More bool
}

// ReturnCounts are the numbers of returns for the newest jobs that a filter selects.
type ReturnCounts struct {
	Jobs      int
	Returned  int
	Succeeded int // of these
	Failed    int // of these

	// More is true if counting ended at [MaxCount] jobs, and there may be more.
	More bool
}

// Add adds the returns of a job.
func (n *ReturnCounts) Add(j Job) {
	n.Jobs++
	n.Returned, n.Succeeded, n.Failed = n.Returned+j.Returned, n.Succeeded+j.Succeeded, n.Failed+j.Failed
}

// LastJob is the last job of a minion.
type LastJob struct {
	Minion string
	Job    Job    // without its minions
	Return Return // without its value
}

// Trim is what is kept. Zero values keep everything.
type Trim struct {
	Before time.Time // jobs that started earlier are removed
	Bytes  int64     // the oldest are removed until no more is recorded; see [Size]
	Jobs   int64     // the oldest are removed until there are no more
}

// Trimmed is what was removed, also when Trim returned an error.
type Trimmed struct {
	Jobs    int64
	Returns int64
}

// Size is how much is recorded.
type Size struct {
	Jobs    int64
	Returns int64 // those that are missing included
	Bytes   int64
}

// The bounds of queries.
const (
	DefaultLimit = 100       // records of a page
	MaxLimit     = 1000      // records of a page
	MaxPageBytes = 4 << 20   // of values in a page: the one that exceeds it is the last
	MaxCount     = 10_000    // jobs that are counted
	MinText      = 3         // characters of [Filter].Text
	MaxFilter    = 1024      // bytes of any text of a [Filter]
	MaxNames     = 100       // names in a list of an [OriginFilter]
	MaxCursor    = 8 << 10   // bytes of a cursor
	MaxMinions   = 1_000_000 // of a job
)

// PageSize returns the size of a page with this limit: [DefaultLimit] where it
// is not positive, never more than [MaxLimit].
func PageSize(limit int) int {
	if limit <= 0 {
		return DefaultLimit
	}
	return min(limit, MaxLimit)
}
