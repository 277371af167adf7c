package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/huandu/go-sqlbuilder"

	"github.com/saltern-api/saltern/records"
)

// scheduleColumns are the columns of [schedule.fields].
func scheduleColumns() []string {
	return []string{"id", "version", "usr", "eauth", "name", "job", "tgt", "enabled", "saved", "changed", "due_at", "start_at", "body"}
}

// schedule is a schedule as the database has it.
type schedule struct {
	records.Schedule
	enabled                    flag
	saved, changed, due, start int64
	body                       string
}

func (r *schedule) fields() []any {
	return []any{
		&r.ID, &r.Version, &r.User, &r.Eauth, &r.Name, &r.Job, &r.Tgt, &r.enabled, &r.saved, &r.changed, &r.due, &r.start, &r.body,
	}
}

func (r *schedule) record() records.Schedule {
	s := r.Schedule
	s.Enabled, s.Body = bool(r.enabled), json.RawMessage(r.body)
	s.Saved, s.Changed, s.Due, s.Start = timeOf(r.saved), timeOf(r.changed), timeOf(r.due), timeOf(r.start)
	return s
}

// runColumns are the columns of [run.fields].
func runColumns() []string {
	return []string{"schedule", "due_at", "name", "usr", "eauth", "cmd", "fun", "state", "jid", "why", "claimed", "until", "done"}
}

// run is a run of a schedule as the database has it. The state is the number of that
// in [records.RunStates].
type run struct {
	records.Run
	state                     int
	due, claimed, until, done int64
}

func (r *run) fields() []any {
	return []any{
		&r.Schedule, &r.due, &r.Name, &r.User, &r.Eauth, &r.Cmd, &r.Fun, &r.state, &r.JID, &r.Why, &r.claimed, &r.until, &r.done,
	}
}

func (r *run) record() records.Run {
	out := r.Run
	states := records.RunStates()
	out.State = states[min(max(r.state, 0), len(states)-1)]
	out.Due, out.Claimed, out.Until, out.Done = timeOf(r.due), timeOf(r.claimed), timeOf(r.until), timeOf(r.done)
	return out
}

func runState(s records.RunState) int { return slices.Index(records.RunStates(), s) }

func checkSchedule(s records.Schedule) error {
	invalid := func(field, why string) error { return &records.InvalidError{Field: field, Why: why} }
	for field, text := range map[string]string{"uuid": s.ID, "user": s.User, "eauth": s.Eauth} {
		if !isName(text) {
			return invalid(field, "it cannot be kept")
		}
	}
	for field, text := range map[string]string{"name": s.Name, "job_uuid": s.Job, "tgt_uuid": s.Tgt} {
		if !isText(text) || len(text) > records.MaxSavedName {
			return invalid(field, "it is too long, or no text")
		}
	}
	if !json.Valid(s.Body) || !isText(string(s.Body)) || strings.Contains(string(s.Body), `\u0000`) || len(s.Body) > records.MaxScheduleBody {
		return invalid("schedule", "it is too large, or cannot be kept")
	}
	return nil
}

// PutSchedule implements [records.Schedules].
func (s *Store) PutSchedule(ctx context.Context, r records.Schedule, reschedule bool) (records.Schedule, error) {
	if err := checkSchedule(r); err != nil {
		return records.Schedule{}, err
	}
	r.Changed = timeOf(micros(time.Now()))
	if r.Version == 0 && r.Saved.IsZero() {
		r.Saved = r.Changed
	}
	r.Saved, r.Due, r.Start = timeOf(micros(r.Saved)), timeOf(micros(r.Due)), timeOf(micros(r.Start))
	values := []any{
		r.ID, r.Version + 1, r.User, r.Eauth, r.Name, r.Job, r.Tgt, number(r.Enabled), micros(r.Saved), micros(r.Changed), micros(r.Due), micros(r.Start),
		string(r.Body),
	}
	var q sqlbuilder.Builder
	if r.Version == 0 {
		q = sqlbuilder.InsertInto("schedules").Cols(append([]string{"master"}, scheduleColumns()...)...).
			Values(append([]any{s.opts.Master}, values...)...).SQL("ON CONFLICT DO NOTHING")
	} else {
		u := sqlbuilder.NewUpdateBuilder()
		u.Update("schedules")
		var set []string
		for i, column := range scheduleColumns() {
			if !reschedule && (column == "due_at" || column == "start_at") {
				continue
			}
			set = append(set, u.Assign(column, values[i]))
		}
		u.Set(set...).Where(u.Equal("master", s.opts.Master), u.Equal("id", r.ID), u.Equal("version", r.Version))
		q = u
	}
	var tooMany error
	err := s.change(ctx, func(ctx context.Context, tx *sql.Tx) error {
		tooMany = nil
		if r.Version == 0 {
			var total, own int
			count := sqlbuilder.NewSelectBuilder()
			count.Select("count(*)", "CAST(coalesce(sum(CASE WHEN usr = "+count.Var(r.User)+" AND eauth = "+count.Var(r.Eauth)+" THEN 1 ELSE 0 END), 0) AS BIGINT)").
				From("schedules").Where(count.Equal("master", s.opts.Master))
			text, args := count.BuildWithFlavor(s.engine.Flavor)
			if err := tx.QueryRowContext(ctx, text, args...).Scan(&total, &own); err != nil {
				return err
			}
			if total >= records.MaxSchedules || own >= records.MaxSchedulesOfUser {
				tooMany = records.ErrTooManySchedules
				return nil
			}
		}
		n, err := s.exec(ctx, tx, q)
		if err == nil && n == 0 {
			return records.ErrConflict
		}
		return err
	})
	if err = errors.Join(err, tooMany); err != nil {
		return records.Schedule{}, err
	}
	r.Version++
	return r, nil
}

