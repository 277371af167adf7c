package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/saltern-api/saltern/internal/pause"
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
	var t transaction
	err := s.change(ctx, func(ctx context.Context, tx *sql.Tx) error {
		t = transaction{store: s, batch: p} // nothing of an earlier attempt
		return t.run(ctx, tx)
	})
	if err != nil {
		return records.Changes{}, err
	}
	s.statements.prepare(ctx, s.engine.Write)
	t.changes.Invalid = p.invalid
	return t.changes, nil
}

// change runs f in a transaction, and again if others were in its way.
func (s *Store) change(ctx context.Context, f func(context.Context, *sql.Tx) error) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	for n := 1; ; n++ {
		err := s.inTransaction(ctx, f)
		if err == nil || n == attempts || ctx.Err() != nil || !s.engine.IsRetryable(err) {
			return s.failure(ctx, err)
		}
		if err := pause.For(ctx, time.Duration(n)*5*time.Millisecond); err != nil {
			return err
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
	fresh     bool // whether this transaction adds it, with all that the batch says
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
		if r := t.rows[c.jid]; !r.fresh {
			r.describe(c)
		}
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
	return eachRow(ctx, t.store, tx, findJobs, jobs, []any{t.store.opts.Master}, func(c *change, args []any) []any { return append(args, c.jid) },
		func(rows *sql.Rows) error {
			var r row
			err := rows.Scan(append(r.fields(), &r.lastReturn, &r.ended, (*flag)(&r.reported), &r.minionsHash, &r.missing, &r.bytes,
				&r.arrivals, &r.arguments)...)
			t.rows[r.jid], t.byID[r.id] = &r, &r
			return err
		})
}

const (
	// nearSteps is how many ids next to a job's start are tried, and mostSteps how
	// many in all.
	nearSteps, mostSteps = 20, 200

	// idSpan is how far a job's id may be from its start, in microseconds: a
	// second, as [period] has it.
	idSpan = 1_000_000
)

// errCrowded means that there is no id for a job near its start. The next attempt
// would not find one either.
var errCrowded = errors.New("too many jobs started in one moment")

// create adds the jobs that there are not, with all that the batch says of them.
// Their ids are their starts; where another job has started in the same
// microsecond, one of the next ones is taken, and where very many have, any within
// the second.
func (t *transaction) create(ctx context.Context, tx *sql.Tx) error {
	var fresh []*change
	for step := range int64(mostSteps) {
		var missing []*change
		for _, c := range t.batch.jobs {
			if t.rows[c.jid] == nil {
				missing = append(missing, c)
			}
		}
		if len(missing) == 0 {
			return t.fill(ctx, tx, fresh)
		}
		added := make(map[string]*row, len(missing))
		err := eachRow(ctx, t.store, tx, addJobs, missing, nil,
			func(c *change, args []any) []any {
				after := step
				if step >= nearSteps {
					after = rand.Int64N(idSpan)
				}
				r := newRow(c, c.start+after)
				added[c.jid] = r
				args = append(args, r.id, t.store.opts.Master, c.jid)
				return r.counts(r.texts(args))
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
				t.rows[jid], t.byID[id] = r, r
				t.changes.Jobs++
				if r.reported {
					t.changes.Ended = append(t.changes.Ended, jid)
				}
				return nil
			})
		if err != nil {
			return err
		}
		var others []*change
		for _, c := range missing {
			if t.rows[c.jid] == nil {
				others = append(others, c)
			} else {
				fresh = append(fresh, c)
			}
		}
		if err := t.load(ctx, tx, others); err != nil {
			return err
		}
	}
	return errCrowded
}

// newRow returns the row of a job of which nothing is recorded.
func newRow(c *change, id int64) *row {
	r := &row{job: job{jid: c.jid, id: id, bytes: jobBytes}}
	r.describe(c)
	if c.known {
		r.known, r.minionsHash, r.expected = true, hash(c.minions), int64(len(c.minions))
		r.missing = r.expected
		for _, m := range c.minions {
			r.bytes += minionBytes(m)
		}
	}
	for i := range c.returns {
		r.received(&c.returns[i], c.known && contains(c.minions, c.returns[i].minion))
	}
	r.arrivals = int64(len(c.returns))
	r.settle()
	r.reported = r.end != notEnded
	r.described, r.changed, r.fresh = false, false, true
	return r
}

// contains reports whether a minion is in a sorted list.
func contains(minions []string, minion string) bool {
	_, found := slices.BinarySearch(minions, minion)
	return found
}

// fill adds the minions of new jobs, those that have returned with what they did.
func (t *transaction) fill(ctx context.Context, tx *sql.Tx, jobs []*change) error {
	type one struct {
		job     *row
		minion  string
		meant   bool
		ret     *returned // nil: it has not returned
		arrival int64
	}
	var some []one
	flush := func() error {
		full := some
		some = some[:0]
		return eachRow(ctx, t.store, tx, addRows, full, nil, func(o one, args []any) []any {
			return o.ret.values(o.job, o.arrival, append(args, o.job.id, o.minion, number(o.meant)))
		}, nil)
	}
	add := func(o one) error {
		if some = append(some, o); len(some) < fillRows {
			return nil
		}
		return flush()
	}
	for _, c := range jobs {
		r := t.rows[c.jid]
		returned := make(map[string]bool, len(c.returns))
		for i := range c.returns {
			ret := &c.returns[i]
			returned[ret.minion] = true
			if err := add(one{r, ret.minion, contains(c.minions, ret.minion), ret, int64(i + 1)}); err != nil {
				return err
			}
		}
		for _, m := range c.minions {
			if returned[m] {
				continue
			}
			if err := add(one{job: r, minion: m, meant: true}); err != nil {
				return err
			}
		}
		t.changes.Returns += len(c.returns)
	}
	return flush()
}

// fillRows is how many minions of new jobs are added at once: a job may be meant for a
// million.
const fillRows = 1024

// describe fills in what a batch knows of a job and the database does not.
func (r *row) describe(c *change) {
	if client := finest(r.client, c.client); client != r.client {
		r.client, r.described = client, true
		r.bytes += 2 * int64(len(client))
	}
	for _, f := range []struct {
		field *string
		text  string
	}{
		{&r.user, c.user}, {&r.eauth, c.eauth}, {&r.fun, c.fun}, {&r.tgt, c.tgt}, {&r.tgtType, c.tgtType},
	} {
		if *f.field == "" && f.text != "" {
			*f.field, r.described = f.text, true
			r.bytes += 2 * int64(len(f.text))
		}
	}
	if r.origin == (records.Origin{}) && c.origin != (records.Origin{}) {
		r.origin, r.described = c.origin, true
		for _, text := range originFields(&r.origin) {
			r.bytes += 3 * int64(len(*text))
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

// member is a minion of a job.
type member struct {
	job    int64
	minion string
}

// expect adds the minions that jobs are meant for.
func (t *transaction) expect(ctx context.Context, tx *sql.Tx) error {
	var all []member
	for _, c := range t.batch.jobs {
		r := t.rows[c.jid]
		if r.fresh || !c.known || r.known && r.minionsHash == hash(c.minions) {
			continue
		}
		r.known, r.minionsHash, r.changed = true, hash(c.minions), true
		for _, m := range c.minions {
			all = append(all, member{r.id, m})
		}
	}
	return eachRow(ctx, t.store, tx, addMinions, all, nil, func(m member, args []any) []any { return append(args, m.job, m.minion, 1) },
		func(rows *sql.Rows) error {
			var m member
			var outcome int
			if err := rows.Scan(&m.job, &m.minion, &outcome); err != nil {
				return err
			}
			r := t.byID[m.job]
			if r == nil {
				return fmt.Errorf("a minion of job %d that was not put", m.job)
			}
			r.expected++
			if outcome == outcomeMissing {
				r.missing++
				r.bytes += minionBytes(m.minion)
			}
			return nil
		})
}

// receive adds the returns, where there is none yet.
func (t *transaction) receive(ctx context.Context, tx *sql.Tx) error {
	var keys []member
	byKey := make(map[member]*returned)
	for _, c := range t.batch.jobs {
		r := t.rows[c.jid]
		if r.fresh {
			continue
		}
		for i := range c.returns {
			k := member{r.id, c.returns[i].minion}
			keys = append(keys, k)
			byKey[k] = &c.returns[i]
		}
	}
	return eachRow(ctx, t.store, tx, addReturns, keys, nil, func(k member, args []any) []any {
		to := t.byID[k.job] // which this transaction alone has
		to.arrivals++
		return byKey[k].values(to, to.arrivals, append(args, k.job, k.minion))
	}, func(rows *sql.Rows) error {
		var k member
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

// values appends the values of valueColumns. Those of no return are empty.
func (ret *returned) values(of *row, arrival int64, args []any) []any {
	if ret == nil {
		return append(args, outcomeMissing, 0, 0, 0, 0, codingPlain, "", nil, 0)
	}
	fun := ret.fun
	if fun == of.fun {
		fun = ""
	}
	return append(args, ret.outcome, ret.at, ret.success, ret.retcode, ret.size, ret.coding, fun, ret.value, arrival)
}

// minionBytes is about what a minion of a job takes, without what it returned.
func minionBytes(minion string) int64 { return returnBytes + 2*int64(len(minion)) }

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
		r.bytes += minionBytes(ret.minion)
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
	if err := t.set(ctx, tx, setCounts, changed, (*row).counts); err != nil {
		return fmt.Errorf("update jobs: %w", err)
	}
	if err := t.set(ctx, tx, setTexts, described, (*row).texts); err != nil {
		return fmt.Errorf("describe jobs: %w", err)
	}
	return nil
}

// counts appends the values of countColumns.
func (r *row) counts(args []any) []any {
	return append(args, r.state, r.end, r.ended, r.lastReturn, number(r.reported), number(r.known), r.minionsHash, r.expected, r.missing,
		r.returned, r.succeeded, r.failed, r.bytes, r.arrivals)
}

// texts appends the values of textColumns.
func (r *row) texts(args []any) []any {
	args = append(args, r.user, r.eauth, r.client, r.fun, r.tgt, r.tgtType, r.arguments, search(r.fun, r.tgt, r.user, r.arguments))
	for _, text := range originFields(&r.origin) {
		args = append(args, *text)
	}
	return args
}

// set sets columns of jobs.
func (t *transaction) set(ctx context.Context, tx *sql.Tx, st statement, rows []*row, values func(*row, []any) []any) error {
	return eachRow(ctx, t.store, tx, st, rows, nil,
		func(r *row, args []any) []any { return values(r, append(args, r.id, t.store.opts.Master, r.jid)) }, nil)
}
