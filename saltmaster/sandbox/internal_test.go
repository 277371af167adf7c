package sandbox

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// fakeSalt is a virtual environment as far as its metadata goes.
func fakeSalt(t *testing.T, folder, version string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), folder)
	info := filepath.Join(dir, "lib/python3.11/site-packages/salt-"+version+".dist-info")
	require.NoError(t, os.MkdirAll(info, 0o700))
	text := "Metadata-Version: 2.1\nName: salt\nVersion: " + version + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(info, "METADATA"), []byte(text), 0o600))
	return dir
}

func TestInstalled(t *testing.T) {
	t.Parallel()
	require.NoError(t, Installed(fakeSalt(t, "salt-3008.5", "3008.5")))
	require.ErrorContains(t, Installed(fakeSalt(t, "salt-3008.5", "3008.50")), "holds Salt 3008.50, not 3008.5")
	require.ErrorContains(t, Installed(fakeSalt(t, "venv", "3008.5")), "salt-<version>")
	require.ErrorContains(t, Installed(filepath.Join(t.TempDir(), "salt-3008.5")), "holds no Salt")
}

// stopped is a sandbox whose files are written and whose parts do not run.
func stopped(t *testing.T, opts Options) *Sandbox {
	t.Helper()
	opts.Salt = fakeSalt(t, "salt-3008.5", "3008.5")
	s, err := prepare(opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(t.Context())) })
	return s
}

// A user has to be there, and to reach the Salt that it is to run.
func TestUserRefused(t *testing.T) {
	t.Parallel()
	salt := fakeSalt(t, "salt-3008.5", "3008.5")
	for user, want := range map[string]string{"nobody": "user nobody cannot run Salt in " + salt, "no such user": "unknown user no such user"} {
		_, err := prepare(Options{Salt: salt, User: user})
		require.ErrorContains(t, err, want)
	}
}

func readConf(t *testing.T, path string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var conf map[string]any
	require.NoError(t, yaml.Unmarshal(text, &conf))
	return conf
}

func TestConfig(t *testing.T) {
	t.Parallel()
	s := stopped(t, Options{
		Minions:       []string{"ms-0"},
		SaltAPI:       true,
		WorkerThreads: 7,
		MasterConfig:  map[string]any{"timeout": 9, "auto_accept": nil, "rest_cherrypy": map[string]any{"port": 1}},
		MinionConfig:  map[string]any{"multiprocessing": true},
	})
	master := readConf(t, filepath.Join(s.ConfDir(), "master"))
	require.Equal(t, 7, master["worker_threads"])
	require.Equal(t, 9, master["timeout"])
	require.NotContains(t, master, "auto_accept")
	require.Equal(t, s.RetPort(), master["ret_port"])
	require.Equal(t, map[string]any{"port": 1}, master["rest_cherrypy"])

	api := readConf(t, s.path("api", "master"))
	require.Equal(t, s.ports.api, api["rest_cherrypy"].(map[string]any)["port"])
	require.Equal(t, 9, api["timeout"])

	minion := readConf(t, s.path("minions", "ms-0", "minion"))
	require.Equal(t, true, minion["multiprocessing"])
	require.Equal(t, s.RetPort(), minion["master_port"])

	dir, err := s.ConfWith("other", map[string]any{"timeout": 3, "sharedsecret": nil})
	require.NoError(t, err)
	other := readConf(t, filepath.Join(dir, "master"))
	require.Equal(t, 3, other["timeout"])
	require.NotContains(t, other, "sharedsecret")
	_, err = s.ConfWith("../other", nil)
	require.Error(t, err)
}

// Salt's programs are started through the launcher, unless they are to run as
// they are installed.
func TestLauncher(t *testing.T) {
	t.Parallel()
	for _, asInstalled := range []bool{false, true} {
		s := stopped(t, Options{AsInstalled: asInstalled})
		python := filepath.Join(s.salt, "bin", "python")
		require.NoError(t, os.MkdirAll(filepath.Dir(python), 0o700))
		require.NoError(t, os.WriteFile(python, []byte("#!/bin/sh\necho \"$@\"\n"), 0o700))
		p, err := s.spawn("master", "salt-master", "-c", "conf")
		require.NoError(t, err)
		<-p.done
		line := filepath.Join(s.salt, "bin", "salt-master") + " -c conf\n"
		if !asInstalled {
			line = s.launcher() + " " + line
		}
		out, err := os.ReadFile(p.log)
		require.NoError(t, err)
		require.Equal(t, line, string(out))
	}
}

