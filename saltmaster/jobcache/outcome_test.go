package jobcache

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// A job that is too large for a look-up is read return by return.
func TestOutcome(t *testing.T) {
	t.Parallel()
	c := Cache{Dir: t.TempDir(), HashType: "sha256"}
	_, ok, err := c.Load("1")
	require.NoError(t, err)
	require.False(t, ok)
	minions, err := c.Returned("1")
	require.NoError(t, err)
	require.Empty(t, minions)

	dir := c.jobDir("1")
	write := func(minion string, data []byte) {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, minion), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, minion, returnFile), data, 0o600))
	}
	write("odd", append(msgpack.AppendString(msgpack.AppendMap(nil, 1), "return"), 0xc7, 2, 78, 1, 2)) // an extension that Salt does not write
	write("old", msgpack.AppendString(nil, "x"))
	write("empty", nil)
	write("half", []byte{0x81})
	require.NoError(t, os.Mkdir(filepath.Join(dir, "none"), 0o700))
	long := append(msgpack.AppendString(msgpack.AppendMap(nil, 1), "return"), msgpack.AppendString(nil, strings.Repeat("x", inMemory))...)
	write("long", long)
	write("long, old", msgpack.AppendString(nil, strings.Repeat("x", inMemory)))
	write("long, half", long[:len(long)-1])
	write("large", nil)
	require.NoError(t, os.Truncate(filepath.Join(dir, "large", returnFile), MaxReturn+1))
	writeLoad(t, c, "1", msgpack.AppendMap(nil, 0))
	require.NoError(t, os.WriteFile(filepath.Join(dir, minionsFile), msgpack.AppendString(msgpack.AppendArray(nil, 1), "odd"), 0o600))

	j, ok, err := c.Load("1")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, []string{"odd"}, j.Minions)
	minions, err = c.Returned("1")
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"odd", "old", "empty", "half", "long", "long, old", "long, half", "large"}, minions)
	for minion, want := range map[string]struct {
		value string
		ok    bool
		fails bool
	}{
		"odd":   {"\xc7\x02\x4e\x01\x02", true, false},
		"old":   {"\xa1x", true, false},
		"empty": {"", false, false},
		"none":  {"", false, false},
		"../1":  {"", false, false},
		"half":  {"", false, true},
		"large": {"", false, true},

		"long":       {string(long[len("\x81\xa6return"):]), true, false},
		"long, old":  {string(long[len("\x81\xa6return"):]), true, false},
		"long, half": {"", false, true},
	} {
		data, ok, err := c.Outcome("1", minion)
		require.Equal(t, want.ok, ok, minion)
		require.Equal(t, want.fails, err != nil, minion)
		require.Equal(t, strings.HasPrefix(minion, "long") && want.ok, ok && !data.IsInMemory(), minion)
		section, _, _ := data.Lookup("return")
		value, err := section.Raw()
		require.NoError(t, err)
		require.Equal(t, want.value, string(value), minion)
	}
}