// Schedule implements [records.Schedules].
func (s *Store) Schedule(ctx context.Context, id string) (records.Schedule, error) {
	if !isName(id) {
		return records.Schedule{}, records.ErrNotFound
	}
	q := sqlbuilder.NewSelectBuilder()
	q.Select(scheduleColumns()...).From("schedules").Where(q.Equal("master", s.opts.Master), q.Equal("id", id))
	all, err := s.schedules(ctx, q)
	if err == nil && len(all) == 0 {
		err = records.ErrNotFound
	}
	if err != nil {
		return records.Schedule{}, err
	}
	return all[0], nil
}

// Schedules implements [records.Schedules].
func (s *Store) Schedules(ctx context.Context, query records.ScheduleQuery) ([]records.Schedule, error) {
	q := sqlbuilder.NewSelectBuilder()
	q.Select(scheduleColumns()...).From("schedules").Where(q.Equal("master", s.opts.Master))
	for column, text := range map[string]string{"usr": query.User, "eauth": query.Eauth, "job": query.Job, "tgt": query.Tgt} {
		switch {
		case !isText(text) || len(text) > records.MaxFilter:
			return nil, &records.InvalidError{Field: column, Why: "it is too long, or no text"}
		case text != "":
			q.Where(q.Equal(column, text))
		}
	}
	q.OrderByAsc("name").OrderByAsc("id").Limit(2 * records.MaxSchedules) // several gateways may exceed the bound by a few
	return s.schedules(ctx, q)
}

func (s *Store) schedules(ctx context.Context, q sqlbuilder.Builder) (all []records.Schedule, err error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	err = s.query(ctx, q, func(rows *sql.Rows) error {
		var r schedule
		if err := rows.Scan(r.fields()...); err != nil {
			return err
		}
		all = append(all, r.record())
		return nil
	})
	return all, s.failure(ctx, err)
}

// DeleteSchedule implements [records.Schedules].
func (s *Store) DeleteSchedule(ctx context.Context, id string) error {
	if !isName(id) {
		return records.ErrNotFound
	}
	q := sqlbuilder.NewDeleteBuilder()
	q.DeleteFrom("schedules").Where(q.Equal("master", s.opts.Master), q.Equal("id", id))
	return s.changeOne(ctx, q)
}

// dueAtOnce is how many schedules that are due are returned at once.
const dueAtOnce = 50

// DueSchedules implements [records.Schedules].
func (s *Store) DueSchedules(ctx context.Context, now time.Time) (due []records.Schedule, next time.Time, err error) {
	q := sqlbuilder.NewSelectBuilder()
	q.Select(scheduleColumns()...).From("schedules").
		Where(q.Equal("master", s.opts.Master), "enabled = 1", "start_at > 0", q.LessEqualThan("start_at", micros(now))).
		OrderByAsc("start_at").Limit(dueAtOnce)
	if due, err = s.schedules(ctx, q); err != nil {
		return nil, next, err
	}
	q = sqlbuilder.NewSelectBuilder()
	q.Select("start_at").From("schedules").
		Where(q.Equal("master", s.opts.Master), "enabled = 1", "start_at > 0", q.GreaterThan("start_at", micros(now))).
		OrderByAsc("start_at").Limit(1)
	var first int64
	err = s.query(ctx, q, func(rows *sql.Rows) error { return rows.Scan(&first) })
	return due, timeOf(first), s.failure(ctx, err)
}

// errTaken undoes a claim: another gateway was first.
var errTaken = errors.New("it is taken")

