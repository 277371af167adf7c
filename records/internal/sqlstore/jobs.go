package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/huandu/go-sqlbuilder"

	"github.com/saltern-api/saltern/records"
)

// order is how jobs are sorted.
type order struct {
	name   string
	column string // "" for the start alone
	isText bool
	desc   bool
}

func orderOf(s records.Sort) (order, error) {
	if s == "" {
		s = records.Newest
	}
	if !slices.Contains(records.Sorts(), s) {
		return order{}, &records.InvalidError{Field: "sort", Why: "there is no such order"}
	}
	name, desc := strings.CutPrefix(string(s), "-")
	o := order{name: string(s), desc: desc}
	switch records.Sort(name) {
	case records.ByEnd:
		o.column = "j.end_at"
	case records.ByUser:
		o.column, o.isText = "j.usr", true
	case records.ByFun:
		o.column, o.isText = "j.fun", true
	}
	return o, nil
}

// apply adds the order to a query, and that it begins after a cursor.
func (o order) apply(q *sqlbuilder.SelectBuilder, id string, after *cursor) {
	compare, columns := ">", []string{id}
	if o.desc {
		compare = "<"
	}
	if o.column != "" {
		columns = []string{o.column, id}
	}
	if after != nil {
		switch {
		case o.column == "":
			q.Where(fmt.Sprintf("%s %s %s", id, compare, q.Var(after.ID)))
		case o.isText:
			q.Where(fmt.Sprintf("(%s, %s) %s (%s, %s)", o.column, id, compare, q.Var(after.Text), q.Var(after.ID)))
		default:
			q.Where(fmt.Sprintf("(%s, %s) %s (%s, %s)", o.column, id, compare, q.Var(after.Num), q.Var(after.ID)))
		}
	}
	for _, c := range columns {
		if o.desc {
			q.OrderByDesc(c)
		} else {
			q.OrderByAsc(c)
		}
	}
}

// cursor is that of the page after a job.
func (o order) cursor(j job) cursor {
	c := cursor{Order: o.name, ID: j.id}
	switch o.column {
	case "j.end_at":
		c.Num = j.end
	case "j.usr":
		c.Text = j.user
	case "j.fun":
		c.Text = j.fun
	}
	return c
}

// compare compares two jobs.
func (o order) compare(a, b found) int {
	x, y := o.cursor(a.job), o.cursor(b.job)
	n := strings.Compare(x.Text, y.Text)
	if n == 0 {
		n = sign(x.Num - y.Num)
	}
	if n == 0 {
		n = sign(x.ID - y.ID)
	}
	if o.desc {
		return -n
	}
	return n
}

func sign(n int64) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// found is a job that a query selects.
type found struct {
	job
	arguments string
}

// Jobs implements [records.Reader].
func (s *Store) Jobs(ctx context.Context, query records.Query) (records.JobPage, error) {
	if err := check(query.Filter); err != nil {
		return records.JobPage{}, err
	}
	o, err := orderOf(query.Sort)
	if err != nil {
		return records.JobPage{}, err
	}
	var after *cursor
	if query.After != "" {
		c, err := parseCursor(query.After, o.name)
		if err != nil {
			return records.JobPage{}, err
		}
		after = &c
	}
	if err := s.ready(ctx); err != nil {
		return records.JobPage{}, err
	}
	f, err := s.selection(ctx, query.Filter)
	if err != nil {
		return records.JobPage{}, s.failure(ctx, err)
	}
	limit := records.PageSize(query.Limit)
	// The index of states has the jobs of one state in order. Those of several are
	// merged here: the database would sort all of them.
	each := slices.Collect(slices.Chunk(states(query.Filter), 1))
	if len(each) == 0 || f.byText() {
		each = [][]int{states(query.Filter)}
	}
	var all []found
	for _, of := range each {
		some, err := s.find(ctx, f, of, o, after, limit+1)
		if err != nil {
			return records.JobPage{}, s.failure(ctx, err)
		}
		all = append(all, some...)
	}
	if len(each) > 1 {
		slices.SortFunc(all, o.compare)
	}
	var page records.JobPage
	if len(all) > limit {
		all = all[:limit]
		page.Next = o.cursor(all[limit-1].job).String()
	}
	for _, f := range all {
		page.Jobs = append(page.Jobs, f.record(s.opts.Master, f.arguments))
	}
	return page, nil
}

// find returns jobs of some states, or of all where there are none.
func (s *Store) find(ctx context.Context, f selection, of []int, o order, after *cursor, limit int) (all []found, err error) {
	q := sqlbuilder.NewSelectBuilder()
	q.Select(append(jobColumns("j"), "j.arguments")...)
	s.where(q, f)
	if len(of) > 0 {
		q.Where(q.In("j.state", sqlbuilder.Flatten(of)...))
	}
	o.apply(q, s.idColumn(f), after)
	q.Limit(limit)
	err = s.query(ctx, q, func(rows *sql.Rows) error {
		var f found
		if err := rows.Scan(append(f.fields(), &f.arguments)...); err != nil {
			return err
		}
		all = append(all, f)
		return nil
	})
	return all, err
}

