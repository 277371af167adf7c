package sqlitetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/sqlite"
)

// Open returns an empty store, which is closed at the end of the test. Its file, if the
// options have none, is in a folder of the test. The file has the schema already: making
// that takes longer than most tests.
func Open(t testing.TB, o sqlite.Options) records.Store {
	t.Helper()
	if o.File == "" {
		o.File = filepath.Join(t.TempDir(), "records.db")
	}
	content, err := empty()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(o.File, content, 0o600))
	s := sqlite.Open(o)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// empty returns the content of a file with the schema.
var empty = sync.OnceValues(func() (content []byte, err error) {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "records.db")
	s := sqlite.Open(sqlite.Options{File: file})
	if err := errors.Join(s.Ping(context.Background()), s.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})