func TestPrepareRefuses(t *testing.T) {
	t.Parallel()
	salt := fakeSalt(t, "salt-3008.5", "3008.5")
	_, err := prepare(Options{Salt: salt, Dir: filepath.Join(t.TempDir(), strings.Repeat("d", maxDir))})
	require.ErrorContains(t, err, "too long for Unix sockets")
	_, err = prepare(Options{Salt: t.TempDir()})
	require.ErrorContains(t, err, "holds no Salt")
	for _, id := range []string{"", "../ms-0", "a/b"} {
		_, err = prepare(Options{Salt: salt, Minions: []string{id}})
		require.ErrorContains(t, err, "is not a minion id", "%q", id)
	}
}

func TestWritePAMService(t *testing.T) {
	t.Parallel()
	if _, err := pamMatrix(); err != nil {
		require.NotEqual(t, "1", os.Getenv("SALTERN_REQUIRE_PAM"), err)
		t.Skip(err)
	}
	dir := t.TempDir()
	require.NoError(t, WritePAMService(dir, "login", map[string]string{"saltdev": "pass word"}))
	users, err := os.ReadFile(filepath.Join(dir, "login.passdb"))
	require.NoError(t, err)
	require.Equal(t, "saltdev:pass word:login\n", string(users))
	service, err := os.ReadFile(filepath.Join(dir, "login"))
	require.NoError(t, err)
	require.Contains(t, string(service), "pam_matrix.so passdb="+dir+"/login.passdb\n")
	require.Error(t, WritePAMService(dir, "login", map[string]string{"a:b": "c"}))
	require.Error(t, WritePAMService(dir, "login", map[string]string{"a": "c\nroot:x:login"}))
}

func TestQuote(t *testing.T) {
	t.Parallel()
	const text = `it's "$HOME" \ here`
	out, err := exec.Command("/bin/sh", "-c", "printf %s "+quote(text)).Output()
	require.NoError(t, err)
	require.Equal(t, text, string(out))
}

// marked starts a process that carries mark, outside of any sandbox's groups.
func marked(t *testing.T, mark string) <-chan error {
	t.Helper()
	cmd := exec.Command("sleep", "600")
	cmd.Env = []string{"A=1", mark, "B=2"}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return ended
}

func requireKilled(t *testing.T, ended <-chan error) {
	t.Helper()
	select {
	case err := <-ended:
		require.ErrorContains(t, err, "killed")
	case <-time.After(20 * time.Second):
		t.Fatal("the process still runs")
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	mark := "SALTERN_SANDBOX=/nowhere#" + randomText()
	ours, other := marked(t, mark), marked(t, mark+"-other")
	require.NoError(t, sweep(mark))
	requireKilled(t, ours)
	require.Empty(t, other, "a process with another mark lives on")
}

// TestGuard lets go of the guard's input as the death of this process would.
func TestGuard(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	require.NoError(t, os.Mkdir(dir, 0o700))
	mark := "SALTERN_SANDBOX=" + dir + "#" + randomText()
	ours, other := marked(t, mark), marked(t, mark+"-other")
	g, err := startGuard(mark, dir)
	require.NoError(t, err)
	require.NoError(t, g.stdin.Close())
	requireKilled(t, ours)
	require.NoError(t, g.cmd.Wait())
	require.NoDirExists(t, dir)
	require.Empty(t, other)
	g.release()
}

func TestGuardReleased(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mark := "SALTERN_SANDBOX=" + dir + "#" + randomText()
	g, err := startGuard(mark, dir)
	require.NoError(t, err)
	g.release()
	g.release()
	require.DirExists(t, dir)
	(*guard)(nil).release()
}
