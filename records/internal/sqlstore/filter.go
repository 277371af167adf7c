package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/huandu/go-sqlbuilder"

	"github.com/saltern-api/saltern/records"
)

// check returns an [*records.InvalidError] for a filter that cannot be used.
func check(f records.Filter) error {
	for _, t := range []struct{ field, text string }{
		{"jid", f.JID}, {"user", f.User}, {"eauth", f.Eauth}, {"client", f.Client}, {"fun", f.Fun}, {"tgt", f.Tgt},
		{"minion", f.Minion}, {"text", f.Text},
	} {
		switch {
		case len(t.text) > records.MaxFilter:
			return &records.InvalidError{Field: t.field, Why: fmt.Sprintf("it is longer than %d bytes", records.MaxFilter)}
		case !isText(t.text):
			return &records.InvalidError{Field: t.field, Why: "it is not text"}
		}
	}
	if err := checkOrigin(f.Origin); err != nil {
		return err
	}
	if f.Text != "" && utf8.RuneCountInString(f.Text) < records.MinText {
		return &records.InvalidError{Field: "text", Why: fmt.Sprintf("it has fewer than %d characters", records.MinText)}
	}
	if star := strings.IndexByte(f.Fun, '*'); star >= 0 && star < len(f.Fun)-1 {
		return &records.InvalidError{Field: "fun", Why: "an asterisk may only be at its end"}
	}
	for _, s := range f.States {
		if !slices.Contains(records.States(), s) {
			return &records.InvalidError{Field: "state", Why: "there is no such state"}
		}
	}
	if !f.From.IsZero() && !f.To.IsZero() && f.To.Before(f.From) {
		return &records.InvalidError{Field: "to", Why: "it is before from"}
	}
	return nil
}

// isText reports whether a text can be compared with one of the database.
func isText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// states returns the numbers of the states of a filter, or nil for all.
func states(f records.Filter) []int {
	var all []int
	for n, s := range records.States() {
		if slices.Contains(f.States, s) {
			all = append(all, n)
		}
	}
	if len(all) == len(records.States()) {
		return nil
	}
	return all
}

// selection is a filter, and what is known of how many jobs it selects.
type selection struct {
	records.Filter
	rareFun bool // few jobs have a function with the beginning that Fun is
}

// fewJobs is how many jobs an index may find that are sorted after that.
const fewJobs = 2000

// selection looks how common the functions of a filter are.
func (s *Store) selection(ctx context.Context, f records.Filter) (selection, error) {
	begin, ok := strings.CutSuffix(f.Fun, "*")
	if !ok || begin == "" {
		return selection{Filter: f}, nil
	}
	some := sqlbuilder.NewSelectBuilder()
	some.Select("1 AS one").From("jobs j").Where(some.Equal("j.master", s.opts.Master))
	between(some, "j.fun", begin)
	some.Limit(fewJobs)
	q := sqlbuilder.NewSelectBuilder()
	q.Select("count(*)").From(q.BuilderAs(some, "matching"))
	n := 0
	err := s.query(ctx, q, func(rows *sql.Rows) error { return rows.Scan(&n) })
	return selection{Filter: f, rareFun: n < fewJobs}, err
}

// between adds the condition that a column begins with a text, in the form that
// an index is used for.
func between(q *sqlbuilder.SelectBuilder, column, begin string) {
	q.Where(q.GreaterEqualThan(column, begin), q.LessThan(column, begin+"\U0010ffff"))
}

