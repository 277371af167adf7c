package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/huandu/go-sqlbuilder"

	"github.com/saltern-api/saltern/records"
)

// ret is a return as the database has it.
type ret struct {
	minion  string
	outcome int
	at      int64
	success flag
	retcode int64
	size    int64
	coding  int
	fun     string
	value   []byte
}

func returnColumns(alias string, value bool) []string {
	columns := []string{"minion", "outcome", "at", "success", "retcode", "size", "coding", "fun"}
	if value {
		columns = append(columns, "value")
	}
	for i := range columns {
		columns[i] = alias + "." + columns[i]
	}
	return columns
}

func (r *ret) fields(value bool) []any {
	fields := []any{&r.minion, &r.outcome, &r.at, &r.success, &r.retcode, &r.size, &r.coding, &r.fun}
	if value {
		fields = append(fields, &r.value)
	}
	return fields
}

// record returns the return as stores return it.
func (r *ret) record(j job) (records.Return, error) {
	out := records.Return{JID: j.jid, Minion: r.minion}
	if r.outcome == outcomeMissing {
		out.Missing = true
		return out, nil
	}
	out.Time, out.Fun, out.Success, out.Retcode = timeOf(r.at), r.fun, bool(r.success), int(r.retcode)
	out.Size, out.Omitted = r.size, r.coding == codingOmitted
	if out.Fun == "" {
		out.Fun = j.fun
	}
	if len(r.value) == 0 {
		return out, nil
	}
	var err error
	out.Value, err = expand(r.coding, r.value, r.size)
	return out, err
}

// Returns implements [records.Reader].
func (s *Store) Returns(ctx context.Context, jid string, query records.ReturnQuery) (records.ReturnPage, error) {
	if query.Outcome != "" && !slices.Contains(records.Outcomes(), query.Outcome) {
		return records.ReturnPage{}, &records.InvalidError{Field: "state", Why: "there is no such outcome"}
	}
	after := ""
	if query.After != "" {
		c, err := parseCursor(query.After, orderReturns)
		if err != nil {
			return records.ReturnPage{}, err
		}
		after = c.Text
	}
	f, err := s.job(ctx, jid)
	if err != nil {
		return records.ReturnPage{}, err
	}
	page, err := s.returns(ctx, f.job, query, after)
	return page, s.failure(ctx, err)
}

