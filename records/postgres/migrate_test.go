package postgres_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/postgres/pgtest"
	"github.com/saltern-api/saltern/records/recordstest"
)

var dumpSchema = flag.Bool("dump", false, "write a dump of the newest schema to testdata, for a release that has it")

// testMigrate opens the databases of all released schemas.
func testMigrate(t *testing.T, server *pgtest.Server) {
	versions, err := filepath.Glob("migrations/*.sql")
	require.NoError(t, err)
	if *dumpSchema {
		url := server.Database(t)
		s := open(t, url, "")
		recordstest.Fill(t, s)
		require.NoError(t, s.Close())
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(fmt.Sprintf("testdata/schema-%d.sql", len(versions)), server.Dump(t, url), 0o644))
	}
	empty := open(t, server.Database(t), "")
	want := recordstest.Filled(t, empty)
	require.NoError(t, empty.Close())
	for n := range versions {
		t.Run(fmt.Sprint("schema ", n+1), func(t *testing.T) {
			text, err := os.ReadFile(fmt.Sprintf("testdata/schema-%d.sql", n+1))
			require.NoError(t, err)
			url := server.Database(t)
			server.Exec(t, url, string(text))
			s := open(t, url, "")
			recordstest.RequireFilled(t, s, want)
			require.NoError(t, s.Close())
		})
	}
}

// The database of a newer Saltern is not touched.
func testNewerSchema(t *testing.T, server *pgtest.Server) {
	url := server.Database(t)
	s := open(t, url, "")
	require.NoError(t, s.Ping(t.Context()))
	require.NoError(t, s.Close())
	server.Exec(t, url, "INSERT INTO records_schema (version_id, is_applied) VALUES (1000, true)")
	s = open(t, url, "")
	err := s.Ping(t.Context())
	require.ErrorIs(t, err, records.ErrUnavailable)
	require.ErrorContains(t, err, "newer Saltern")
	require.NoError(t, s.Close())
}

// What was saved before there was a column for the roles of access lists has them.
func TestMigrateReaders(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	text, err := os.ReadFile("testdata/schema-6.sql")
	require.NoError(t, err)
	url := server.Database(t)
	server.Exec(t, url, string(text)+recordstest.SharedBefore)
	s := open(t, url, "")
	recordstest.RequireShared(t, s)
	require.NoError(t, s.Close())
}
