package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/huandu/go-sqlbuilder"

	"github.com/saltern-api/saltern/records"
)

// The values of the columns state and outcome, in the order of [records.States].
const (
	stateNew = iota
	stateRunning
	stateCompleted
	stateFailed
	stateMissing
)

const (
	outcomeMissing = iota
	outcomeOK
	outcomeFailed
)

// notEnded is end_at of a job that has not ended.
const notEnded = math.MaxInt64

// rowsPerStatement is how many rows a statement writes: enough that the way to a
// server is not what takes the time, and few enough for the databases' bounds on
// parameters.
const rowsPerStatement = 100

// attempts is how often a transaction is tried that others are in the way of.
const attempts = 5

// Put implements [records.Writer].
func (s *Store) Put(ctx context.Context, b records.Batch) (records.Changes, error) {
	if err := s.ready(ctx); err != nil {
		return records.Changes{}, err
	}
	p := s.prepare(b)
	if len(p.jobs) == 0 {
		return records.Changes{Invalid: p.invalid}, nil
	}
	for n := 1; ; n++ {
		t := transaction{store: s, batch: p}
		err := s.inTransaction(ctx, t.run)
		if err == nil {
			t.changes.Invalid = p.invalid
			return t.changes, nil
		}
		if n == attempts || ctx.Err() != nil || !s.engine.IsRetryable(err) {
			return records.Changes{}, s.failure(ctx, err)
		}
		select {
		case <-ctx.Done():
			return records.Changes{}, ctx.Err()
		case <-time.After(time.Duration(n) * 5 * time.Millisecond):
		}
	}
}

// inTransaction runs f in a transaction, which is undone if f returns an error.
func (s *Store) inTransaction(ctx context.Context, f func(context.Context, *sql.Tx) error) error {
	tx, err := s.engine.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(ctx, tx); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	return tx.Commit()
}

// ignoreDone drops the error of a transaction that its context has ended.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// transaction is one attempt to put a batch.
type transaction struct {
	store   *Store
	batch   prepared
	changes records.Changes
	rows    map[string]*row // by jid
	byID    map[int64]*row
}

// row is a job as it is in the database, and what of it is to be written.
type row struct {
	job
	arguments string // to be written, where it is not empty
	described bool   // whether user, fun and the like are to be written
	changed   bool   // whether state and counts are
	has       bool   // whether there are arguments
}

func (t *transaction) run(ctx context.Context, tx *sql.Tx) error {
	t.rows, t.byID = make(map[string]*row, len(t.batch.jobs)), make(map[int64]*row, len(t.batch.jobs))
	if err := t.load(ctx, tx, t.batch.jobs); err != nil {
		return fmt.Errorf("read jobs: %w", err)
	}
	if err := t.create(ctx, tx); err != nil {
		return fmt.Errorf("add jobs: %w", err)
	}
	for _, c := range t.batch.jobs {
		t.rows[c.jid].describe(c)
	}
	if err := t.expect(ctx, tx); err != nil {
		return fmt.Errorf("add minions: %w", err)
	}
	if err := t.receive(ctx, tx); err != nil {
		return fmt.Errorf("add returns: %w", err)
	}
	return t.update(ctx, tx)
}

