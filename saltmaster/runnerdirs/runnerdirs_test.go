package runnerdirs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/runnerdirs"
)

func TestMayHave(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, source := range map[string]string{
		"jobs.py":                 "def active(**kwargs): pass\n",
		"own.py":                  "def jobs(): return 'cache'\n",
		"named.py":                "__virtualname__ = 'manage'\n",
		"chosen.py":               "def __virtual__():\n    return \"state\"\n",
		"package/__init__.py":     "__virtualname__ = \"queue\"\n",
		"compiled.pyc":            "",
		"bulk.py":                 strings.Repeat("#", 2<<20),
		"README.md":               "__virtualname__ = 'cloud'",
		"__pycache__/own.pyc":     "",
		"empty/nothing/to_see.py": "",
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(source), 0o600))
	}
	dirs := runnerdirs.Dirs{filepath.Join(dir, "not there"), dir}
	require.True(t, dirs.MayHave("jobs"), "a file of its name")
	require.True(t, dirs.MayHave("cache"), "compiled modules and large ones may be called anything")

	for _, name := range []string{"compiled.pyc", "bulk.py"} {
		require.NoError(t, os.Remove(filepath.Join(dir, name)))
	}
	for _, module := range []string{"jobs", "manage", "state", "queue"} {
		require.True(t, dirs.MayHave(module), module)
	}
	for _, module := range []string{"cache", "cloud", "test", "salt"} {
		require.False(t, dirs.MayHave(module), module)
	}
	require.False(t, runnerdirs.Dirs{}.MayHave("jobs"))
	require.True(t, runnerdirs.Dirs{filepath.Join(dir, "jobs.py")}.MayHave("test"), "no folder that can be read")
}
