package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

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
	return eachRow(ctx, t.store, tx, findJobs, jobs, []any{t.store.opts.Master}, func(c *change) []any { return []any{c.jid} },
		func(rows *sql.Rows) error {
			var r row
			err := rows.Scan(append(r.fields(), &r.lastReturn, &r.ended, (*flag)(&r.reported), &r.minionsHash, &r.missing, &r.bytes,
				(*flag)(&r.has))...)
			t.rows[r.jid], t.byID[r.id] = &r, &r
			return err
		})
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
		err := eachRow(ctx, t.store, tx, addJobs, missing, nil,
			func(c *change) []any { return []any{c.start + next, t.store.opts.Master, c.jid} },
			func(rows *sql.Rows) error {
				r := row{job: job{end: notEnded, bytes: jobBytes}, changed: true}
				err := rows.Scan(&r.id, &r.jid)
				t.rows[r.jid], t.byID[r.id] = &r, &r
				t.changes.Jobs++
				return err
			})
		if err != nil {
			return err
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
		err := eachRow(ctx, t.store, tx, addMinions, c.minions, nil, func(m string) []any { return []any{r.id, m, 1} },
			func(rows *sql.Rows) error {
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
	return nil
}

// receive adds the returns, where there is none yet.
func (t *transaction) receive(ctx context.Context, tx *sql.Tx) error {
	type of struct {
		job    int64
		minion string
	}
	var keys []of
	byKey := make(map[of]*returned)
	for _, c := range t.batch.jobs {
		r := t.rows[c.jid]
		for i := range c.returns {
			k := of{r.id, c.returns[i].minion}
			keys = append(keys, k)
			byKey[k] = &c.returns[i]
		}
	}
	return eachRow(ctx, t.store, tx, addReturns, keys, nil, func(k of) []any {
		r := byKey[k]
		fun := r.fun
		if fun == t.byID[k.job].fun {
			fun = ""
		}
		return []any{k.job, k.minion, r.outcome, r.at, r.success, r.retcode, r.size, r.coding, fun, r.value}
	}, func(rows *sql.Rows) error {
		var k of
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
	if err := t.set(ctx, tx, setCounts, changed, func(r *row) []any {
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
	texts := func(r *row) []any { return []any{r.user, r.eauth, r.client, r.fun, r.tgt, r.tgtType} }
	err := t.set(ctx, tx, setTexts, without, texts)
	if err == nil {
		err = t.set(ctx, tx, setAll, with, func(r *row) []any { return append(texts(r), r.arguments) })
	}
	if err != nil {
		return fmt.Errorf("describe jobs: %w", err)
	}
	return nil
}

// set sets columns of jobs.
func (t *transaction) set(ctx context.Context, tx *sql.Tx, st statement, rows []*row, values func(*row) []any) error {
	return eachRow(ctx, t.store, tx, st, rows, nil,
		func(r *row) []any { return append([]any{r.id, t.store.opts.Master, r.jid}, values(r)...) }, nil)
}
