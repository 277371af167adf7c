package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/huandu/go-sqlbuilder"

	"github.com/saltern-api/saltern/records"
)

// savedColumns are the columns of [saved.fields].
func savedColumns() []string {
	return []string{"kind", "id", "version", "usr", "eauth", "readers", "name", "descr", "cmd", "fun", "tgt", "changed", "body"}
}

// saved is a row of the table of this name.
type saved struct {
	records.Saved
	readers string
	changed int64
	body    string
}

func (r *saved) fields() []any {
	return []any{&r.Kind, &r.ID, &r.Version, &r.User, &r.Eauth, &r.readers, &r.Name, &r.Desc, &r.Cmd, &r.Fun, &r.Tgt, &r.changed, &r.body}
}

func (r *saved) record() records.Saved {
	s := r.Saved
	s.Changed, s.Body = timeOf(r.changed), json.RawMessage(r.body)
	if r.readers != "" {
		s.Readers = strings.Split(strings.Trim(r.readers, line), line)
	}
	return s
}

// line is before and after each role in the column readers.
const line = "\n"

// readersOf returns the column of some roles.
func readersOf(roles []string) string {
	var b strings.Builder
	for _, name := range roles {
		if name != "" && isText(name) && !strings.Contains(name, line) {
			b.WriteString(line + name)
		}
	}
	if b.Len() > 0 {
		b.WriteString(line)
	}
	return b.String()
}

// checkSaved returns an error for what cannot be kept.
func checkSaved(s records.Saved) error {
	invalid := func(field, why string) error { return &records.InvalidError{Field: field, Why: why} }
	if s.Kind != records.SavedJob && s.Kind != records.SavedTarget {
		return invalid("kind", "there is no such kind")
	}
	for field, text := range map[string]string{"id": s.ID, "user": s.User, "eauth": s.Eauth} {
		if !isName(text) {
			return invalid(field, "it cannot be kept")
		}
	}
	for field, text := range map[string]string{"name": s.Name, "cmd": s.Cmd, "fun": s.Fun, "tgt": s.Tgt} {
		if !isText(text) || len(text) > records.MaxSavedName {
			return invalid(field, "it is too long, or no text")
		}
	}
	switch {
	case !isText(s.Desc) || len(s.Desc) > records.MaxSavedDesc:
		return invalid("desc", "it is too long, or no text")
	case !json.Valid(s.Body) || !isText(string(s.Body)) || strings.Contains(string(s.Body), `\u0000`) || len(s.Body) > records.MaxSavedBody:
		return invalid("body", "it is too large, or cannot be kept")
	}
	return nil
}

// PutSaved implements [records.Library].
func (s *Store) PutSaved(ctx context.Context, r records.Saved) (records.Saved, error) {
	if err := checkSaved(r); err != nil {
		return records.Saved{}, err
	}
	r.Changed = timeOf(micros(time.Now()))
	readers := readersOf(r.Readers)
	version := r.Version + 1
	if r.Version == 0 {
		version = micros(r.Changed) // so that it has none of an earlier object with this id
	}
	values := []any{
		r.Kind, r.ID, version, r.User, r.Eauth, readers, r.Name, r.Desc, r.Cmd, r.Fun, r.Tgt, micros(r.Changed), string(r.Body),
	}
	var q sqlbuilder.Builder
	if r.Version == 0 {
		q = sqlbuilder.InsertInto("saved").Cols(append([]string{"master"}, savedColumns()...)...).
			Values(append([]any{s.opts.Master}, values...)...).SQL("ON CONFLICT DO NOTHING")
	} else {
		u := sqlbuilder.NewUpdateBuilder()
		u.Update("saved")
		var set []string
		for i, column := range savedColumns() {
			set = append(set, u.Assign(column, values[i]))
		}
		u.Set(set...).Where(u.Equal("master", s.opts.Master), u.Equal("kind", r.Kind), u.Equal("id", r.ID), u.Equal("version", r.Version))
		q = u
	}
	var tooMany error
	err := s.change(ctx, func(ctx context.Context, tx *sql.Tx) error {
		tooMany = nil
		if r.Version == 0 {
			for _, most := range []struct {
				n   int
				own bool
			}{{records.MaxSaved, false}, {records.MaxSavedOfUser, true}} {
				n, err := s.countSaved(ctx, tx, r, most.own)
				if err != nil {
					return err
				}
				if n >= most.n {
					tooMany = records.ErrTooManySaved
					return nil
				}
			}
		}
		n, err := s.exec(ctx, tx, q)
		if err == nil && n == 0 {
			return records.ErrConflict
		}
		return err
	})
	if err = errors.Join(err, tooMany); err != nil {
		return records.Saved{}, err
	}
	r.Version = version
	return r, nil
}

