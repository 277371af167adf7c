package jobcache

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// The folders in testdata were written by real masters: a call of a function
// that minions do not have, and the runner test.arg.
var recorded = map[string]struct{ job, runner string }{
	"3006": {"20261122155940302044", "20261122155936087818"},
	"3008": {"20261122155702001451", "20261122155659278692"},
}

func asJSON(t *testing.T, v msgpack.Raw) string {
	t.Helper()
	b, err := msgpack.AppendJSON(nil, v)
	require.NoError(t, err)
	return string(b)
}

func sectionJSON(t *testing.T, s msgpack.Section) string {
	t.Helper()
	v, err := s.Raw()
	require.NoError(t, err)
	return asJSON(t, v)
}

func TestReturnOfRealMasters(t *testing.T) {
	t.Parallel()
	for release, jids := range recorded {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			c := Cache{Dir: filepath.Join("testdata", release), HashType: "sha256"}

			r, ok, err := c.Return(jids.job, "ms--0")
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, `"'no.such' is not available."`, sectionJSON(t, r.Return))
			require.Equal(t, `1`, asJSON(t, r.Retcode))
			require.Equal(t, `"nested"`, asJSON(t, r.Out))

			r, ok, err = c.OnlyReturn(jids.runner)
			require.NoError(t, err)
			require.True(t, ok)
			ret, ok, err := r.Return.Lookup("return")
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t,
				`{"args": ["a", 1, null], "kwargs": {"b": 1, "c": [1, 2], "z": 1.0, "foo": "bar"}}`, sectionJSON(t, ret))
		})
	}
}

func TestReturnThatIsNotThere(t *testing.T) {
	t.Parallel()
	c := Cache{Dir: filepath.Join("testdata", "3008"), HashType: "sha256"}
	jid := recorded["3008"].job
	for name, call := range map[string]func() (Return, bool, error){
		"other job":       func() (Return, bool, error) { return c.Return("20200101000000000000", "ms--0") },
		"other minion":    func() (Return, bool, error) { return c.Return(jid, "ms--9") },
		"other digest":    func() (Return, bool, error) { return Cache{Dir: c.Dir, HashType: "md5"}.Return(jid, "ms--0") },
		"no cache":        func() (Return, bool, error) { return Cache{}.Return(jid, "ms--0") },
		"no cache only":   func() (Return, bool, error) { return Cache{}.OnlyReturn(jid) },
		"no such only":    func() (Return, bool, error) { return c.OnlyReturn("20200101000000000000") },
		"path upwards":    func() (Return, bool, error) { return c.Return(jid, "../ms--0") },
		"path dots":       func() (Return, bool, error) { return c.Return(jid, "..") },
		"path with a NUL": func() (Return, bool, error) { return c.Return(jid, "ms--0\x00") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, ok, err := call()
			require.NoError(t, err)
			require.False(t, ok)
		})
	}
}

func TestReturnThatIsBroken(t *testing.T) {
	t.Parallel()
	c := Cache{Dir: t.TempDir(), HashType: "md5"}
	dir := filepath.Join(c.jobDir("20200101000000000000"), "web1")
	require.NoError(t, os.MkdirAll(dir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "return.p"), []byte{0x81, 0xa6, 'r'}, 0o600))
	_, ok, err := c.Return("20200101000000000000", "web1")
	require.ErrorContains(t, err, "job cache")
	require.False(t, ok)
}

// A long return stays in its file until it is written.
func TestLongReturn(t *testing.T) {
	t.Parallel()
	const jid = "20200101000000000000"
	c := Cache{Dir: t.TempDir(), HashType: "sha256"}
	dir := filepath.Join(c.jobDir(jid), "web1")
	require.NoError(t, os.MkdirAll(dir, 0o700))
	text := strings.Repeat("x", 10<<20)
	var e msgpack.Entries
	e.Add("return", msgpack.InMemory(msgpack.AppendString(nil, text)))
	e.Add("retcode", msgpack.InMemory(msgpack.AppendInt(nil, 2)))
	e.Add("success", msgpack.InMemory(msgpack.AppendBool(nil, false)))
	whole := e.Section()
	b, err := whole.Raw()
	require.NoError(t, err)
	path := filepath.Join(dir, "return.p")
	require.NoError(t, os.WriteFile(path, b, 0o600))

	r, ok, err := c.Return(jid, "web1")
	require.NoError(t, err)
	require.True(t, ok)
	require.False(t, r.Return.IsInMemory())
	require.Equal(t, "2", asJSON(t, r.Retcode))
	require.Equal(t, `"`+text+`"`, sectionJSON(t, r.Return))

	for name, broken := range map[string][]byte{"cut": b[:len(b)-1], "longer": append(b, 0xc0), "other": append([]byte{0xc1}, b[1:]...)} {
		require.NoError(t, os.WriteFile(path, broken, 0o600))
		_, ok, err := c.Return(jid, "web1")
		require.ErrorContains(t, err, "job cache", name)
		require.False(t, ok, name)
	}
	require.NoError(t, os.Remove(path))
	_, err = r.Return.Raw()
	require.ErrorIs(t, err, msgpack.ErrSource)
}

func TestJobDirFollowsHashType(t *testing.T) {
	t.Parallel()
	// Two characters and a slash less than the digest's own length.
	for hashType, length := range map[string]int{
		"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128,
	} {
		dir := Cache{Dir: "jobs", HashType: hashType}.jobDir("20200101000000000000")
		require.Len(t, filepath.Base(filepath.Dir(dir)), 2)
		require.Len(t, filepath.Base(dir), length-2, hashType)
	}
}