// where adds the conditions of a filter, but for that of the states, to a query
// of jobs j. A query with a minion also has its returns r.
func (s *Store) where(q *sqlbuilder.SelectBuilder, f selection) {
	switch {
	case f.Minion != "": // CROSS has SQLite begin with the minion's returns
		q.From("returns r CROSS JOIN jobs j")
		q.Where("j.id = r.job", q.Equal("r.minion", f.Minion))
	case s.engine.Flavor == sqlbuilder.SQLite && f.byText():
		// The trigrams of the text have the jobs in the order of starts.
		q.From("jobs_text x CROSS JOIN jobs j")
		q.Where("j.id = x.rowid", "jobs_text MATCH "+q.Var(phrase(f.Text)))
	default:
		q.From("jobs j")
	}
	q.Where(q.Equal("j.master", s.opts.Master))
	for _, t := range []struct{ column, text string }{
		{"j.usr", f.User}, {"j.eauth", f.Eauth}, {"j.client", f.Client}, {"j.tgt", f.Tgt},
	} {
		if t.text != "" {
			q.Where(q.Equal(t.column, t.text))
		}
	}
	byOrigin(q, f.Origin)
	if begin, ok := strings.CutSuffix(f.Fun, "*"); ok {
		switch {
		case begin == "":
		case f.rareFun:
			between(q, "j.fun", begin)
		default:
			q.Where(beginning(q, "j.fun", begin))
		}
	} else if f.Fun != "" {
		q.Where(q.Equal("j.fun", f.Fun))
	}
	from, to := micros(f.From), micros(f.To)
	if f.JID != "" {
		begin, end, ok := period(f.JID)
		if ok { // the index of starts finds it, whatever else is looked for
			from, to = max(from, begin.UnixMicro()), least(to, end.UnixMicro())
			q.Where(beginning(q, "j.jid", f.JID))
		} else {
			between(q, "j.jid", f.JID)
		}
	}
	id := s.idColumn(f)
	if from != 0 {
		q.Where(q.GreaterEqualThan(id, from))
	}
	if to != 0 {
		q.Where(q.LessThan(id, to))
	}
	if f.Text != "" {
		if s.engine.Flavor == sqlbuilder.PostgreSQL {
			q.Where("j.search LIKE " + q.Var("%"+literal(search(f.Text))+"%"))
		} else {
			q.Where(fmt.Sprintf("instr(j.search, %s) > 0", q.Var(search(f.Text))))
		}
	}
}

// byText reports whether the texts of jobs are compared in the order of their
// starts: other filters would find many jobs whose text is elsewhere.
func (f selection) byText() bool { return f.Text != "" && f.Minion == "" && !f.rareFun }

// literal returns a text as LIKE has it in its patterns.
func literal(text string) string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text)
}

// phrase returns a text as FTS5 has it in its queries.
func phrase(text string) string { return `"` + strings.ReplaceAll(search(text), `"`, `""`) + `"` }

// idColumn is the column with the ids of the jobs in whose order a filter is
// looked up: those of a minion have an index of their own.
func (s *Store) idColumn(f selection) string {
	switch {
	case f.Minion != "":
		return "r.job"
	case s.engine.Flavor == sqlbuilder.SQLite && f.byText():
		return "x.rowid"
	}
	return "j.id"
}

// beginning is the condition that a column begins with a text. It is one that
// an index is not used for: common beginnings are found soon by the order, and
// sorting all that an index finds takes longer.
func beginning(q *sqlbuilder.SelectBuilder, column, text string) string {
	return fmt.Sprintf("substr(%s, 1, %s) = %s", column, q.Var(utf8.RuneCountInString(text)), q.Var(text))
}

// period returns the time of all jids of Salt's form with this beginning, which
// is a year at least.
func period(begin string) (from, to time.Time, ok bool) {
	for _, unit := range []struct {
		length int
		layout string
		next   func(time.Time) time.Time
	}{
		{14, "20060102150405", func(t time.Time) time.Time { return t.Add(time.Second) }},
		{12, "200601021504", func(t time.Time) time.Time { return t.Add(time.Minute) }},
		{10, "2006010215", func(t time.Time) time.Time { return t.Add(time.Hour) }},
		{8, "20060102", func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
		{6, "200601", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
		{4, "2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
	} {
		if len(begin) < unit.length {
			continue
		}
		t, err := time.Parse(unit.layout, begin[:unit.length])
		if err != nil || t.Year() < 1970 {
			return from, to, false
		}
		// A job that started in the same microsecond as another has a later id.
		return t, unit.next(t).Add(time.Second), true
	}
	return from, to, false
}

// least returns the smaller one of two bounds, of which 0 is none.
func least(a, b int64) int64 {
	if a == 0 {
		return b
	}
	return min(a, b)
}
