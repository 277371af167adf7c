package saltssh_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/lowstate/saltssh"
)

// longScript starts a child, prints both process ids, and does not exit.
const longScript = `#!/bin/sh
%trap%
here=${0%/*}
sleep 300 &
echo "$$ $!" >"$here/pids.new"
mv "$here/pids.new" "$here/pids"
while :; do wait; sleep 1; done
`

func long(trap string) string { return strings.Replace(longScript, "%trap%", trap, 1) }

func (f fake) pids() (pids []int) {
	f.t.Helper()
	require.Eventually(f.t, func() bool {
		_, err := os.Stat(f.path("pids"))
		return err == nil
	}, 10*time.Second, time.Millisecond)
	for word := range strings.FieldsSeq(f.read("pids")) {
		pid, err := strconv.Atoi(word)
		require.NoError(f.t, err)
		pids = append(pids, pid)
	}
	return pids
}

// isGone also counts a zombie, whose parent is another process.
func isGone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || strings.Contains(string(stat), ") Z ")
}

func TestTheGroupEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	for name, trap := range map[string]string{"obedient": "", "deaf to SIGTERM": "trap '' TERM"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, long(trap))
			o := f.options()
			o.Grace = 100 * time.Millisecond
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				_, err := saltssh.New(o).Run(ctx, ping())
				done <- err
			}()
			pids := f.pids()
			cancel()
			require.ErrorIs(t, <-done, context.Canceled)
			for _, pid := range pids {
				require.Eventually(t, func() bool { return isGone(pid) }, 10*time.Second, time.Millisecond)
			}
			left, err := os.ReadDir(f.dir)
			require.NoError(t, err)
			require.Len(t, left, 2, "the program and its note, no folder")
		})
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	f := newFake(t, long(""))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := saltssh.New(f.options()).Run(ctx, ping())
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestBusy(t *testing.T) {
	t.Parallel()
	f := newFake(t, long(""))
	o := f.options()
	o.Processes = 1
	p := saltssh.New(o)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := p.Run(ctx, ping())
		done <- err
	}()
	f.pids()
	_, err := p.Run(t.Context(), ping())
	require.ErrorIs(t, err, saltssh.ErrBusy)
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)

	require.NoError(t, os.WriteFile(f.path("salt-ssh"), []byte(recordScript), 0o700))
	_, err = p.Run(t.Context(), ping())
	require.NoError(t, err, "the place is free again")
}

func umask(t *testing.T) string {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	_, after, ok := strings.Cut(string(status), "\nUmask:")
	require.True(t, ok)
	line, _, _ := strings.Cut(after, "\n")
	return line
}

func TestTheUmaskStays(t *testing.T) {
	t.Parallel()
	before := umask(t)
	f := newFake(t, "#!/bin/sh\numask >\"${0%/*}/umask\"\necho '{}' >output\n")
	p := saltssh.New(f.options())
	done := make(chan error)
	for range 3 {
		go func() {
			_, err := p.Run(t.Context(), ping())
			done <- err
		}()
	}
	for range 3 {
		require.Equal(t, before, umask(t))
		require.NoError(t, <-done)
	}
	require.Equal(t, before, umask(t))
	require.Equal(t, strings.TrimSpace(before), strings.TrimSpace(f.read("umask")))
}
