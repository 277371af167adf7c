package boltfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOnlyTheOwnerCanRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	bucket := []byte("things")
	for _, mode := range []os.FileMode{0, 0o600, 0o644} {
		if mode != 0 {
			require.NoError(t, os.Chmod(path, mode))
		}
		db, err := Open("store", path, Wait, bucket)
		require.NoError(t, err)
		require.NoError(t, db.View(func(tx *bbolt.Tx) error {
			require.NotNil(t, tx.Bucket(bucket))
			return nil
		}))
		require.NoError(t, db.Close())
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode())
	}
}

func TestAFileThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	junk := filepath.Join(dir, "junk.db")
	require.NoError(t, os.WriteFile(junk, make([]byte, 100_000), 0o600))
	used := filepath.Join(dir, "used.db")
	db, err := Open("store", used, Wait)
	require.NoError(t, err)
	defer db.Close() //nolint:errcheck // the test is over
	for name, path := range map[string]string{
		"no folder":      filepath.Join(dir, "none", "store.db"),
		"a folder":       dir,
		"not a database": junk,
		"in use":         used,
	} {
		_, err := Open("store", path, time.Millisecond)
		require.ErrorContains(t, err, "store "+path+": ", name)
		require.Equal(t, 1, strings.Count(err.Error(), path), name)
		if path == used {
			require.ErrorIs(t, err, ErrInUse)
		}
	}
}
