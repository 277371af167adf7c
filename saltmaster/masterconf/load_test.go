package masterconf

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLoadFolderThatIsAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "master")
	require.NoError(t, os.WriteFile(file, []byte("ret_port: 1\n"), 0o600))
	c, warnings, err := Load(file)
	require.EqualError(t, err, file+": is a file; name the folder that holds the master's configuration")
	require.Empty(t, warnings)
	require.Equal(t, 4506, c.RetPort)
}

func TestLoadNoFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "none")
	c, warnings, err := Load(dir)
	require.NoError(t, err)
	require.Len(t, warnings, 1)
	require.Equal(t, dir+"/master: there is no such file: all options have Salt's defaults", warnings[0].String())
	require.Equal(t, dir+"/master", c.ConfFile)
}

// The folder is a link, and so is the file in it: ".." is then what the system takes it for.
func TestLoadThroughLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, data := range map[string]string{
		"real/conf/the-master":      "include: ../beside.conf\n",
		"real/conf/master.d/a.conf": "publish_port: 11\n",
		"real/beside.conf":          "ret_port: 12\n",
		"beside.conf":               "ret_port: 13\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600))
	}
	require.NoError(t, os.Symlink("the-master", filepath.Join(dir, "real/conf/master")))
	require.NoError(t, os.Symlink("real/conf", filepath.Join(dir, "salt")))
	c, warnings, err := Load(filepath.Join(dir, "salt"))
	require.NoError(t, err)
	require.Empty(t, warnings)
	require.Equal(t, []int{12, 11}, []int{c.RetPort, c.PublishPort})
}

func TestLoadUnreadable(t *testing.T) {
	t.Parallel()
	all := mem(map[string]string{"/salt/master": "ret_port: 1\n", "/salt/master.d/a.conf": "publish_port: 2\n"})

	c, _, err := load(denied{all, "/salt/master"}, "/salt")
	require.EqualError(t, err, "/salt/master: permission denied")
	require.Equal(t, 2, c.PublishPort, "the rest is read all the same")

	c, _, err = load(denied{all, "/salt/master.d/a.conf"}, "/salt")
	require.EqualError(t, err, "/salt/master.d/a.conf: permission denied")
	require.Equal(t, 1, c.RetPort)
}

func TestLoadNotAFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "master"), 0o755))
	_, _, err := Load(dir)
	require.EqualError(t, err, dir+"/master: not a regular file")

	dir = t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "master"), []byte("include: [fifo, gone]\n"), 0o600))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "gone")))
	_, _, err = Load(dir)
	require.EqualError(t, err, dir+"/fifo: not a regular file\n"+dir+"/gone: no such file or directory")
}

func TestLoadLimits(t *testing.T) {
	t.Parallel()
	t.Run("size", func(t *testing.T) {
		t.Parallel()
		_, _, err := load(mem(map[string]string{"/salt/master": strings.Repeat("#", maxFileSize+1)}), "/salt")
		require.EqualError(t, err, "/salt/master: larger than 4 MiB")
	})
	t.Run("a limit in an included file is not passed over", func(t *testing.T) {
		t.Parallel()
		_, warnings, err := load(mem(map[string]string{
			"/salt/master":          "",
			"/salt/master.d/a.conf": "a: " + strings.Repeat("[", 300) + strings.Repeat("]", 300),
		}), "/salt")
		require.EqualError(t, err, "/salt/master.d/a.conf:1: nested deeper than 256 levels")
		require.Empty(t, warnings)
	})
	t.Run("chain", func(t *testing.T) {
		t.Parallel()
		chain := map[string]string{"/salt/master": "include: f0\n"}
		for i := range 100 {
			chain[fmt.Sprintf("/salt/f%d", i)] = fmt.Sprintf("include: f%d\n", i+1)
		}
		_, _, err := load(mem(chain), "/salt")
		require.EqualError(t, err, "/salt/f63:1: include: more than 64 files include one another")
	})
	t.Run("fan", func(t *testing.T) {
		t.Parallel()
		fan := map[string]string{"/salt/master": "include: f0*\n"}
		for i := range 7 {
			for j := range 4 {
				fan[fmt.Sprintf("/salt/f%d-%d", i, j)] = fmt.Sprintf("include: f%d*\n", i+1)
			}
		}
		_, _, err := load(mem(fan), "/salt")
		require.Len(t, problems(t, err), 1)
		require.ErrorContains(t, err, "more than 4096 files are included")
	})
}

func TestLoadHome(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	require.NoError(t, os.MkdirAll(filepath.Join(home, "salt"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(home, "salt/master"), []byte("include: ~/extra.conf\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(home, "extra.conf"), []byte("ret_port: 7\n"), 0o600))
	c, warnings, err := Load("~/salt")
	require.NoError(t, err)
	require.Empty(t, warnings)
	require.Equal(t, 7, c.RetPort)
	require.Equal(t, "~no-such-user/x", expandUser("~no-such-user/x"))
}

func TestGlob(t *testing.T) {
	t.Parallel()
	names := map[string]string{}
	for _, n := range []string{"a.conf", "b.conf", "ä.conf", ".dot.conf", "a]b", `c\d`, "d/x.conf", "e/x.conf", "e/y", "^x"} {
		names["/r/"+n] = ""
	}
	f := mem(names)
	for pattern, want := range map[string]string{
		"/r/*.conf":   "a.conf b.conf ä.conf",
		"/r/?.conf":   "a.conf b.conf ä.conf",
		"/r/.*":       ".dot.conf",
		"/r/[ab].*":   "a.conf b.conf",
		"/r/[!a].*":   "b.conf ä.conf",
		"/r/[a-b]*":   "a.conf a]b b.conf",
		"/r/a[]]b":    "a]b",
		"/r/[^x]x":    "^x",
		"/r/[":        "",
		"/r/[b-a]*":   "",
		`/r/c\*`:      `c\d`,
		"/r/*/x.conf": "d/x.conf e/x.conf",
		"/r/*/y":      "e/y",
		"/r/*/":       "d/ e/",
		"/r/d/":       "d/",
		"/r/a.conf/":  "",
		"/r/none":     "",
		"/none/*":     "",
		"/*/a.conf":   "a.conf",
	} {
		var want2 []string
		for n := range strings.FieldsSeq(want) {
			want2 = append(want2, "/r/"+n)
		}
		require.ElementsMatch(t, want2, glob(f, pattern), pattern)
	}
}
