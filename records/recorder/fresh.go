package recorder

import (
	"context"

	"github.com/saltern-api/saltern/records"
)

// Settle has what was read of events until now recorded, and waits for that: a quarter
// of a second at most, and not where the store is away, or somebody has waited in vain
// for what is before it.
func (r *Recorder) Settle(ctx context.Context) { r.queue.settle(ctx, settleTime) }

// Fresh returns a reader of the recorder's store that settles before it reads: what
// is gathered for a batch is not missing from it. Its method Settled settles, and returns
// of, for many reads after it.
func (r *Recorder) Fresh(of records.Reader) records.Reader { return fresh{of, r} }

type fresh struct {
	of       records.Reader
	recorder *Recorder
}

// Settled settles, and returns the reader of what is recorded.
func (f fresh) Settled(ctx context.Context) records.Reader {
	f.recorder.Settle(ctx)
	return f.of
}

func (f fresh) Job(ctx context.Context, jid string, minions bool) (records.Job, error) {
	return f.Settled(ctx).Job(ctx, jid, minions)
}

func (f fresh) Jobs(ctx context.Context, q records.Query) (records.JobPage, error) {
	return f.Settled(ctx).Jobs(ctx, q)
}

func (f fresh) CountJobs(ctx context.Context, filter records.Filter) (records.Counts, error) {
	return f.Settled(ctx).CountJobs(ctx, filter)
}

func (f fresh) CountReturns(ctx context.Context, filter records.Filter) (records.ReturnCounts, error) {
	return f.Settled(ctx).CountReturns(ctx, filter)
}

func (f fresh) Returns(ctx context.Context, jid string, q records.ReturnQuery) (records.ReturnPage, error) {
	return f.Settled(ctx).Returns(ctx, jid, q)
}

func (f fresh) Arrived(ctx context.Context, jid, after string, limit int) ([]records.Arrival, error) {
	return f.Settled(ctx).Arrived(ctx, jid, after, limit)
}

func (f fresh) Return(ctx context.Context, jid, minion string) (records.Return, error) {
	return f.Settled(ctx).Return(ctx, jid, minion)
}

func (f fresh) LastJobs(ctx context.Context, minions []string) ([]records.LastJob, error) {
	return f.Settled(ctx).LastJobs(ctx, minions)
}
