package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/huandu/go-sqlbuilder"

	"github.com/saltern-api/saltern/records"
)

// What a job and a return take on disk besides their texts and values, about:
// columns, rows and indices.
const (
	jobBytes    = 500
	returnBytes = 100
)

// How many jobs a step of Trim removes, and how many returns of one: a writer
// waits for as long as that takes.
const (
	trimJobs    = 200
	trimReturns = 5000
)

// Size implements [records.Keeper].
func (s *Store) Size(ctx context.Context) (records.Size, error) {
	var size records.Size
	if err := s.ready(ctx); err != nil {
		return size, err
	}
	q := sqlbuilder.NewSelectBuilder()
	q.Select("count(*)", "CAST(coalesce(sum(returned + missing), 0) AS BIGINT)", "CAST(coalesce(sum(bytes), 0) AS BIGINT)").
		From("jobs").Where(q.Equal("master", s.opts.Master))
	err := s.query(ctx, q, func(rows *sql.Rows) error { return rows.Scan(&size.Jobs, &size.Returns, &size.Bytes) })
	return size, s.failure(ctx, err)
}

// Trim implements [records.Keeper].
func (s *Store) Trim(ctx context.Context, t records.Trim) (records.Trimmed, error) {
	var done records.Trimmed
	size, err := s.Size(ctx)
	if err != nil {
		return done, err
	}
	for {
		oldest, err := s.oldest(ctx)
		if err != nil {
			return done, s.failure(ctx, err)
		}
		var ids []int64
		returns := int64(0)
		for _, j := range oldest {
			old := !t.Before.IsZero() && j.id < t.Before.UnixMicro()
			if !old && (t.Bytes <= 0 || size.Bytes <= t.Bytes) && (t.Jobs <= 0 || size.Jobs <= t.Jobs) {
				break
			}
			if len(ids) > 0 && returns+j.returned > trimReturns {
				break
			}
			ids = append(ids, j.id)
			returns += j.returned
			size.Bytes -= j.bytes
			size.Jobs--
		}
		if len(ids) == 0 {
			break
		}
		jobs, returns, err := s.remove(ctx, ids)
		done.Jobs += jobs
		done.Returns += returns
		if err != nil {
			return done, s.failure(ctx, err)
		}
	}
	if done.Jobs > 0 && s.engine.Compact != nil {
		if err := s.engine.Compact(ctx, s.engine.Write); err != nil {
			return done, s.failure(ctx, err)
		}
	}
	return done, nil
}

// oldest returns the oldest jobs. Their returned counts all minions.
func (s *Store) oldest(ctx context.Context) (all []job, err error) {
	q := sqlbuilder.NewSelectBuilder()
	q.Select("id", "bytes", "returned + missing").From("jobs").Where(q.Equal("master", s.opts.Master)).OrderByAsc("id").Limit(trimJobs)
	err = s.query(ctx, q, func(rows *sql.Rows) error {
		var j job
		if err := rows.Scan(&j.id, &j.bytes, &j.returned); err != nil {
			return err
		}
		all = append(all, j)
		return nil
	})
	return all, err
}

