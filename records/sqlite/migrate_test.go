package sqlite_test

import (
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/recordstest"
)

var dumpSchema = flag.Bool("dump", false, "write a dump of the newest schema to testdata, for a release that has it")

// TestMigrate opens the databases of all released schemas.
func TestMigrate(t *testing.T) {
	t.Parallel()
	versions, err := filepath.Glob("migrations/*.sql")
	require.NoError(t, err)
	if *dumpSchema {
		writeDump(t, fmt.Sprintf("testdata/schema-%d.sql", len(versions)))
	}
	empty := open(filepath.Join(t.TempDir(), "empty.db"), "")
	want := recordstest.Filled(t, empty)
	require.NoError(t, empty.Close())
	for n := range versions {
		t.Run(fmt.Sprint("schema ", n+1), func(t *testing.T) {
			text, err := os.ReadFile(fmt.Sprintf("testdata/schema-%d.sql", n+1))
			require.NoError(t, err)
			file := filepath.Join(t.TempDir(), "records.db")
			db, err := sql.Open("sqlite", file)
			require.NoError(t, err)
			_, err = db.ExecContext(t.Context(), "BEGIN; "+string(text)+" COMMIT;")
			require.NoError(t, err)
			require.NoError(t, db.Close())
			s := open(file, "")
			recordstest.RequireFilled(t, s, want)
			require.NoError(t, s.Close())
		})
	}
}

// The database of a newer Saltern is not touched.
func TestNewerSchema(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "records.db")
	s := open(file, "")
	require.NoError(t, s.Ping(t.Context()))
	require.NoError(t, s.Close())
	db, err := sql.Open("sqlite", file)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "INSERT INTO records_schema (version_id, is_applied) VALUES (1000, 1)")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	s = open(file, "")
	err = s.Ping(t.Context())
	require.ErrorIs(t, err, records.ErrUnavailable)
	require.ErrorContains(t, err, "newer Saltern")
	require.NoError(t, s.Close())
}

// writeDump writes a filled database as SQL.
func writeDump(t *testing.T, name string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "records.db")
	s := open(file, "")
	recordstest.Fill(t, s)
	require.NoError(t, s.Close())
	db, err := sql.Open("sqlite", file)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	lines := func(query string) (all []string) {
		rows, err := db.QueryContext(t.Context(), query)
		require.NoError(t, err)
		defer func() { require.NoError(t, rows.Close()) }()
		for rows.Next() {
			var line string
			require.NoError(t, rows.Scan(&line))
			all = append(all, line)
		}
		require.NoError(t, rows.Err())
		return all
	}
	text := lines("SELECT sql || ';' FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'jobs_text_%' ORDER BY rowid")
	for _, table := range []string{"records_schema", "jobs", "returns", "callbacks", "saved", "schedules", "runs", "vals"} {
		columns := strings.Join(lines("SELECT 'quote(' || name || ')' FROM pragma_table_info('"+table+"')"), "||','||")
		text = append(text, lines("SELECT 'INSERT INTO "+table+" VALUES('||"+columns+"||');' FROM "+table)...)
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(t, os.WriteFile(name, []byte(strings.Join(text, "\n")+"\n"), 0o644))
}

// What was saved before there was a column for the roles of access lists has them.
func TestMigrateReaders(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/schema-5.sql")
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "records.db")
	db, err := sql.Open("sqlite", file)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "BEGIN; "+string(text)+recordstest.SharedBefore+" COMMIT;")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	s := open(file, "")
	recordstest.RequireShared(t, s)
	require.NoError(t, s.Close())
}
