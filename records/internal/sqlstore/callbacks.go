package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/huandu/go-sqlbuilder"

	"github.com/saltern-api/saltern/records"
)

// The values of the column state of callbacks, in the order of
// [records.CallbackStates].
const (
	callbackReserved = iota
	callbackWaiting
	callbackDue
	callbackDelivered
	callbackFailed
)

// callbackColumns are the columns of [callback.fields].
func callbackColumns() []string {
	return []string{"id", "jid", "usr", "eauth", "destination", "results", "state", "created", "due_at", "since", "tried", "done",
		"attempts", "error"}
}

// callback is a call-back as the database has it.
type callback struct {
	id, jid, user, eauth, destination     string
	results                               flag
	state                                 int
	created, due, since, tried, done, try int64
	error                                 string
}

func (c *callback) fields() []any {
	return []any{&c.id, &c.jid, &c.user, &c.eauth, &c.destination, &c.results, &c.state, &c.created, &c.due, &c.since, &c.tried, &c.done,
		&c.try, &c.error}
}

// record returns the call-back as stores return it.
func (c *callback) record() records.Callback {
	out := records.Callback{
		ID: c.id, JID: c.jid, User: c.user, Eauth: c.eauth, Destination: c.destination, Results: bool(c.results),
		State:   records.CallbackStates()[min(max(c.state, 0), callbackFailed)],
		Created: timeOf(c.created), Since: timeOf(c.since), Tried: timeOf(c.tried), Done: timeOf(c.done),
		Attempts: int(c.try), Error: c.error,
	}
	if c.state == callbackDue {
		out.Due = timeOf(c.due)
	}
	return out
}

// changeOne runs a statement that changes one call-back. The error is an
// [records.ErrNotFound] if there is none that it selects.
func (s *Store) changeOne(ctx context.Context, q sqlbuilder.Builder) error {
	return s.change(ctx, func(ctx context.Context, tx *sql.Tx) error {
		n, err := s.exec(ctx, tx, q)
		if err == nil && n == 0 {
			return records.ErrNotFound
		}
		return err
	})
}