// ClaimRuns implements [records.Schedules].
func (s *Store) ClaimRuns(ctx context.Context, r records.Schedule, due, start time.Time, runs []records.Run) (bool, error) {
	u := sqlbuilder.NewUpdateBuilder()
	u.Update("schedules").Set(u.Assign("due_at", micros(due)), u.Assign("start_at", micros(start))).
		Where(u.Equal("master", s.opts.Master), u.Equal("id", r.ID), u.Equal("version", r.Version), u.Equal("due_at", micros(r.Due)), "enabled = 1")
	taken := false
	err := s.change(ctx, func(ctx context.Context, tx *sql.Tx) error {
		taken = false
		n, err := s.exec(ctx, tx, u)
		if err != nil {
			return err
		}
		if n == 0 {
			taken = true
			return errTaken
		}
		for _, run := range runs {
			q := sqlbuilder.InsertInto("runs").Cols(append([]string{"master"}, runColumns()...)...).
				Values(s.opts.Master, r.ID, micros(run.Due), cut(run.Name, records.MaxSavedName), cut(run.User, records.MaxSavedName),
					cut(run.Eauth, records.MaxSavedName), run.Cmd, cut(run.Fun, records.MaxSavedName), runState(run.State), run.JID,
					cut(run.Why, records.MaxRunWhy), micros(run.Claimed), micros(run.Until), micros(run.Done)).
				SQL("ON CONFLICT DO NOTHING")
			if n, err = s.exec(ctx, tx, q); err != nil {
				return err
			}
			if n == 0 {
				taken = true
				return errTaken
			}
		}
		return nil
	})
	if taken {
		return false, nil
	}
	return err == nil, err
}

// SettleRun implements [records.Schedules].
func (s *Store) SettleRun(ctx context.Context, r records.Run) error {
	state := runState(r.State)
	if !isName(r.Schedule) || state <= 0 {
		return records.ErrNotFound
	}
	q := sqlbuilder.NewUpdateBuilder()
	q.Update("runs").Set(q.Assign("state", state), q.Assign("jid", cut(r.JID, maxName)), q.Assign("why", cut(r.Why, records.MaxRunWhy)),
		q.Assign("cmd", cut(r.Cmd, maxName)), q.Assign("fun", cut(r.Fun, records.MaxSavedName)), q.Assign("done", micros(r.Done))).
		Where(q.Equal("master", s.opts.Master), q.Equal("schedule", r.Schedule), q.Equal("due_at", micros(r.Due)),
			q.In("state", runState(records.RunClaimed), runState(records.RunUnknown)))
	return s.changeOne(ctx, q)
}

// LoseRuns implements [records.Schedules].
func (s *Store) LoseRuns(ctx context.Context, now time.Time, why string) (lost []records.Run, err error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	// There is rarely one, and looking for it is not in the way of other writers.
	find := sqlbuilder.NewSelectBuilder()
	find.Select("count(*)").From("runs").Where(find.Equal("master", s.opts.Master), "state = 0", find.LessThan("until", micros(now)))
	n := 0
	if err := s.query(ctx, find, func(rows *sql.Rows) error { return rows.Scan(&n) }); err != nil || n == 0 {
		return nil, s.failure(ctx, err)
	}
	q := sqlbuilder.NewUpdateBuilder()
	q.Update("runs").Set(q.Assign("state", runState(records.RunUnknown)), q.Assign("why", cut(why, records.MaxRunWhy)), q.Assign("done", micros(now))).
		Where(q.Equal("master", s.opts.Master), "state = 0", q.LessThan("until", micros(now)))
	q.Returning(runColumns()...)
	err = s.change(ctx, func(ctx context.Context, tx *sql.Tx) error {
		lost = nil
		text, args := q.BuildWithFlavor(s.engine.Flavor)
		rows, err := tx.QueryContext(ctx, text, args...)
		return scanAll(rows, err, func(rows *sql.Rows) error {
			var r run
			err := rows.Scan(r.fields()...)
			lost = append(lost, r.record())
			return err
		})
	})
	return lost, err
}

// Runs implements [records.Schedules].
func (s *Store) Runs(ctx context.Context, query records.RunQuery) ([]records.Run, error) {
	q := sqlbuilder.NewSelectBuilder()
	q.Select(runColumns()...).From("runs").Where(q.Equal("master", s.opts.Master))
	for column, text := range map[string]string{"schedule": query.Schedule, "usr": query.User, "eauth": query.Eauth} {
		switch {
		case !isText(text) || len(text) > records.MaxFilter:
			return nil, &records.InvalidError{Field: column, Why: "it is too long, or no text"}
		case text != "":
			q.Where(q.Equal(column, text))
		}
	}
	switch state := runState(query.State); {
	case query.State == "":
	case state < 0:
		return nil, &records.InvalidError{Field: "state", Why: "there is no such state"}
	default:
		q.Where(q.Equal("state", state))
	}
	if !query.From.IsZero() {
		q.Where(q.GreaterEqualThan("due_at", micros(query.From)))
	}
	if !query.To.IsZero() {
		q.Where(q.LessEqualThan("due_at", micros(query.To)))
	}
	q.OrderByDesc("due_at").OrderByDesc("schedule").Limit(records.PageSize(query.Limit)).Offset(max(0, query.Offset))
	return s.runs(ctx, q)
}

