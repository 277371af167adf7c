package masterconf

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestChanged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(path(name)), 0o700))
		require.NoError(t, os.WriteFile(path(name), []byte(text), 0o600))
		// Two changes within the resolution of a file's times are seen by their size alone.
		require.NoError(t, os.Chtimes(path(name), time.Time{}, time.Now().Add(time.Duration(len(text))*time.Second)))
	}
	load := func() *Config {
		c, _, err := Load(dir)
		require.NoError(t, err)
		require.False(t, c.Changed())
		return c
	}
	const rules = "external_auth: {pam: {alice: ['@jobs']}}\n"
	write("master", rules+"include: more.conf\n")
	write("more.conf", "ret_port: 1\n")

	c := load()
	write("master", "# touched\n"+rules+"include: more.conf\n")
	require.False(t, c.Changed(), "it says the same")
	write("master", "external_auth: {pam: {alice: ['@keys']}}\ninclude: more.conf\n")
	require.True(t, c.Changed())
	require.True(t, c.Changed())
	write("master", rules+"include: more.conf\n")
	require.False(t, c.Changed(), "it says the same again")
	write("more.conf", "ret_port: 22\n")
	require.True(t, c.Changed(), "an included file")

	c = load()
	write("master.d/a.conf", "permissive_acl: True\n")
	require.True(t, c.Changed(), "a folder that was not there")
	c = load()
	write("master.d/b.conf", "publish_port: 333\n")
	require.True(t, c.Changed(), "a file that was not there")
	c = load()
	require.NoError(t, os.Remove(path("master.d/b.conf")))
	require.True(t, c.Changed(), "a file less")
	c = load()
	write("master", "a: [\n")
	require.True(t, c.Changed(), "a file that cannot be read")

	require.False(t, new(Config).Changed())
}