// countSaved counts what is saved of a kind, or what an owner has of it.
func (s *Store) countSaved(ctx context.Context, tx *sql.Tx, r records.Saved, own bool) (n int, err error) {
	q := sqlbuilder.NewSelectBuilder()
	q.Select("count(*)").From("saved").Where(q.Equal("master", s.opts.Master), q.Equal("kind", r.Kind))
	if own {
		q.Where(q.Equal("usr", r.User), q.Equal("eauth", r.Eauth))
	}
	text, args := q.BuildWithFlavor(s.engine.Flavor)
	err = tx.QueryRowContext(ctx, text, args...).Scan(&n)
	return n, err
}

// Saved implements [records.Library].
func (s *Store) Saved(ctx context.Context, kind records.SavedKind, id string) (records.Saved, error) {
	if !isName(id) {
		return records.Saved{}, records.ErrNotFound
	}
	if err := s.ready(ctx); err != nil {
		return records.Saved{}, err
	}
	q := sqlbuilder.NewSelectBuilder()
	q.Select(savedColumns()...).From("saved").Where(q.Equal("master", s.opts.Master), q.Equal("kind", kind), q.Equal("id", id))
	var r saved
	err := s.query(ctx, q, func(rows *sql.Rows) error { return rows.Scan(r.fields()...) })
	if err == nil && r.ID == "" {
		err = records.ErrNotFound
	}
	if err != nil {
		return records.Saved{}, s.failure(ctx, err)
	}
	return r.record(), nil
}

// DeleteSaved implements [records.Library].
func (s *Store) DeleteSaved(ctx context.Context, kind records.SavedKind, id string) error {
	if !isName(id) {
		return records.ErrNotFound
	}
	q := sqlbuilder.NewDeleteBuilder()
	q.DeleteFrom("saved").Where(q.Equal("master", s.opts.Master), q.Equal("kind", kind), q.Equal("id", id))
	return s.change(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if kind == records.SavedTarget {
			jobs := sqlbuilder.NewUpdateBuilder()
			jobs.Update("saved").Set(jobs.Assign("tgt", ""), jobs.Incr("version")).
				Where(jobs.Equal("master", s.opts.Master), jobs.Equal("kind", records.SavedJob), jobs.Equal("tgt", id))
			if _, err := s.exec(ctx, tx, jobs); err != nil {
				return err
			}
		}
		n, err := s.exec(ctx, tx, q)
		if err == nil && n == 0 {
			return records.ErrNotFound
		}
		return err
	})
}

// savedSorts are the columns of the orders.
var savedSorts = map[records.SavedSort]string{
	"": "name", records.SavedByName: "name", records.SavedByDesc: "descr", records.SavedByCmd: "cmd", records.SavedByFun: "fun",
}

