package tokenstore

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRemoveHashed(t *testing.T) {
	t.Parallel()
	for _, layout := range layouts {
		s := Store{Dir: t.TempDir(), Layout: layout, HashType: "sha256"}
		require.NoError(t, os.Mkdir(filepath.Join(s.Dir, "folder"), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(s.Dir, ".saltern-1.tmp"), nil, 0o600))
		var tokens []string
		const files = 1500 // more than are listed at once
		for i := range files {
			r := Record{Token: fmt.Sprintf("%064x", i), User: "u", Eauth: "pam", Expire: time.Now()}
			if i%150 == 0 {
				tokens = append(tokens, r.Token)
			}
			require.NoError(t, os.WriteFile(s.path(r.Token), encode(r, layout), 0o600))
		}
		for _, token := range tokens {
			require.NoError(t, s.RemoveHashed(sha256.Sum256([]byte(token))))
			_, err := s.Read(token)
			require.ErrorIs(t, err, ErrNotFound)
		}
		require.NoError(t, s.RemoveHashed(sha256.Sum256([]byte(tokens[0]))), "one that is gone is fine")
		entries, err := os.ReadDir(s.Dir)
		require.NoError(t, err)
		require.Len(t, entries, 2+files-len(tokens), "nothing else is removed")
	}
	require.NoError(t, Store{Dir: "/nonexistent"}.RemoveHashed(sha256.Sum256(nil)))
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.Error(t, Store{Dir: file}.RemoveHashed(sha256.Sum256(nil)))
}
