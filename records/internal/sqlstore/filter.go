package sqlstore

import (
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
	if f.Text != "" && len(f.Text) < records.MinText {
		return &records.InvalidError{Field: "text", Why: fmt.Sprintf("it has fewer than %d bytes", records.MinText)}
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

// where adds the conditions of a filter, but for that of the states, to a query
// of jobs j. A query with a minion also has its returns r.
func (s *Store) where(q *sqlbuilder.SelectBuilder, f records.Filter) {
	q.From("jobs j")
	if f.Minion != "" {
		q.From("returns r", "jobs j")
		q.Where("j.id = r.job", q.Equal("r.minion", f.Minion))
	}
	q.Where(q.Equal("j.master", s.opts.Master))
	for _, t := range []struct{ column, text string }{
		{"j.usr", f.User}, {"j.eauth", f.Eauth}, {"j.client", f.Client}, {"j.tgt", f.Tgt},
	} {
		if t.text != "" {
			q.Where(q.Equal(t.column, t.text))
		}
	}
	if begin, ok := strings.CutSuffix(f.Fun, "*"); ok {
		if begin != "" {
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
			q.Where(q.GreaterEqualThan("j.jid", f.JID), q.LessThan("j.jid", f.JID+"\U0010ffff"))
		}
	}
	id := idColumn(f)
	if from != 0 {
		q.Where(q.GreaterEqualThan(id, from))
	}
	if to != 0 {
		q.Where(q.LessThan(id, to))
	}
	if f.Text != "" {
		text := q.Var(strings.ToLower(f.Text))
		position := "instr"
		if s.engine.Flavor == sqlbuilder.PostgreSQL {
			position = "strpos"
		}
		var any []string
		for _, column := range []string{"j.fun", "j.tgt", "j.usr", "j.arguments"} {
			any = append(any, fmt.Sprintf("%s(lower(%s), %s) > 0", position, column, text))
		}
		q.Where(q.Or(any...))
	}
}

// idColumn is the column with the ids of the jobs in whose order a filter is
// looked up: those of a minion have an index of their own.
func idColumn(f records.Filter) string {
	if f.Minion != "" {
		return "r.job"
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