// remove removes jobs with their returns. Those of a large job are removed in
// steps, and the job with the last ones.
func (s *Store) remove(ctx context.Context, ids []int64) (jobs, returns int64, err error) {
	for more := true; more; {
		var nowJobs, nowReturns int64
		err = s.inTransaction(ctx, func(ctx context.Context, tx *sql.Tx) error {
			nowJobs, nowReturns, more = 0, 0, false
			if s.engine.Flavor == sqlbuilder.PostgreSQL { // a gateway that records a return for one of them waits, and then finds none
				q := sqlbuilder.NewSelectBuilder()
				q.Select("id").From("jobs").Where(q.In("id", sqlbuilder.Flatten(ids)...)).OrderBy("jid").ForUpdate()
				text, args := q.BuildWithFlavor(s.engine.Flavor)
				rows, err := tx.QueryContext(ctx, text, args...)
				if err := scanAll(rows, err, func(*sql.Rows) error { return nil }); err != nil {
					return err
				}
			}
			some := sqlbuilder.NewSelectBuilder()
			some.Select("job", "minion").From("returns").Where(some.In("job", sqlbuilder.Flatten(ids)...)).Limit(2 * trimReturns)
			q := sqlbuilder.NewDeleteBuilder()
			q.DeleteFrom("returns").Where("(job, minion) IN (" + q.Var(some) + ")")
			var err error
			if nowReturns, err = s.exec(ctx, tx, q); err != nil {
				return err
			}
			if more = nowReturns == 2*trimReturns; more {
				return nil
			}
			q = sqlbuilder.NewDeleteBuilder()
			q.DeleteFrom("jobs").Where(q.In("id", sqlbuilder.Flatten(ids)...))
			nowJobs, err = s.exec(ctx, tx, q)
			return err
		})
		if err != nil {
			return jobs, returns, err
		}
		jobs, returns = jobs+nowJobs, returns+nowReturns
	}
	return jobs, returns, nil
}

func (s *Store) exec(ctx context.Context, tx *sql.Tx, q sqlbuilder.Builder) (rows int64, err error) {
	text, args := q.BuildWithFlavor(s.engine.Flavor)
	res, err := tx.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// errStopped ends an export whose reader takes no more.
var errStopped = errors.New("stopped")

// Export implements [records.Keeper].
func (s *Store) Export(ctx context.Context, from, to time.Time) iter.Seq2[records.Entry, error] {
	return func(yield func(records.Entry, error) bool) {
		err := s.export(ctx, from, to, func(e records.Entry) error {
			if !yield(e, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(records.Entry{}, s.failure(ctx, err))
		}
	}
}

func (s *Store) export(ctx context.Context, from, to time.Time, put func(records.Entry) error) error {
	filter := records.Filter{From: from, To: to}
	if err := check(filter); err != nil {
		return err
	}
	if err := s.ready(ctx); err != nil {
		return err
	}
	if err := s.exportSaved(ctx, put); err != nil {
		return fmt.Errorf("read what is saved: %w", err)
	}
	schedules, err := s.Schedules(ctx, records.ScheduleQuery{})
	if err != nil {
		return fmt.Errorf("read schedules: %w", err)
	}
	for _, r := range schedules {
		if err := put(records.Entry{Schedule: &r}); err != nil {
			return err
		}
	}
	o, err := orderOf(records.ByStart)
	if err != nil {
		return err
	}
	var after *cursor
	for {
		page, err := s.find(ctx, selection{Filter: filter}, nil, o, after, records.DefaultLimit)
		if err != nil {
			return fmt.Errorf("read jobs: %w", err)
		}
		for _, f := range page {
			if err := s.exportJob(ctx, f, put); err != nil {
				return err
			}
		}
		if len(page) < records.DefaultLimit {
			return nil
		}
		c := o.cursor(page[len(page)-1].job)
		after = &c
	}
}

func (s *Store) exportJob(ctx context.Context, f found, put func(records.Entry) error) error {
	j := f.record(s.opts.Master, f.arguments)
	if f.known {
		var err error
		if j.Minions, err = s.minions(ctx, f.id); err != nil {
			return fmt.Errorf("read minions: %w", err)
		}
	}
	if err := put(records.Entry{Job: &j}); err != nil {
		return err
	}
	query := records.ReturnQuery{Values: true}
	for after := ""; ; {
		page, err := s.returns(ctx, f.job, query, after)
		if err != nil {
			return fmt.Errorf("read returns: %w", err)
		}
		for _, r := range page.Returns {
			if r.Missing {
				continue
			}
			if err := put(records.Entry{Return: &r}); err != nil {
				return err
			}
		}
		if page.Next == "" {
			return nil
		}
		after = page.Returns[len(page.Returns)-1].Minion
	}
}