func (s *Store) runs(ctx context.Context, q sqlbuilder.Builder) (all []records.Run, err error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	err = s.query(ctx, q, func(rows *sql.Rows) error {
		var r run
		if err := rows.Scan(r.fields()...); err != nil {
			return err
		}
		all = append(all, r.record())
		return nil
	})
	return all, s.failure(ctx, err)
}

// LastRuns implements [records.Schedules].
func (s *Store) LastRuns(ctx context.Context, schedules []string) (all []records.Run, err error) {
	for some := range chunks(slices.DeleteFunc(slices.Clone(schedules), func(id string) bool { return !isName(id) }), 100) {
		q := sqlbuilder.NewSelectBuilder()
		q.Select(runColumns()...).From("runs").
			Where(q.Equal("master", s.opts.Master), q.In("schedule", sqlbuilder.Flatten(some)...),
				"due_at = (SELECT max(r.due_at) FROM runs r WHERE r.master = runs.master AND r.schedule = runs.schedule)")
		found, err := s.runs(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// MissedRuns implements [records.Schedules].
func (s *Store) MissedRuns(ctx context.Context, schedules []string) (map[string]int, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	all := make(map[string]int)
	for some := range chunks(slices.DeleteFunc(slices.Clone(schedules), func(id string) bool { return !isName(id) }), 100) {
		q := sqlbuilder.NewSelectBuilder()
		q.Select("schedule", "count(*)").From("runs").Where(
			q.Equal("master", s.opts.Master), q.In("schedule", sqlbuilder.Flatten(some)...),
			q.In("state", runState(records.RunMissed), runState(records.RunUnknown)),
		).GroupBy("schedule")
		err := s.query(ctx, q, func(rows *sql.Rows) error {
			var id string
			var n int
			err := rows.Scan(&id, &n)
			all[id] = n
			return err
		})
		if err != nil {
			return nil, s.failure(ctx, err)
		}
	}
	return all, nil
}

// trimRuns is how many runs a step of TrimRuns removes.
const trimRuns = 1000

// TrimRuns implements [records.Schedules].
func (s *Store) TrimRuns(ctx context.Context, before time.Time, count bool) (removed int64, err error) {
	if err := s.ready(ctx); err != nil {
		return 0, err
	}
	if count {
		q := sqlbuilder.NewSelectBuilder()
		q.Select("count(*)").From("runs").Where(q.Equal("master", s.opts.Master), "state > 0", q.LessThan("due_at", micros(before)))
		err := s.query(ctx, q, func(rows *sql.Rows) error { return rows.Scan(&removed) })
		return removed, s.failure(ctx, err)
	}
	for {
		// The time of the last one of a step: rows have no key of one column.
		find := sqlbuilder.NewSelectBuilder()
		find.Select("due_at").From("runs").Where(find.Equal("master", s.opts.Master), "state > 0", find.LessThan("due_at", micros(before))).
			OrderByAsc("due_at").Limit(1).Offset(trimRuns - 1)
		to := micros(before) - 1
		if err := s.query(ctx, find, func(rows *sql.Rows) error { return rows.Scan(&to) }); err != nil {
			return removed, s.failure(ctx, err)
		}
		q := sqlbuilder.NewDeleteBuilder()
		q.DeleteFrom("runs").Where(q.Equal("master", s.opts.Master), "state > 0", q.LessEqualThan("due_at", to))
		var n int64
		err := s.change(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
			n, err = s.exec(ctx, tx, q)
			return err
		})
		if removed += n; err != nil || n == 0 || to == micros(before)-1 {
			return removed, err
		}
	}
}

// CountSchedules implements [records.Schedules].
func (s *Store) CountSchedules(ctx context.Context) (all, enabled int, err error) {
	if err := s.ready(ctx); err != nil {
		return 0, 0, err
	}
	q := sqlbuilder.NewSelectBuilder()
	q.Select("count(*)", "CAST(coalesce(sum(enabled), 0) AS BIGINT)").From("schedules").Where(q.Equal("master", s.opts.Master))
	err = s.query(ctx, q, func(rows *sql.Rows) error { return rows.Scan(&all, &enabled) })
	return all, enabled, s.failure(ctx, err)
}
