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
	arguments string
	described bool // whether user, fun and the like are to be written
	changed   bool // whether state and counts are
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
				&r.arrivals, &r.arguments)...)
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
		added := make(map[string]*row, len(missing))
		err := eachRow(ctx, t.store, tx, addJobs, missing, nil,
			func(c *change) []any {
				r := &row{job: job{jid: c.jid, end: notEnded, bytes: jobBytes}}
				r.describe(c)
				r.described, r.changed = false, true
				added[c.jid] = r
				return append([]any{c.start + next, t.store.opts.Master, c.jid}, r.texts()...)
			},
			func(rows *sql.Rows) error {
				var id int64
				var jid string
				if err := rows.Scan(&id, &jid); err != nil {
					return err
				}
				r := added[jid]
				if r == nil {
					return fmt.Errorf("job %s was not put", jid)
				}
				r.id = id
				t.rows[jid], t.byID[id] = r, r
				t.changes.Jobs++
				return nil
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
	if finer(r.client, c.client) {
		r.client = ""
	}
	for _, f := range []struct {
		field *string
		text  string
	}{
		{&r.user, c.user}, {&r.eauth, c.eauth}, {&r.client, c.client}, {&r.fun, c.fun}, {&r.tgt, c.tgt}, {&r.tgtType, c.tgtType},
	} {
		if *f.field == "" && f.text != "" {
			*f.field, r.described = f.text, true
			r.bytes += 2 * int64(len(f.text))
		}
	}
	if r.fun == "" && len(c.returns) > 0 && c.returns[0].fun != "" {
		r.fun, r.described = c.returns[0].fun, true
		r.bytes += 2 * int64(len(r.fun))
	}
	if r.arguments == "" && c.arguments != "" {
		r.arguments, r.described = c.arguments, true
		r.bytes += 2 * int64(len(c.arguments))
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
		to := t.byID[k.job] // which this transaction alone has
		to.arrivals++
		return []any{k.job, k.minion, r.outcome, r.at, r.success, r.retcode, r.size, r.coding, fun, r.value, to.arrivals}
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
			r.returned, r.succeeded, r.failed, r.bytes, r.arrivals}
	}); err != nil {
		return fmt.Errorf("update jobs: %w", err)
	}
	if err := t.set(ctx, tx, setTexts, described, (*row).texts); err != nil {
		return fmt.Errorf("describe jobs: %w", err)
	}
	return nil
}

// texts are the values of textColumns.
func (r *row) texts() []any {
	return []any{r.user, r.eauth, r.client, r.fun, r.tgt, r.tgtType, r.arguments, search(r.fun, r.tgt, r.user, r.arguments)}
}

// set sets columns of jobs.
func (t *transaction) set(ctx context.Context, tx *sql.Tx, st statement, rows []*row, values func(*row) []any) error {
	return eachRow(ctx, t.store, tx, st, rows, nil,
		func(r *row) []any { return append([]any{r.id, t.store.opts.Master, r.jid}, values(r)...) }, nil)
}