// FindSaved implements [records.Library].
func (s *Store) FindSaved(ctx context.Context, query records.SavedQuery) (page records.SavedPage, err error) {
	for field, text := range map[string]string{
		"id": query.ID, "user": query.User, "eauth": query.Eauth, "name": query.NameIs + query.Name, "desc": query.Desc,
		"cmd": query.Cmd, "fun": query.Fun, "tgt": query.Tgt,
	} {
		if !isText(text) || len(text) > records.MaxFilter {
			return page, &records.InvalidError{Field: field, Why: "it is too long, or no text"}
		}
	}
	if len(query.Readers) > records.MaxReaders {
		return page, &records.InvalidError{Field: "readers", Why: fmt.Sprintf("there are more than %d roles", records.MaxReaders)}
	}
	column, ok := savedSorts[query.SortBy]
	if !ok {
		return page, &records.InvalidError{Field: "sort", Why: "there is no such order"}
	}
	if err := s.ready(ctx); err != nil {
		return page, err
	}
	count := sqlbuilder.NewSelectBuilder()
	count.Select("count(*)").From("saved").Where(s.savedConditions(&count.Cond, query)...)
	if err := s.query(ctx, count, func(rows *sql.Rows) error { return rows.Scan(&page.Total) }); err != nil {
		return records.SavedPage{}, s.failure(ctx, err)
	}
	q := sqlbuilder.NewSelectBuilder()
	q.Select(savedColumns()...).From("saved").Where(s.savedConditions(&q.Cond, query)...)
	if query.Reverse {
		q.OrderByDesc(column).OrderByDesc("id")
	} else {
		q.OrderByAsc(column).OrderByAsc("id")
	}
	q.Limit(records.PageSize(query.Limit)).Offset(max(0, query.Offset))
	err = s.query(ctx, q, func(rows *sql.Rows) error {
		var r saved
		if err := rows.Scan(r.fields()...); err != nil {
			return err
		}
		page.Saved = append(page.Saved, r.record())
		return nil
	})
	if err != nil {
		return records.SavedPage{}, s.failure(ctx, err)
	}
	return page, nil
}

// exportSaved puts what is saved, in the order of the kinds and ids.
func (s *Store) exportSaved(ctx context.Context, put func(records.Entry) error) error {
	for kind, after := records.SavedJob, ""; ; {
		q := sqlbuilder.NewSelectBuilder()
		q.Select(savedColumns()...).From("saved").
			Where(q.Equal("master", s.opts.Master), q.Equal("kind", kind), q.GreaterThan("id", after)).OrderByAsc("id").Limit(records.DefaultLimit)
		var page []records.Saved
		err := s.query(ctx, q, func(rows *sql.Rows) error {
			var r saved
			if err := rows.Scan(r.fields()...); err != nil {
				return err
			}
			page = append(page, r.record())
			return nil
		})
		if err != nil {
			return err
		}
		for _, r := range page {
			if err := put(records.Entry{Saved: &r}); err != nil {
				return err
			}
			after = r.ID
		}
		switch {
		case len(page) == records.DefaultLimit:
		case kind == records.SavedTarget:
			return nil
		default:
			kind, after = records.SavedTarget, ""
		}
	}
}

// savedConditions returns the conditions of a query.
func (s *Store) savedConditions(is *sqlbuilder.Cond, q records.SavedQuery) []string {
	all := []string{is.Equal("master", s.opts.Master), is.Equal("kind", q.Kind)}
	contains := "instr"
	if s.engine.Flavor == sqlbuilder.PostgreSQL {
		contains = "strpos"
	}
	var seen []string
	if q.User != "" {
		seen = append(seen, is.And(is.Equal("usr", q.User), is.Equal("eauth", q.Eauth)))
	}
	for _, name := range q.Readers {
		if isText(name) && name != "" {
			seen = append(seen, contains+"(readers, "+is.Var(line+name+line)+") > 0")
		}
	}
	switch {
	case len(seen) > 0:
		all = append(all, is.Or(seen...))
	case len(q.Readers) > 0:
		all = append(all, "1 = 0") // nothing has such a role
	}
	for column, text := range map[string]string{"id": q.ID, "name": q.NameIs, "cmd": q.Cmd} {
		if text != "" {
			all = append(all, is.Equal(column, text))
		}
	}
	if q.Tgt != "" {
		tgt := is.Equal("tgt", q.Tgt)
		if q.OrNoTgt {
			tgt = is.Or(tgt, is.Equal("tgt", ""))
		}
		all = append(all, tgt)
	}
	for column, text := range map[string]string{"name": q.Name, "descr": q.Desc, "fun": q.Fun} {
		if text != "" {
			all = append(all, "lower("+column+") LIKE "+is.Var("%"+likeEscaper.Replace(asciiLower(text))+"%")+` ESCAPE '!'`)
		}
	}
	return all
}

// likeEscaper escapes what has a meaning in a pattern of LIKE.
var likeEscaper = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// asciiLower returns a text with the ASCII letters small.
func asciiLower(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}
