package jobs

import (
	"context"
	"slices"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/caller"
)

// Reader reads the records for another API, as far as /v1/jobs shows them to the
// caller. Errors are a *web.Error or the context's.
type Reader struct{ api *API }

// NewReader returns a reader with the records and the rules of an API, which need not
// be mounted.
func NewReader(a *API) *Reader { return &Reader{a} }

// see calls f with the store and what the caller sees.
func (r *Reader) see(ctx context.Context, c *caller.Caller, f func(context.Context, records.Reader, sight) error) error {
	s := r.api.sight(ctx, c)
	if s.id.User == "" {
		return caller.ErrNoPermission()
	}
	return r.api.Records.read(ctx, func(ctx context.Context, from records.Reader) error { return f(ctx, from, s) })
}

// Jobs returns a page of the jobs that the caller sees.
func (r *Reader) Jobs(ctx context.Context, c *caller.Caller, q records.Query) (found records.JobPage, err error) {
	err = r.see(ctx, c, func(ctx context.Context, from records.Reader, s sight) error {
		p, err := s.find(ctx, from, query{Query: q})
		found = records.JobPage{Jobs: p.jobs, Next: p.next}
		return err
	})
	return found, err
}

// CountJobs counts the jobs of a filter that the caller sees.
func (r *Reader) CountJobs(ctx context.Context, c *caller.Caller, f records.Filter) (n records.Counts, err error) {
	err = r.see(ctx, c, func(ctx context.Context, from records.Reader, s sight) error {
		exact, ok := s.narrow(&f)
		switch {
		case !ok:
			return nil
		case exact:
			n, err = from.CountJobs(ctx, f)
			return err
		}
		counted, err := s.count(ctx, from, f)
		if err == nil {
			n = *counted
		}
		return err
	})
	return n, err
}

// CountReturns counts what was returned for the newest jobs of a filter that the caller
// sees.
func (r *Reader) CountReturns(ctx context.Context, c *caller.Caller, f records.Filter) (n records.ReturnCounts, err error) {
	err = r.see(ctx, c, func(ctx context.Context, from records.Reader, s sight) error {
		exact, ok := s.narrow(&f)
		switch {
		case !ok:
			return nil
		case exact:
			n, err = from.CountReturns(ctx, f)
			return err
		}
		q := records.Query{Filter: f, Sort: records.Newest, Limit: records.MaxLimit}
		for range records.MaxCount / records.MaxLimit {
			found, err := from.Jobs(ctx, q)
			if err != nil {
				return err
			}
			for _, j := range found.Jobs {
				if s.returns(j) {
					n.Add(j)
				}
			}
			if q.After = found.Next; q.After == "" {
				return nil
			}
		}
		n.More = true
		return nil
	})
	return n, err
}

// Job returns a job, with the minions that it was meant for if minions is set.
func (r *Reader) Job(ctx context.Context, c *caller.Caller, jid string, minions bool) (j records.Job, err error) {
	err = r.see(ctx, c, func(ctx context.Context, from records.Reader, s sight) error {
		if j, err = see(ctx, from, jid, s.job); err != nil || !minions {
			return err
		}
		j, err = from.Job(ctx, j.JID, true)
		return noRecord(err, errNoJob)
	})
	return j, err
}

// Returns returns a page of what the minions of a job returned. It may have fewer
// than there are, and none, where the caller does not see all of them.
func (r *Reader) Returns(ctx context.Context, c *caller.Caller, jid string, q records.ReturnQuery) (p records.ReturnPage, err error) {
	err = r.see(ctx, c, func(ctx context.Context, from records.Reader, s sight) error {
		j, err := see(ctx, from, jid, s.returns)
		if err != nil {
			return err
		}
		if p, err = from.Returns(ctx, j.JID, q); err != nil {
			return noRecord(err, errNoJob)
		}
		p.Returns = slices.DeleteFunc(p.Returns, func(ret records.Return) bool { return !s.ret(j, ret.Minion) })
		return nil
	})
	return p, err
}

// Return returns what one minion returned for a job.
func (r *Reader) Return(ctx context.Context, c *caller.Caller, jid, minion string) (ret records.Return, err error) {
	err = r.see(ctx, c, func(ctx context.Context, from records.Reader, s sight) error {
		j, err := see(ctx, from, jid, s.returns)
		if err != nil {
			return err
		}
		if !s.ret(j, minion) {
			return errNoReturn()
		}
		ret, err = from.Return(ctx, j.JID, minion)
		return noRecord(err, errNoReturn)
	})
	return ret, err
}

// LastJobs returns for each of some minions the last job, where the caller sees that.
func (r *Reader) LastJobs(ctx context.Context, c *caller.Caller, minions []string) (last []records.LastJob, err error) {
	err = r.see(ctx, c, func(ctx context.Context, from records.Reader, s sight) error {
		last, err = from.LastJobs(ctx, minions)
		last = slices.DeleteFunc(last, func(l records.LastJob) bool { return !s.returns(l.Job) || !s.ret(l.Job, l.Minion) })
		return err
	})
	return last, err
}
