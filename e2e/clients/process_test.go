package clients

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// startGroup starts a program in a process group of its own, which ends with
// the test, and returns what it prints.
func startGroup(t *testing.T, cmd *exec.Cmd) io.Reader {
	t.Helper()
	read, write, err := os.Pipe()
	require.NoError(t, err)
	var errs strings.Builder
	cmd.Stdout, cmd.Stderr = write, &errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	err = cmd.Start()
	_ = write.Close() // the program has its own
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		_ = read.Close()
		if t.Failed() {
			t.Logf("%s: %.3000s", cmd.Args[0], errs.String())
		}
	})
	return read
}
