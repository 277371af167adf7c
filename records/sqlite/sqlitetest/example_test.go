package sqlitetest_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/sqlite"
	"github.com/saltern-api/saltern/records/sqlite/sqlitetest"
)

func Example() {
	_ = func(t *testing.T) {
		store := sqlitetest.Open(t, sqlite.Options{})
		_, _ = store.Put(t.Context(), records.Batch{})
	}
}

// Each store is one of its own, with the schema of this program.
func TestOpen(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "records.db")
	first, second := sqlitetest.Open(t, sqlite.Options{File: file}), sqlitetest.Open(t, sqlite.Options{})
	_, err := first.Put(t.Context(), records.Batch{Jobs: []records.Job{{
		JID: "20261129000154248604", User: "ops", Client: "local", Fun: "test.ping", Tgt: "*", TgtType: "glob",
	}}})
	require.NoError(t, err)
	for store, jobs := range map[records.Store]int{first: 1, second: 0} {
		size, err := store.Size(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, jobs, size.Jobs)
	}
	require.FileExists(t, file)
}
