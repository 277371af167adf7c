package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/huandu/go-sqlbuilder"
)

// statement is a statement of writers. Each is for a number of rows, and is
// prepared once for each of the sizes.
type statement int

const (
	findJobs statement = iota
	addJobs
	addMinions
	addReturns
	setCounts
	setTexts
	statements // their number
)

// sizes are the numbers of rows that a statement may be for, the largest first:
// enough that the way to a server is not what takes the time.
func sizes() []int { return []int{64, 32, 16, 8, 4, 2, 1} }

// countColumns and textColumns are the columns of jobs that writers set.
func countColumns() []string {
	return []string{"state", "end_at", "ended", "last_return", "reported", "known", "minions_hash", "expected", "missing", "returned",
		"succeeded", "failed", "bytes", "arrivals"}
}

func textColumns() []string {
	return []string{"usr", "eauth", "client", "fun", "tgt", "tgt_type", "arguments", "search"}
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
			append([]string{"id", "master", "jid"}, textColumns()...)...)
	case addMinions:
		q = insert("returns", n, "ON CONFLICT (job, minion) DO UPDATE SET meant = 1 WHERE returns.meant = 0 RETURNING minion, outcome",
			"job", "minion", "meant")
	case addReturns:
		values := []string{"outcome", "at", "success", "retcode", "size", "coding", "fun", "value", "arrival"}
		q = insert("returns", n, "ON CONFLICT (job, minion) DO UPDATE SET "+excluded(values)+
			" WHERE returns.outcome = 0 RETURNING job, minion, meant", append([]string{"job", "minion"}, values...)...)
	case setCounts:
		q = update(n, countColumns())
	default:
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

// prepareStatements makes the statements of writers.
func (s *Store) prepareStatements(ctx context.Context) error {
	texts, prepared := make(map[key]string), make(map[key]*sql.Stmt)
	for st := range statements {
		for _, n := range sizes() {
			k := key{st, n}
			texts[k] = st.build(s.engine.Flavor, n)
			if !s.engine.Prepare {
				continue
			}
			stmt, err := s.engine.Write.PrepareContext(ctx, texts[k])
			if err != nil {
				for _, stmt := range prepared {
					err = errors.Join(err, stmt.Close())
				}
				return fmt.Errorf("prepare a statement: %w", err)
			}
			prepared[k] = stmt
		}
	}
	s.texts, s.prepared = texts, prepared
	return nil
}

// eachRow runs a statement for all of these rows, in as few steps as there are
// sizes for, and scan for each row that it returns. values returns the values of
// a row; before, those that come before the rows.
func eachRow[T any](ctx context.Context, s *Store, tx *sql.Tx, st statement, all []T, before []any, values func(T) []any,
	scan func(*sql.Rows) error,
) error {
	for _, n := range sizes() {
		for len(all) >= n {
			args := append(make([]any, 0, 16*n), before...)
			for _, row := range all[:n] {
				args = append(args, values(row)...)
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
	stmt := s.prepared[k]
	switch {
	case stmt == nil && scan == nil:
		_, err := tx.ExecContext(ctx, s.texts[k], args...)
		return err
	case stmt == nil:
		rows, err := tx.QueryContext(ctx, s.texts[k], args...)
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