// CountJobs implements [records.Reader].
func (s *Store) CountJobs(ctx context.Context, f records.Filter) (records.Counts, error) {
	if err := check(f); err != nil {
		return records.Counts{}, err
	}
	if err := s.ready(ctx); err != nil {
		return records.Counts{}, err
	}
	chosen, err := s.selection(ctx, f)
	if err != nil {
		return records.Counts{}, s.failure(ctx, err)
	}
	some := sqlbuilder.NewSelectBuilder()
	some.Select("j.state AS state")
	s.where(some, chosen)
	if all := states(f); all != nil {
		some.Where(some.In("j.state", sqlbuilder.Flatten(all)...))
	}
	some.Limit(records.MaxCount)
	q := sqlbuilder.NewSelectBuilder()
	q.Select("state", "count(*)").From(q.BuilderAs(some, "matching")).GroupBy("state")
	counts := records.Counts{ByState: make(map[records.State]int)}
	err = s.query(ctx, q, func(rows *sql.Rows) error {
		var state, n int
		if err := rows.Scan(&state, &n); err != nil {
			return err
		}
		counts.ByState[records.States()[min(max(state, 0), stateMissing)]] += n
		counts.Total += n
		return nil
	})
	if err != nil {
		return records.Counts{}, s.failure(ctx, err)
	}
	counts.More = counts.Total >= records.MaxCount
	return counts, nil
}

// CountReturns implements [records.Reader].
func (s *Store) CountReturns(ctx context.Context, f records.Filter) (n records.ReturnCounts, err error) {
	if err := check(f); err != nil {
		return n, err
	}
	if err := s.ready(ctx); err != nil {
		return n, err
	}
	chosen, err := s.selection(ctx, f)
	if err != nil {
		return n, s.failure(ctx, err)
	}
	some := sqlbuilder.NewSelectBuilder()
	some.Select("j.returned AS returned", "j.succeeded AS succeeded", "j.failed AS failed")
	s.where(some, chosen)
	if all := states(f); all != nil {
		some.Where(some.In("j.state", sqlbuilder.Flatten(all)...))
	}
	some.OrderByDesc(s.idColumn(chosen)).Limit(records.MaxCount)
	q := sqlbuilder.NewSelectBuilder()
	var sums []string
	for _, column := range []string{"returned", "succeeded", "failed"} {
		sums = append(sums, "CAST(coalesce(sum("+column+"), 0) AS BIGINT)")
	}
	q.Select(append([]string{"count(*)"}, sums...)...).From(q.BuilderAs(some, "matching"))
	err = s.query(ctx, q, func(rows *sql.Rows) error { return rows.Scan(&n.Jobs, &n.Returned, &n.Succeeded, &n.Failed) })
	n.More = n.Jobs >= records.MaxCount
	return n, s.failure(ctx, err)
}

// Job implements [records.Reader].
func (s *Store) Job(ctx context.Context, jid string, minions bool) (records.Job, error) {
	f, err := s.job(ctx, jid)
	if err != nil {
		return records.Job{}, err
	}
	j := f.record(s.opts.Master, f.arguments)
	if minions && f.known {
		if j.Minions, err = s.minions(ctx, f.id); err != nil {
			return records.Job{}, s.failure(ctx, err)
		}
	}
	return j, nil
}

// job returns a job, or an [records.ErrNotFound].
func (s *Store) job(ctx context.Context, jid string) (found, error) {
	var f found
	if !isName(jid) {
		return f, records.ErrNotFound
	}
	if err := s.ready(ctx); err != nil {
		return f, err
	}
	q := sqlbuilder.NewSelectBuilder()
	q.Select(append(jobColumns(), "arguments")...).From("jobs").Where(q.Equal("master", s.opts.Master), q.Equal("jid", jid))
	err := s.query(ctx, q, func(rows *sql.Rows) error { return rows.Scan(append(f.fields(), &f.arguments)...) })
	if err == nil && f.jid == "" {
		err = records.ErrNotFound
	}
	return f, s.failure(ctx, err)
}

// minions returns the minions that a job was meant for.
func (s *Store) minions(ctx context.Context, id int64) ([]string, error) {
	q := sqlbuilder.NewSelectBuilder()
	q.Select("minion").From("returns").Where(q.Equal("job", id), q.Equal("meant", 1)).OrderByAsc("minion")
	all := []string{}
	err := s.query(ctx, q, func(rows *sql.Rows) error {
		var m string
		if err := rows.Scan(&m); err != nil {
			return err
		}
		all = append(all, m)
		return nil
	})
	return all, err
}

// chunks yields the elements of a list, n at a time.
func chunks[T any](all []T, n int) iter.Seq[[]T] { return slices.Chunk(all, n) }
