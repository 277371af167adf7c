package sqlite_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/internal/killtest"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/recordstest"
	"github.com/saltern-api/saltern/records/sqlite"
)

// childEnv is the environment variable with the file for the child of
// TestKilled.
const childEnv = "SALTERN_TEST_RECORDS"

func TestMain(m *testing.M) {
	if file := os.Getenv(childEnv); file != "" {
		_ = recordstest.Workload(context.Background(), open(file, ""), os.Stdout)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

func open(file, master string) records.Store {
	return sqlite.Open(sqlite.Options{File: file, Master: master})
}

func TestStore(t *testing.T) {
	t.Parallel()
	template := filepath.Join(t.TempDir(), "records.db")
	s := open(template, "")
	require.NoError(t, s.Ping(t.Context()))
	require.NoError(t, s.Close())
	content, err := os.ReadFile(template)
	require.NoError(t, err)
	newFile := func(t *testing.T, content []byte) recordstest.Open {
		t.Helper()
		file := filepath.Join(t.TempDir(), "records? 100%.db")
		if content != nil {
			require.NoError(t, os.WriteFile(file, content, 0o600))
		}
		return func(_ testing.TB, master string) records.Store { return open(file, master) }
	}
	recordstest.Run(t,
		func(t *testing.T) recordstest.Open { return newFile(t, nil) },
		func(t *testing.T) recordstest.Open { return newFile(t, content) })
}

func TestKilled(t *testing.T) {
	t.Parallel()
	for range 2 {
		file := filepath.Join(t.TempDir(), "records.db")
		cmd, out := killtest.Child(t, childEnv+"="+file)
		done := killtest.Read(t, out, 20, 120, func() { require.NoError(t, cmd.Process.Kill()) })
		require.Error(t, cmd.Wait())

		s := open(file, "")
		recordstest.RequireDone(t, s, done)
		require.NoError(t, s.Close())
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "records.db")
	require.NoError(t, os.WriteFile(file, nil, 0o644)) // as from a backup
	s := open(file, "")
	require.NoError(t, s.Ping(t.Context()))
	_, err := s.Put(t.Context(), records.Batch{Jobs: []records.Job{{JID: "20261122133409055051"}}})
	require.NoError(t, err)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 4)
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode(), e.Name())
	}
	require.NoError(t, s.Close())
}

func TestUnavailable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	noFile := filepath.Join(dir, "not a database")
	require.NoError(t, os.WriteFile(noFile, []byte("something else, and long enough to be seen as such by SQLite: 100 bytes of it are a header at the least"), 0o600))
	for name, file := range map[string]string{"no folder": filepath.Join(dir, "none", "records.db"), "no database": noFile, "a folder": dir} {
		s := open(file, "")
		require.ErrorIs(t, s.Ping(t.Context()), records.ErrUnavailable, name)
		_, err := s.Put(t.Context(), records.Batch{Jobs: []records.Job{{JID: "20261122133409055051"}}})
		require.ErrorIs(t, err, records.ErrUnavailable, name)
		_, err = s.Job(t.Context(), "20261122133409055051", false)
		require.ErrorIs(t, err, records.ErrUnavailable, name)
		require.NoError(t, s.Close())
	}
}

func BenchmarkStore(b *testing.B) {
	s := open(filepath.Join(b.TempDir(), "records.db"), "")
	recordstest.Bench(b, s)
	require.NoError(b, s.Close())
}

// A user cannot fill the database with what is saved.
func TestTooManySaved(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "records.db")
	s := open(file, "")
	defer func() { require.NoError(t, s.Close()) }()
	require.NoError(t, s.Ping(t.Context()))
	db, err := sql.Open("sqlite", file)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "+
		"INSERT INTO saved (master, kind, id, version, usr, eauth, changed, body) SELECT '', 1, i, 1, 'ops', 'pam', 1, '{}' FROM n", records.MaxSavedOfUser))
	require.NoError(t, err)
	require.NoError(t, db.Close())
	one := records.Saved{Kind: records.SavedJob, ID: "one more", User: "ops", Eauth: "pam", Body: json.RawMessage("{}")}
	_, err = s.PutSaved(t.Context(), one)
	require.ErrorIs(t, err, records.ErrTooManySaved)
	one.User = "dev"
	_, err = s.PutSaved(t.Context(), one)
	require.NoError(t, err)
}

// All users together do not fill it with values, and a value that is there may change.
func TestTooManyValues(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "records.db")
	s := open(file, "")
	defer func() { require.NoError(t, s.Close()) }()
	ctx, ops := t.Context(), records.ValueOwner{User: "ops", Eauth: "pam"}
	put := func(key string) error { return s.PutValue(ctx, ops, key, json.RawMessage("1")) }
	require.NoError(t, s.Ping(ctx))
	fill := func(from, to int) {
		db, err := sql.Open("sqlite", file)
		require.NoError(t, err)
		_, err = db.ExecContext(ctx, fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d) "+
			"INSERT INTO vals (master, eauth, usr, key, value) SELECT '', 'pam', i / 500, i, '1' FROM n", from, to))
		require.NoError(t, err)
		require.NoError(t, db.Close())
	}
	const room = 8
	fill(1, records.MaxValues-room)
	require.NoError(t, put("a"))
	fill(records.MaxValues-room+1, records.MaxValues-2) // by another gateway
	require.NoError(t, put("b"))
	require.ErrorIs(t, put("c"), records.ErrTooManyValues)
	require.ErrorIs(t, put("c"), records.ErrTooManyValues)
	require.NoError(t, put("b"), "it is there")
	for _, key := range []string{"a", "b"} {
		ok, err := s.DeleteValue(ctx, ops, key)
		require.NoError(t, err)
		require.True(t, ok)
	}
	require.NoError(t, put("c"))
}
