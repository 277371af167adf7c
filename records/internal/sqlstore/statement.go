package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/huandu/go-sqlbuilder"
)

// statement is a statement of writers. Each is for a number of rows, which is one
// of the sizes.
type statement int

const (
	findJobs statement = iota
	addJobs
	addRows
	addMinions
	addReturns
	setCounts
	setTexts
)

// sizes are the numbers of rows that a statement may be for, the largest first.
// With a server, it is the way to it that takes the time. In this process there is
// none, and a prepared statement is the larger the more rows it is for.
func (e Engine) sizes() []int {
	if e.Prepare {
		return []int{16, 4, 1}
	}
	return []int{64, 32, 16, 8, 4, 2, 1}
}

// countColumns and textColumns are the columns of jobs that writers set.
func countColumns() []string {
	return []string{"state", "end_at", "ended", "last_return", "reported", "known", "minions_hash", "expected", "missing", "returned",
		"succeeded", "failed", "bytes", "arrivals"}
}

func textColumns() []string {
	return append([]string{"usr", "eauth", "client", "fun", "tgt", "tgt_type", "arguments", "search"}, originColumns()...)
}

// valueColumns are the columns of what a minion returned.
func valueColumns() []string {
	return []string{"outcome", "at", "success", "retcode", "size", "coding", "fun", "value", "arrival"}
}

// build returns the text of a statement for n rows.
func (st statement) build(flavor sqlbuilder.Flavor, n int) string {
	var q sqlbuilder.Builder
	switch st {
	case findJobs:
		s := sqlbuilder.NewSelectBuilder()
		s.Select(append(jobColumns(), "last_return", "ended", "reported", "minions_hash", "missing", "bytes",
			"arrivals", "arguments")...).From("jobs").Where(s.Equal("master", ""), s.In("jid", make([]any, n)...)).OrderByAsc("jid")
		if flavor == sqlbuilder.PostgreSQL {
			s.ForUpdate() // of SQLite's writers there is one
		}
		q = s
	case addJobs:
		// Of the rows that are returned, this transaction added each. Another one may
		// have added the rest after they were looked for.
		q = insert("jobs", n, "ON CONFLICT DO NOTHING RETURNING id, jid",
			slices.Concat([]string{"id", "master", "jid"}, textColumns(), countColumns())...)
	case addRows:
		q = insert("returns", n, "ON CONFLICT DO NOTHING", append([]string{"job", "minion", "meant"}, valueColumns()...)...)
	case addMinions:
		q = insert("returns", n, "ON CONFLICT (job, minion) DO UPDATE SET meant = 1 WHERE returns.meant = 0 RETURNING job, minion, outcome",
			"job", "minion", "meant")
	case addReturns:
		q = insert("returns", n, "ON CONFLICT (job, minion) DO UPDATE SET "+excluded(valueColumns())+
			" WHERE returns.outcome = 0 RETURNING job, minion, meant", append([]string{"job", "minion"}, valueColumns()...)...)
	case setCounts:
		q = update(n, countColumns())
	default: // setTexts
		q = update(n, textColumns())
	}
	text, _ := q.BuildWithFlavor(flavor)
	return text
}

// insert returns a statement that adds n rows.
func insert(table string, n int, then string, columns ...string) sqlbuilder.Builder {
	q := sqlbuilder.InsertInto(table).Cols(columns...)
	for range n {
		q.Values(make([]any, len(columns))...)
	}
	return q.SQL(then)
}

// update returns a statement that sets columns of n jobs that there are.
func update(n int, columns []string) sqlbuilder.Builder {
	return insert("jobs", n, "ON CONFLICT (id) DO UPDATE SET "+excluded(columns), append([]string{"id", "master", "jid"}, columns...)...)
}

// excluded sets columns to the values that were to be added.
func excluded(columns []string) string {
	set := make([]string, len(columns))
	for i, c := range columns {
		set[i] = c + " = excluded." + c
	}
	return strings.Join(set, ", ")
}

// key is a statement for a number of rows.
type key struct {
	statement statement
	rows      int
}

// statements are the statements of writers.
type statements struct {
	flavor sqlbuilder.Flavor

	mu       sync.Mutex
	texts    map[key]string    // those that were used, since to build one for many rows takes long
	prepared map[key]*sql.Stmt // those that were used
	wanted   map[key]bool      // used, and not prepared yet
}

func newStatements(e Engine) *statements {
	return &statements{flavor: e.Flavor, texts: make(map[key]string), prepared: make(map[key]*sql.Stmt), wanted: make(map[key]bool)}
}

// text returns a statement's text.
func (s *statements) text(k key) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, ok := s.texts[k]
	if !ok {
		text = k.statement.build(s.flavor, k.rows)
		s.texts[k] = text
	}
	return text
}

// find returns a statement if it is prepared. Otherwise it is noted for prepare.
func (s *statements) find(k key) *sql.Stmt {
	s.mu.Lock()
	defer s.mu.Unlock()
	stmt := s.prepared[k]
	if stmt == nil {
		s.wanted[k] = true
	}
	return stmt
}

// prepare prepares the statements that were used, so that a store that was only
// opened has none. It needs the connection that a transaction holds, and is called
// after that. A statement that cannot be prepared is run as it is.
func (s *statements) prepare(ctx context.Context, db *sql.DB) {
	s.mu.Lock()
	wanted := slices.Collect(maps.Keys(s.wanted))
	clear(s.wanted)
	s.mu.Unlock() // whoever has the connection may be waiting in find
	for _, k := range wanted {
		stmt, err := db.PrepareContext(ctx, s.text(k))
		if err != nil {
			return
		}
		s.mu.Lock()
		old := s.prepared[k]
		s.prepared[k] = stmt
		s.mu.Unlock()
		if old != nil { // another one was quicker; those who use it close it
			_ = old.Close()
		}
	}
}

func (s *statements) close() (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, stmt := range s.prepared {
		err = errors.Join(err, stmt.Close())
	}
	return err
}

// eachRow runs a statement for all of these rows, in as few steps as there are
// sizes for, and scan for each row that it returns. values appends the values of
// a row to those of others; before are those that come before the rows.
func eachRow[T any](ctx context.Context, s *Store, tx *sql.Tx, st statement, all []T, before []any, values func(row T, args []any) []any,
	scan func(*sql.Rows) error,
) error {
	var args []any
	for _, n := range s.engine.sizes() {
		for len(all) >= n {
			args = append(args[:0], before...)
			for _, row := range all[:n] {
				args = values(row, args)
			}
			all = all[n:]
			if err := s.run(ctx, tx, key{st, n}, args, scan); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) run(ctx context.Context, tx *sql.Tx, k key, args []any, scan func(*sql.Rows) error) error {
	var stmt *sql.Stmt
	if s.engine.Prepare {
		stmt = s.statements.find(k)
	}
	switch {
	case stmt == nil && scan == nil:
		_, err := tx.ExecContext(ctx, s.statements.text(k), args...)
		return err
	case stmt == nil:
		rows, err := tx.QueryContext(ctx, s.statements.text(k), args...)
		return scanAll(rows, err, scan)
	case scan == nil:
		_, err := tx.StmtContext(ctx, stmt).ExecContext(ctx, args...)
		return err
	}
	rows, err := tx.StmtContext(ctx, stmt).QueryContext(ctx, args...)
	return scanAll(rows, err, scan)
}

// scanAll runs scan for each row of a query.
func scanAll(rows *sql.Rows, err error, scan func(*sql.Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err has the errors of reading
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