// AddCallback implements [records.Callbacks].
func (s *Store) AddCallback(ctx context.Context, c records.Callback, most records.CallbackLimits) error {
	for _, text := range []string{c.ID, c.User, c.Eauth, c.Destination} {
		if !isName(text) {
			return &records.InvalidError{Field: "callback", Why: "it has an id, a user, an eauth module or a destination that cannot be kept"}
		}
	}
	state := callbackReserved
	if c.JID != "" {
		if !isName(c.JID) {
			return records.ErrNotFound
		}
		state = callbackWaiting
	}
	add := sqlbuilder.InsertInto("callbacks").
		Cols("id", "master", "created", "jid", "usr", "eauth", "destination", "results", "state").
		Values(c.ID, s.opts.Master, micros(c.Created), c.JID, c.User, c.Eauth, c.Destination, number(c.Results), state)
	var tooMany error
	err := s.change(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var total, own int
		q := sqlbuilder.NewSelectBuilder()
		q.Select("count(*)", "CAST(coalesce(sum(CASE WHEN usr = "+q.Var(c.User)+" AND eauth = "+q.Var(c.Eauth)+" THEN 1 ELSE 0 END), 0) AS BIGINT)").
			From("callbacks").Where(q.Equal("master", s.opts.Master), "state <= 2")
		text, args := q.BuildWithFlavor(s.engine.Flavor)
		if err := tx.QueryRowContext(ctx, text, args...).Scan(&total, &own); err != nil {
			return err
		}
		switch tooMany = nil; {
		case own >= most.User:
			tooMany = records.ErrTooManyOfUser
		case total >= most.Total:
			tooMany = records.ErrTooMany
		default:
			_, err := s.exec(ctx, tx, add)
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	return tooMany
}

// BindCallback implements [records.Callbacks].
func (s *Store) BindCallback(ctx context.Context, id, jid string) error {
	if !isName(id) || !isName(jid) {
		return records.ErrNotFound
	}
	q := sqlbuilder.NewUpdateBuilder()
	q.Update("callbacks").Set(q.Assign("jid", jid), q.Assign("state", callbackWaiting)).
		Where(q.Equal("id", id), q.Equal("master", s.opts.Master), q.Equal("state", callbackReserved))
	return s.changeOne(ctx, q)
}

// DropCallback implements [records.Callbacks].
func (s *Store) DropCallback(ctx context.Context, id string) error {
	if !isName(id) {
		return nil
	}
	q := sqlbuilder.NewDeleteBuilder()
	q.DeleteFrom("callbacks").Where(q.Equal("id", id), q.Equal("master", s.opts.Master), q.Equal("state", callbackReserved))
	return s.change(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := s.exec(ctx, tx, q)
		return err
	})
}

// wakeJobs is for how many jobs call-backs are made due in one statement.
const wakeJobs = 100

// WakeCallbacks implements [records.Callbacks].
func (s *Store) WakeCallbacks(ctx context.Context, jids []string, now time.Time) (int, error) {
	if jids == nil {
		return s.wakeCallbacks(ctx, nil, now)
	}
	total := 0
	for some := range chunks(slices.DeleteFunc(slices.Clone(jids), func(jid string) bool { return !isName(jid) }), wakeJobs) {
		n, err := s.wakeCallbacks(ctx, some, now)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

func (s *Store) wakeCallbacks(ctx context.Context, jids []string, now time.Time) (woken int, err error) {
	if err := s.ready(ctx); err != nil {
		return 0, err
	}
	// There is rarely one, and looking for it is not in the way of other writers.
	var first string
	q := sqlbuilder.NewSelectBuilder()
	q.Select("id").From("callbacks").Where(s.waiting(&q.Cond, jids)...).Limit(1)
	if err := s.query(ctx, q, func(rows *sql.Rows) error { return rows.Scan(&first) }); err != nil || first == "" {
		return 0, s.failure(ctx, err)
	}
	u := sqlbuilder.NewUpdateBuilder()
	u.Update("callbacks").Set(u.Assign("state", callbackDue), u.Assign("due_at", micros(now)), u.Assign("since", micros(now))).
		Where(s.waiting(&u.Cond, jids)...)
	err = s.change(ctx, func(ctx context.Context, tx *sql.Tx) error {
		n, err := s.exec(ctx, tx, u)
		woken = int(n)
		return err
	})
	return woken, err
}

// waiting returns the conditions for call-backs that wait for one of these jobs, or
// for any with nil, which has ended.
func (s *Store) waiting(is *sqlbuilder.Cond, jids []string) []string {
	ended := sqlbuilder.NewSelectBuilder()
	ended.Select("1").From("jobs j").Where("j.master = callbacks.master", "j.jid = callbacks.jid", ended.LessThan("j.end_at", int64(notEnded)))
	all := []string{
		is.Equal("master", s.opts.Master), "state <= 2", is.Equal("state", callbackWaiting), // the second is the condition of the index
		"EXISTS (" + is.Var(ended) + ")",
	}
	if jids != nil {
		all = append(all, is.In("jid", sqlbuilder.Flatten(jids)...))
	}
	return all
}

// ClaimCallbacks implements [records.Callbacks].
func (s *Store) ClaimCallbacks(ctx context.Context, claim records.CallbackClaim) (all []records.Callback, err error) {
	if len(claim.Destinations) == 0 {
		return nil, nil
	}
	find := sqlbuilder.NewSelectBuilder()
	find.Select("id").From("callbacks").
		Where(find.Equal("master", s.opts.Master), "state <= 2", find.Equal("state", callbackDue), find.LessEqualThan("due_at", micros(claim.Now)),
			find.In("destination", sqlbuilder.Flatten(claim.Destinations)...)).
		OrderByAsc("due_at").Limit(records.PageSize(claim.Limit))
	if s.engine.Flavor == sqlbuilder.PostgreSQL {
		find.SQL("FOR UPDATE SKIP LOCKED") // of SQLite's writers there is one
	}
	err = s.change(ctx, func(ctx context.Context, tx *sql.Tx) error {
		all = nil
		var ids []string
		text, args := find.BuildWithFlavor(s.engine.Flavor)
		rows, err := tx.QueryContext(ctx, text, args...)
		if err := scanAll(rows, err, func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		}); err != nil || len(ids) == 0 {
			return err
		}
		q := sqlbuilder.NewUpdateBuilder()
		q.Update("callbacks").Set("attempts = attempts + 1", q.Assign("due_at", micros(claim.Until)), q.Assign("tried", micros(claim.Now))).
			Where(q.In("id", sqlbuilder.Flatten(ids)...))
		q.Returning(callbackColumns()...)
		text, args = q.BuildWithFlavor(s.engine.Flavor)
		rows, err = tx.QueryContext(ctx, text, args...)
		return scanAll(rows, err, func(rows *sql.Rows) error {
			var c callback
			err := rows.Scan(c.fields()...)
			all = append(all, c.record())
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// SettleCallback implements [records.Callbacks].
func (s *Store) SettleCallback(ctx context.Context, c records.Callback) error {
	state := slices.Index(records.CallbackStates(), c.State)
	if !isName(c.ID) || state < callbackDue {
		return records.ErrNotFound
	}
	q := sqlbuilder.NewUpdateBuilder()
	q.Update("callbacks").Set(q.Assign("state", state), q.Assign("due_at", micros(c.Due)), q.Assign("done", micros(c.Done)),
		q.Assign("error", cut(c.Error, records.MaxCallbackError))).
		Where(q.Equal("id", c.ID), q.Equal("master", s.opts.Master), q.Equal("state", callbackDue), q.Equal("attempts", c.Attempts))
	return s.changeOne(ctx, q)
}

// RetryCallback implements [records.Callbacks].
func (s *Store) RetryCallback(ctx context.Context, id string, now time.Time) error {
	if !isName(id) {
		return records.ErrNotFound
	}
	q := sqlbuilder.NewUpdateBuilder()
	q.Update("callbacks").Set(q.Assign("state", callbackDue), q.Assign("due_at", micros(now)), q.Assign("since", micros(now)), q.Assign("done", 0)).
		Where(q.Equal("id", id), q.Equal("master", s.opts.Master), q.GreaterThan("state", callbackDue))
	return s.changeOne(ctx, q)
}

// Callback implements [records.Callbacks].
func (s *Store) Callback(ctx context.Context, id string) (records.Callback, error) {
	if !isName(id) {
		return records.Callback{}, records.ErrNotFound
	}
	if err := s.ready(ctx); err != nil {
		return records.Callback{}, err
	}
	q := sqlbuilder.NewSelectBuilder()
	q.Select(callbackColumns()...).From("callbacks").Where(q.Equal("id", id), q.Equal("master", s.opts.Master))
	var c callback
	err := s.query(ctx, q, func(rows *sql.Rows) error { return rows.Scan(c.fields()...) })
	if err == nil && c.id == "" {
		err = records.ErrNotFound
	}
	if err != nil {
		return records.Callback{}, s.failure(ctx, err)
	}
	return c.record(), nil
}

// orderCallbacks is the order in the cursors of call-backs.
const orderCallbacks = "callbacks"

// Callbacks implements [records.Callbacks].
func (s *Store) Callbacks(ctx context.Context, query records.CallbackQuery) (page records.CallbackPage, err error) {
	q := sqlbuilder.NewSelectBuilder()
	q.Select(callbackColumns()...).From("callbacks").Where(q.Equal("master", s.opts.Master))
	for _, f := range []struct{ column, text string }{
		{"usr", query.User}, {"eauth", query.Eauth}, {"jid", query.JID}, {"destination", query.Destination},
	} {
		if !isText(f.text) || len(f.text) > records.MaxFilter {
			return page, &records.InvalidError{Field: f.column, Why: "it is too long, or no text"}
		}
		if f.text != "" {
			q.Where(q.Equal(f.column, f.text))
		}
	}
	switch state := slices.Index(records.CallbackStates(), query.State); {
	case query.State == "":
		q.Where(q.GreaterThan("state", callbackReserved))
	case state < 0:
		return page, &records.InvalidError{Field: "state", Why: "there is no such state"}
	default:
		q.Where(q.Equal("state", state))
	}
	if query.After != "" {
		after, err := parseCursor(query.After, orderCallbacks)
		if err != nil {
			return page, err
		}
		q.Where(fmt.Sprintf("(created, id) < (%s, %s)", q.Var(after.Num), q.Var(after.Text)))
	}
	if err := s.ready(ctx); err != nil {
		return page, err
	}
	limit := records.PageSize(query.Limit)
	q.OrderByDesc("created").OrderByDesc("id").Limit(limit + 1)
	var last callback
	err = s.query(ctx, q, func(rows *sql.Rows) error {
		var c callback
		if err := rows.Scan(c.fields()...); err != nil {
			return err
		}
		if len(page.Callbacks) == limit {
			page.Next = cursor{Order: orderCallbacks, Num: last.created, Text: last.id}.String()
			return nil
		}
		page.Callbacks, last = append(page.Callbacks, c.record()), c
		return nil
	})
	if err != nil {
		return records.CallbackPage{}, s.failure(ctx, err)
	}
	return page, nil
}

// CountCallbacks implements [records.Callbacks].
func (s *Store) CountCallbacks(ctx context.Context) (counts records.CallbackCounts, err error) {
	if err := s.ready(ctx); err != nil {
		return counts, err
	}
	q := sqlbuilder.NewSelectBuilder()
	q.Select("state", "count(*)", "min(due_at)").From("callbacks").Where(q.Equal("master", s.opts.Master), "state <= 2").GroupBy("state")
	err = s.query(ctx, q, func(rows *sql.Rows) error {
		var state, n int
		var next int64
		if err := rows.Scan(&state, &n, &next); err != nil {
			return err
		}
		switch state {
		case callbackWaiting:
			counts.Waiting = n
		case callbackDue:
			counts.Due, counts.Next = n, timeOf(next)
		}
		return nil
	})
	return counts, s.failure(ctx, err)
}

// cleanCallbacks is how many call-backs a step of CleanCallbacks removes.
const cleanCallbacks = 1000

// CleanCallbacks implements [records.Callbacks].
func (s *Store) CleanCallbacks(ctx context.Context, c records.CallbackCleaning) (done records.CallbackCleaned, err error) {
	if !c.Waiting.IsZero() {
		if err := s.giveUpCallbacks(ctx, &done.Failed, c.Now, callbackWaiting, "created", c.Waiting, c.WhyWaiting); err != nil {
			return done, err
		}
	}
	if !c.Due.IsZero() {
		if err := s.giveUpCallbacks(ctx, &done.Failed, c.Now, callbackDue, "since", c.Due, c.WhyDue); err != nil {
			return done, err
		}
	}
	old := func(column string, before time.Time, conditions ...string) error {
		return s.removeCallbacks(ctx, &done.Removed, func(q *sqlbuilder.SelectBuilder) {
			q.Where(conditions...).Where(q.LessThan(column, micros(before)))
		})
	}
	if !c.Reserved.IsZero() {
		if err := old("created", c.Reserved, "state <= 2", fmt.Sprintf("state = %d", callbackReserved)); err != nil {
			return done, err
		}
	}
	if !c.Done.IsZero() {
		if err := old("done", c.Done, "state > 2"); err != nil {
			return done, err
		}
	}
	if c.Keep > 0 {
		// The done of the first one that is too many.
		q := sqlbuilder.NewSelectBuilder()
		q.Select("done").From("callbacks").Where(q.Equal("master", s.opts.Master), "state > 2").OrderByDesc("done").Limit(1).Offset(c.Keep)
		var last int64
		if err := s.query(ctx, q, func(rows *sql.Rows) error { return rows.Scan(&last) }); err != nil {
			return done, s.failure(ctx, err)
		}
		if last > 0 {
			return done, old("done", timeOf(last+1), "state > 2")
		}
	}
	return done, nil
}

// giveUpCallbacks ends the call-backs of a state that are too old, but for those that
// are claimed.
func (s *Store) giveUpCallbacks(ctx context.Context, failed *int, now time.Time, state int, column string, before time.Time, why string) error {
	q := sqlbuilder.NewUpdateBuilder()
	q.Update("callbacks").Set(q.Assign("state", callbackFailed), q.Assign("done", micros(now)), q.Assign("error", cut(why, records.MaxCallbackError))).
		Where(q.Equal("master", s.opts.Master), "state <= 2", q.Equal("state", state), q.LessThan(column, micros(before)), q.LessEqualThan("due_at", micros(now)))
	return s.change(ctx, func(ctx context.Context, tx *sql.Tx) error {
		n, err := s.exec(ctx, tx, q)
		*failed += int(n)
		return err
	})
}

// removeCallbacks removes call-backs, in steps that leave room for writers.
func (s *Store) removeCallbacks(ctx context.Context, removed *int, where func(*sqlbuilder.SelectBuilder)) error {
	for {
		some := sqlbuilder.NewSelectBuilder()
		some.Select("id").From("callbacks").Where(some.Equal("master", s.opts.Master))
		where(some)
		some.Limit(cleanCallbacks)
		q := sqlbuilder.NewDeleteBuilder()
		q.DeleteFrom("callbacks").Where("id IN (" + q.Var(some) + ")")
		var n int64
		err := s.change(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
			n, err = s.exec(ctx, tx, q)
			return err
		})
		if *removed += int(n); err != nil || n < cleanCallbacks {
			return err
		}
	}
}
