package jobcache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// writeLoad writes the load of a job as the master does: it is replaced as a
// whole.
func writeLoad(t testing.TB, c Cache, jid string, load []byte) {
	t.Helper()
	dir := c.jobDir(jid)
	require.NoError(t, os.MkdirAll(dir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "fresh"), load, 0o600))
	require.NoError(t, os.Rename(filepath.Join(dir, "fresh"), filepath.Join(dir, loadFile)))
}

// textIndex keeps loads that are texts, and counts the loads that it has read.
func textIndex(c Cache, read *[]string, mu *sync.Mutex) *Index[string] {
	return NewIndex(c, func(load msgpack.Raw) (string, int, bool, error) {
		s, ok := load.Str()
		mu.Lock()
		*read = append(*read, s)
		mu.Unlock()
		if s == "bad" {
			return "", 0, false, errors.New("bad")
		}
		return s, len(s), ok && s != "", nil
	})
}

func TestIndex(t *testing.T) {
	t.Parallel()
	c := Cache{Dir: t.TempDir(), HashType: "sha256"}
	var read []string
	var mu sync.Mutex
	x := textIndex(c, &read, &mu)
	list := func() (string, string) {
		read = nil
		jobs, err := x.Jobs(t.Context())
		if err != nil {
			return err.Error(), ""
		}
		jobs = slices.Sorted(slices.Values(jobs))
		slices.Sort(read)
		return strings.Join(jobs, " "), strings.Join(read, " ")
	}
	check := func(jobs, made string) {
		t.Helper()
		gotJobs, gotMade := list()
		require.Equal(t, jobs, gotJobs)
		require.Equal(t, made, gotMade)
	}
	text := func(s string) []byte { return msgpack.AppendString(nil, s) }

	check("", "")
	for i, s := range []string{"a", "b", "c"} {
		writeLoad(t, c, fmt.Sprint(i), text(s))
	}
	check("a b c", "a b c")
	check("a b c", "")
	writeLoad(t, c, "1", text("d"))
	check("a c d", "d")
	require.NoError(t, os.RemoveAll(c.jobDir("0")))
	check("c d", "")
	writeLoad(t, c, "3", nil)
	require.NoError(t, os.MkdirAll(c.jobDir("4"), 0o700))
	require.NoError(t, os.MkdirAll(filepath.Join(c.jobDir("5"), loadFile), 0o700))
	check("c d", "")
	check("c d", "")
	writeLoad(t, c, "6", text("bad"))
	got, _ := list()
	require.Contains(t, got, "job cache: ")
	require.NoError(t, os.RemoveAll(c.jobDir("6")))
	got, _ = list()
	require.Equal(t, "c d", got)
	require.NoError(t, os.WriteFile(filepath.Join(c.Dir, "file"), nil, 0o600))
	got, _ = list()
	require.Contains(t, got, "not a directory", "as at the master")
}

// All who come while the folders are looked through get the next list.
func TestIndexIsShared(t *testing.T) {
	t.Parallel()
	c := Cache{Dir: t.TempDir(), HashType: "sha256"}
	for i := range 50 {
		writeLoad(t, c, fmt.Sprint(i), msgpack.AppendString(nil, fmt.Sprint(i)))
	}
	var read []string
	var mu sync.Mutex
	x := textIndex(c, &read, &mu)
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			jobs, err := x.Jobs(t.Context())
			require.NoError(t, err)
			require.Len(t, jobs, 50)
		})
	}
	wg.Wait()
	require.Len(t, read, 50)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := x.Jobs(ctx); err != nil { // it may have been quicker
		require.ErrorIs(t, err, context.Canceled)
	}
}

func TestIndexIsBounded(t *testing.T) {
	t.Parallel()
	c := Cache{Dir: t.TempDir(), HashType: "sha256"}
	for i := range 3 {
		writeLoad(t, c, fmt.Sprint(i), msgpack.AppendString(nil, "x"))
	}
	size := MaxIndex
	x := NewIndex(c, func(msgpack.Raw) (int, int, bool, error) { return 1, size, true, nil })
	_, err := x.Jobs(t.Context())
	require.ErrorIs(t, err, ErrUnsure)
	size = 1
	jobs, err := x.Jobs(t.Context())
	require.NoError(t, err)
	require.Len(t, jobs, 3, "what was too large is not kept")
}

func TestJobIsBounded(t *testing.T) {
	t.Parallel()
	c := Cache{Dir: t.TempDir(), HashType: "sha256"}
	dir := filepath.Join(c.jobDir("1"), "web1")
	require.NoError(t, os.MkdirAll(dir, 0o700))
	f, err := os.Create(filepath.Join(dir, returnFile))
	require.NoError(t, err)
	require.NoError(t, f.Truncate(maxReturns+1))
	require.NoError(t, f.Close())
	_, err = c.Job(t.Context(), "1")
	require.ErrorIs(t, err, ErrUnsure)
	_, err = Cache{}.Job(t.Context(), "1")
	require.ErrorIs(t, err, ErrUnsure)
}
