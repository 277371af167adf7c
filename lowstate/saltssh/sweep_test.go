package saltssh_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/lowstate/saltssh"
)

// envRun makes TestRunUntilKilled a process that runs salt-ssh in a directory.
const envRun = "SALTERN_TEST_SALT_SSH"

// TestRunUntilKilled is not a test but a process for TestSweep.
func TestRunUntilKilled(t *testing.T) {
	dir := os.Getenv(envRun)
	if dir == "" {
		t.Skip("a process of TestSweep")
	}
	f := fake{t, dir}
	c := ping()
	c.Settings = settings(t, map[string]string{"ssh_passwd": `"s3cret"`})
	_, _ = saltssh.New(f.options()).Run(t.Context(), c)
}

// runElsewhere starts such a process, and returns when salt-ssh is running.
func runElsewhere(t *testing.T, f fake) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestRunUntilKilled$")
	cmd.Env = append(os.Environ(), envRun+"="+f.dir)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	pids := f.pids()
	t.Cleanup(func() { _ = syscall.Kill(-pids[0], syscall.SIGKILL) })
	return cmd
}

func (f fake) folders() []string {
	f.t.Helper()
	dirs, err := filepath.Glob(f.path("salt-ssh-*"))
	require.NoError(f.t, err)
	return dirs
}

func TestSweep(t *testing.T) {
	t.Parallel()
	f := newFake(t, long(""))
	p := saltssh.New(f.options())
	cmd := runElsewhere(t, f)
	left := f.folders()
	require.Len(t, left, 1)
	secret, err := os.ReadFile(filepath.Join(left[0], "client.conf"))
	require.NoError(t, err)
	require.Contains(t, string(secret), "s3cret")

	removed, err := p.Sweep()
	require.NoError(t, err)
	require.Zero(t, removed, "its process lives")
	require.Equal(t, left, f.folders())

	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	require.Equal(t, left, f.folders(), "nobody was left to remove it")
	require.Eventually(t, func() bool {
		removed, err = p.Sweep()
		return removed == 1
	}, 10*time.Second, time.Millisecond)
	require.NoError(t, err)
	require.Empty(t, f.folders())
}

// TestSweepLeavesAlone is about directories that are not removed.
func TestSweepLeavesAlone(t *testing.T) {
	t.Parallel()
	f := newFake(t, recordScript)
	elsewhere := t.TempDir()
	folder := func(dir string, mode os.FileMode, lock string) {
		require.NoError(t, os.MkdirAll(dir, 0o700))
		if lock != "" {
			require.NoError(t, os.WriteFile(filepath.Join(dir, lock), nil, 0o600))
		}
		require.NoError(t, os.Chmod(dir, mode))
	}
	folder(f.path("salt-ssh-nobody's"), 0o700, "")
	folder(f.path("salt-ssh-new"), 0o700, ".saltern.new")
	folder(f.path("salt-ssh-open"), 0o755, ".saltern")
	folder(f.path("other"), 0o700, ".saltern")
	folder(filepath.Join(elsewhere, "salt-ssh-x"), 0o700, ".saltern")
	require.NoError(t, os.Symlink(filepath.Join(elsewhere, "salt-ssh-x"), f.path("salt-ssh-link")))
	folder(f.path("salt-ssh-linked"), 0o700, "")
	require.NoError(t, os.Symlink(filepath.Join(elsewhere, "salt-ssh-x", ".saltern"), f.path("salt-ssh-linked/.saltern")))
	require.NoError(t, os.WriteFile(f.path("salt-ssh-file"), nil, 0o600))
	before := f.folders()

	removed, err := saltssh.New(f.options()).Sweep()
	require.NoError(t, err)
	require.Zero(t, removed)
	require.Equal(t, before, f.folders())
	require.DirExists(t, f.path("other"))
	require.FileExists(t, filepath.Join(elsewhere, "salt-ssh-x", ".saltern"))

	folder(f.path("salt-ssh-ours"), 0o700, ".saltern")
	removed, err = saltssh.New(f.options()).Sweep()
	require.NoError(t, err)
	require.Equal(t, 1, removed)
	require.NoDirExists(t, f.path("salt-ssh-ours"))

	o := f.options()
	o.TempDir = f.path("nowhere")
	_, err = saltssh.New(o).Sweep()
	require.ErrorIs(t, err, os.ErrNotExist)
}