// load reads the jobs that there are, and holds them for this transaction.
func (t *transaction) load(ctx context.Context, tx *sql.Tx, jobs []*change) error {
	for chunk := range chunks(jobs, 500) {
		q := sqlbuilder.NewSelectBuilder()
		jids := make([]any, len(chunk))
		for i, c := range chunk {
			jids[i] = c.jid
		}
		q.Select(append(jobColumns(), "last_return", "ended", "reported", "minions_hash", "missing", "bytes",
			"CASE WHEN arguments = '' THEN 0 ELSE 1 END")...).
			From("jobs").Where(q.Equal("master", t.store.opts.Master), q.In("jid", jids...)).OrderBy("jid")
		if t.store.engine.Flavor == sqlbuilder.PostgreSQL {
			q.ForUpdate()
		}
		text, args := q.BuildWithFlavor(t.store.engine.Flavor)
		err := rowsOf(ctx, tx, text, args, func(rows *sql.Rows) error {
			var r row
			var has int
			if err := rows.Scan(append(r.fields(), &r.lastReturn, &r.ended, &r.reported, &r.minionsHash, &r.missing, &r.bytes,
				&has)...); err != nil {
				return err
			}
			r.has = has == 1
			t.rows[r.jid], t.byID[r.id] = &r, &r
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// create adds the jobs that there are not. Their ids are their starts; where
// another job has started in the same microsecond, the next one is taken.
func (t *transaction) create(ctx context.Context, tx *sql.Tx) error {
	for next := range int64(10_000) {
		var missing []*change
		for _, c := range t.batch.jobs {
			if t.rows[c.jid] == nil {
				missing = append(missing, c)
			}
		}
		if len(missing) == 0 {
			return nil
		}
		for chunk := range chunks(missing, rowsPerStatement) {
			q := sqlbuilder.InsertInto("jobs").Cols("id", "master", "jid")
			for _, c := range chunk {
				q.Values(c.start+next, t.store.opts.Master, c.jid)
			}
			// Of the rows that are returned, this transaction added each. Another one
			// may have added the rest after they were looked for.
			q.SQL("ON CONFLICT DO NOTHING RETURNING id, jid")
			text, args := q.BuildWithFlavor(t.store.engine.Flavor)
			err := rowsOf(ctx, tx, text, args, func(rows *sql.Rows) error {
				r := row{job: job{end: notEnded}, changed: true}
				if err := rows.Scan(&r.id, &r.jid); err != nil {
					return err
				}
				r.bytes = jobBytes
				t.rows[r.jid], t.byID[r.id] = &r, &r
				t.changes.Jobs++
				return nil
			})
			if err != nil {
				return err
			}
		}
		var others []*change
		for _, c := range missing {
			if t.rows[c.jid] == nil {
				others = append(others, c)
			}
		}
		if err := t.load(ctx, tx, others); err != nil {
			return err
		}
	}
	return errors.New("too many jobs started in one moment")
}

// describe fills in what a batch knows of a job and the database does not.
func (r *row) describe(c *change) {
	for _, f := range []struct {
		field *string
		text  string
	}{
		{&r.user, c.user}, {&r.eauth, c.eauth}, {&r.client, c.client}, {&r.fun, c.fun}, {&r.tgt, c.tgt}, {&r.tgtType, c.tgtType},
	} {
		if *f.field == "" && f.text != "" {
			*f.field, r.described = f.text, true
			r.bytes += int64(len(f.text))
		}
	}
	if r.fun == "" && len(c.returns) > 0 && c.returns[0].fun != "" {
		r.fun, r.described = c.returns[0].fun, true
	}
	if !r.has && c.arguments != "" {
		r.arguments, r.described = c.arguments, true
		r.bytes += int64(len(c.arguments))
	}
	if c.ended != 0 && r.ended == 0 {
		r.ended, r.changed = c.ended, true
	}
}

// expect adds the minions that jobs are meant for.
func (t *transaction) expect(ctx context.Context, tx *sql.Tx) error {
	for _, c := range t.batch.jobs {
		r := t.rows[c.jid]
		if !c.known || r.known && r.minionsHash == hash(c.minions) {
			continue
		}
		r.known, r.minionsHash, r.changed = true, hash(c.minions), true
		for chunk := range chunks(c.minions, rowsPerStatement) {
			q := sqlbuilder.InsertInto("returns").Cols("job", "minion", "meant")
			for _, m := range chunk {
				q.Values(r.id, m, 1)
			}
			q.SQL("ON CONFLICT (job, minion) DO UPDATE SET meant = 1 WHERE returns.meant = 0 RETURNING minion, outcome")
			text, args := q.BuildWithFlavor(t.store.engine.Flavor)
			err := rowsOf(ctx, tx, text, args, func(rows *sql.Rows) error {
				var minion string
				var outcome int
				if err := rows.Scan(&minion, &outcome); err != nil {
					return err
				}
				r.expected++
				if outcome == outcomeMissing {
					r.missing++
					r.bytes += returnBytes + 2*int64(len(minion))
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// receive adds the returns, where there is none yet.
func (t *transaction) receive(ctx context.Context, tx *sql.Tx) error {
	type of struct {
		row      *row
		returned *returned
	}
	var all []of
	for _, c := range t.batch.jobs {
		for i := range c.returns {
			all = append(all, of{t.rows[c.jid], &c.returns[i]})
		}
	}
	type key struct {
		job    int64
		minion string
	}
	for chunk := range chunks(all, rowsPerStatement) {
		q := sqlbuilder.InsertInto("returns").
			Cols("job", "minion", "outcome", "at", "success", "retcode", "size", "coding", "fun", "value")
		byKey := make(map[key]*returned, len(chunk))
		for _, o := range chunk {
			r, fun := o.returned, o.returned.fun
			if fun == o.row.fun {
				fun = ""
			}
			q.Values(o.row.id, r.minion, r.outcome, r.at, r.success, r.retcode, r.size, r.coding, fun, r.value)
			byKey[key{o.row.id, r.minion}] = r
		}
		q.SQL(`ON CONFLICT (job, minion) DO UPDATE SET outcome = excluded.outcome, at = excluded.at, success = excluded.success,
retcode = excluded.retcode, size = excluded.size, coding = excluded.coding, fun = excluded.fun, value = excluded.value
WHERE returns.outcome = 0 RETURNING job, minion, meant`)
		text, args := q.BuildWithFlavor(t.store.engine.Flavor)
		err := rowsOf(ctx, tx, text, args, func(rows *sql.Rows) error {
			var k key
			var meant int
			if err := rows.Scan(&k.job, &k.minion, &meant); err != nil {
				return err
			}
			r, ret := t.byID[k.job], byKey[k]
			if r == nil || ret == nil {
				return fmt.Errorf("a return of job %d that was not put", k.job)
			}
			t.changes.Returns++
			r.received(ret, meant == 1)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// received counts a return.
func (r *row) received(ret *returned, meant bool) {
	r.changed = true
	r.returned++
	if ret.outcome == outcomeOK {
		r.succeeded++
	} else {
		r.failed++
	}
	if meant {
		r.missing--
	} else {
		r.bytes += returnBytes + 2*int64(len(ret.minion))
	}
	r.bytes += int64(len(ret.value))
	r.lastReturn = max(r.lastReturn, ret.at)
}

// settle computes the state of a job.
func (r *row) settle() {
	all := r.known && r.missing == 0
	switch {
	case all && r.returned == 0:
		r.end = r.id
	case all:
		r.end = r.lastReturn
	case r.ended != 0:
		r.end = r.ended
	default:
		r.end = notEnded
	}
	switch {
	case !all && r.ended != 0 && (r.known || r.returned == 0):
		r.state = stateMissing
	case (all || r.ended != 0) && r.failed > 0:
		r.state = stateFailed
	case all || r.ended != 0:
		r.state = stateCompleted
	case r.returned > 0:
		r.state = stateRunning
	default:
		r.state = stateNew
	}
}

// update writes the jobs that have changed.
func (t *transaction) update(ctx context.Context, tx *sql.Tx) error {
	var changed, described []*row
	for _, c := range t.batch.jobs {
		r := t.rows[c.jid]
		if r.changed || r.described {
			r.settle()
			if r.end != notEnded && !r.reported {
				r.reported = true
				t.changes.Ended = append(t.changes.Ended, r.jid)
			}
			changed = append(changed, r)
		}
		if r.described {
			described = append(described, r)
		}
	}
	counts := []string{"state", "end_at", "ended", "last_return", "reported", "known", "minions_hash", "expected", "missing",
		"returned", "succeeded", "failed", "bytes"}
	if err := t.upsert(ctx, tx, changed, counts, func(r *row) []any {
		return []any{r.state, r.end, r.ended, r.lastReturn, number(r.reported), number(r.known), r.minionsHash, r.expected, r.missing,
			r.returned, r.succeeded, r.failed, r.bytes}
	}); err != nil {
		return fmt.Errorf("update jobs: %w", err)
	}
	return t.describe(ctx, tx, described)
}

// describe writes the texts of jobs. Those that have arguments already keep
// these.
func (t *transaction) describe(ctx context.Context, tx *sql.Tx, rows []*row) error {
	var with, without []*row
	for _, r := range rows {
		if r.arguments != "" {
			with = append(with, r)
		} else {
			without = append(without, r)
		}
	}
	texts := []string{"usr", "eauth", "client", "fun", "tgt", "tgt_type"}
	values := func(r *row) []any { return []any{r.user, r.eauth, r.client, r.fun, r.tgt, r.tgtType} }
	if err := t.upsert(ctx, tx, without, texts, values); err != nil {
		return fmt.Errorf("describe jobs: %w", err)
	}
	err := t.upsert(ctx, tx, with, append(texts, "arguments"), func(r *row) []any { return append(values(r), r.arguments) })
	if err != nil {
		return fmt.Errorf("describe jobs: %w", err)
	}
	return nil
}

// upsert sets columns of jobs that there are.
func (t *transaction) upsert(ctx context.Context, tx *sql.Tx, rows []*row, columns []string, values func(*row) []any) error {
	set := make([]string, len(columns))
	for i, c := range columns {
		set[i] = c + " = excluded." + c
	}
	for chunk := range chunks(rows, rowsPerStatement) {
		q := sqlbuilder.InsertInto("jobs").Cols(append([]string{"id", "master", "jid"}, columns...)...)
		for _, r := range chunk {
			q.Values(append([]any{r.id, t.store.opts.Master, r.jid}, values(r)...)...)
		}
		q.SQL("ON CONFLICT (id) DO UPDATE SET " + strings.Join(set, ", "))
		text, args := q.BuildWithFlavor(t.store.engine.Flavor)
		if _, err := tx.ExecContext(ctx, text, args...); err != nil {
			return err
		}
	}
	return nil
}