func (s *Store) returns(ctx context.Context, j job, query records.ReturnQuery, after string) (page records.ReturnPage, err error) {
	limit := records.PageSize(query.Limit)
	q := sqlbuilder.NewSelectBuilder()
	q.Select(returnColumns("r", query.Values)...).From("returns r").Where(q.Equal("r.job", j.id))
	switch query.Outcome {
	case records.OK:
		q.Where("r.outcome = 1")
	case records.NotOK:
		q.Where("r.outcome <> 1", "r.outcome = 2") // the first is the condition of the index
	case records.Missing:
		q.Where("r.outcome <> 1", "r.outcome = 0")
	}
	if after != "" {
		q.Where(q.GreaterThan("r.minion", after))
	}
	q.OrderByAsc("r.minion").Limit(limit + 1)
	text, args := q.BuildWithFlavor(s.engine.Flavor)
	rows, err := s.engine.Read.QueryContext(ctx, text, args...)
	if err != nil {
		return page, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err has the errors of reading
	bytes := 0
	for rows.Next() {
		var r ret
		if err := rows.Scan(r.fields(query.Values)...); err != nil {
			return page, err
		}
		if n := len(page.Returns); n == limit || n > 0 && bytes >= records.MaxPageBytes {
			page.Next = cursor{Order: orderReturns, Text: page.Returns[n-1].Minion}.String()
			break
		}
		out, err := r.record(j)
		if err != nil {
			return page, fmt.Errorf("read the return of %s: %w", r.minion, err)
		}
		bytes += len(out.Value)
		page.Returns = append(page.Returns, out)
	}
	return page, rows.Err()
}

// Arrived implements [records.Reader].
func (s *Store) Arrived(ctx context.Context, jid, after string, limit int) ([]records.Arrival, error) {
	from := cursor{Num: -1}
	if after != "" {
		var err error
		if from, err = parseCursor(after, orderArrived); err != nil {
			return nil, err
		}
	}
	f, err := s.job(ctx, jid)
	if err != nil {
		return nil, err
	}
	// The index has the order, and the values are read of those alone that are in
	// the page.
	some := sqlbuilder.NewSelectBuilder()
	some.Select("minion", "arrival").From("returns").
		Where(some.Equal("job", f.id), "outcome <> 0", fmt.Sprintf("(arrival, minion) > (%s, %s)", some.Var(from.Num), some.Var(from.Text))).
		OrderByAsc("arrival").OrderByAsc("minion").Limit(records.PageSize(limit))
	q := sqlbuilder.NewSelectBuilder()
	q.Select(append(returnColumns("r", true), "a.arrival")...).From(q.BuilderAs(some, "a"), "returns r").
		Where(q.Equal("r.job", f.id), "r.minion = a.minion").OrderByAsc("a.arrival").OrderByAsc("a.minion")
	text, args := q.BuildWithFlavor(s.engine.Flavor)
	rows, err := s.engine.Read.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, s.failure(ctx, err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err has the errors of reading
	var all []records.Arrival
	for bytes := 0; bytes < records.MaxPageBytes && rows.Next(); {
		var r ret
		at := cursor{Order: orderArrived}
		if err := rows.Scan(append(r.fields(true), &at.Num)...); err != nil {
			return nil, s.failure(ctx, err)
		}
		out, err := r.record(f.job)
		if err != nil {
			return nil, fmt.Errorf("read the return of %s: %w", r.minion, err)
		}
		at.Text = r.minion
		all = append(all, records.Arrival{Return: out, Cursor: at.String()})
		bytes += len(out.Value)
	}
	return all, s.failure(ctx, rows.Err())
}

// Return implements [records.Reader].
func (s *Store) Return(ctx context.Context, jid, minion string) (records.Return, error) {
	f, err := s.job(ctx, jid)
	if err != nil {
		return records.Return{}, err
	}
	if !isName(minion) {
		return records.Return{}, records.ErrNotFound
	}
	q := sqlbuilder.NewSelectBuilder()
	q.Select(returnColumns("r", true)...).From("returns r").Where(q.Equal("r.job", f.id), q.Equal("r.minion", minion))
	var r ret
	var out records.Return
	err = s.query(ctx, q, func(rows *sql.Rows) error { return rows.Scan(r.fields(true)...) })
	switch {
	case err != nil:
	case r.minion == "":
		err = records.ErrNotFound
	default:
		out, err = r.record(f.job)
	}
	return out, s.failure(ctx, err)
}

// LastJobs implements [records.Reader].
func (s *Store) LastJobs(ctx context.Context, minions []string) ([]records.LastJob, error) {
	if len(minions) > records.MaxLimit {
		return nil, &records.InvalidError{Field: "minions", Why: fmt.Sprintf("there are more than %d", records.MaxLimit)}
	}
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	byName := make(map[string]records.LastJob, len(minions))
	for chunk := range chunks(slices.DeleteFunc(slices.Clone(minions), func(m string) bool { return !isName(m) }), 100) {
		if err := s.lastJobs(ctx, chunk, byName); err != nil {
			return nil, s.failure(ctx, err)
		}
	}
	var all []records.LastJob
	for _, m := range minions {
		if last, ok := byName[m]; ok {
			all = append(all, last)
			delete(byName, m)
		}
	}
	return all, nil
}

func (s *Store) lastJobs(ctx context.Context, minions []string, byName map[string]records.LastJob) error {
	// For each name: the last row of the index of minions, of this master.
	names := sqlbuilder.NewSelectBuilder()
	values := make([]string, len(minions))
	for i, m := range minions {
		values[i] = "(" + names.Var(m) + ")"
	}
	last := sqlbuilder.NewSelectBuilder()
	last.Select("x.job").From("returns x", "jobs y").
		Where("x.minion = n.column1", "y.id = x.job", last.Equal("y.master", s.opts.Master)).OrderByDesc("x.job").Limit(1)
	names.Select("n.column1 AS minion", "("+names.Var(last)+") AS job").From("(VALUES " + strings.Join(values, ", ") + ") n")
	q := sqlbuilder.NewSelectBuilder()
	q.Select(append(append(jobColumns("j"), "j.arguments"), returnColumns("r", false)...)...).
		From(q.BuilderAs(names, "l"), "jobs j", "returns r").Where("j.id = l.job", "r.job = l.job", "r.minion = l.minion")
	return s.query(ctx, q, func(rows *sql.Rows) error {
		var f found
		var r ret
		if err := rows.Scan(append(append(f.fields(), &f.arguments), r.fields(false)...)...); err != nil {
			return err
		}
		out, err := r.record(f.job)
		byName[r.minion] = records.LastJob{Minion: r.minion, Job: f.record(s.opts.Master, f.arguments), Return: out}
		return err
	})
}
