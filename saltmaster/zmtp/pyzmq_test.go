package zmtp

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/reqpool/peertest"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// startRouter runs a libzmq ROUTER from the Python that a real Salt brings along, and returns where it listens.
func startRouter(t *testing.T, endpoint string, heartbeat int) (network, addr string, proc *os.Process) {
	t.Helper()
	router, err := filepath.Abs("testdata/router.py")
	require.NoError(t, err)
	cmd := sandboxtest.PythonCommand(t, sandboxtest.Newest(t), router, endpoint, fmt.Sprint(heartbeat))
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	network, addr, _ = strings.Cut(strings.TrimSpace(line), "://")
	if network == "ipc" {
		network = "unix"
	}
	return network, addr, cmd.Process
}

func TestAgainstLibzmq(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"tcp://127.0.0.1:*", "ipc://" + filepath.Join(t.TempDir(), "s")} {
		network, addr, _ := startRouter(t, endpoint, 0)
		pool := NewPool(reqpool.Options{Network: network, Address: addr})
		defer pool.Close()
		for _, size := range []int{0, 1, 255, 256, 70_000, 3 << 20} {
			payload := bytes.Repeat([]byte("z"), size)
			reply, err := pool.Request(peertest.Soon(t), payload)
			require.NoError(t, err, "%s, %d bytes", network, size)
			require.True(t, bytes.Equal(payload, reply))
		}
	}
}

// A libzmq peer hangs up on a connection that does not answer its heartbeats, as an idle one does not. That is seen
// before the next request is sent.
func TestLibzmqHeartbeats(t *testing.T) {
	t.Parallel()
	network, addr, _ := startRouter(t, "tcp://127.0.0.1:*", 200)
	pool := NewPool(reqpool.Options{Network: network, Address: addr, IdleTimeout: time.Minute})
	defer pool.Close()
	nc, err := net.Dial(network, addr) // one that the router keeps for longer: it has not greeted
	require.NoError(t, err)
	require.Positive(t, established(t, addr))
	require.NoError(t, nc.Close())
	_, err = pool.Request(peertest.Soon(t), []byte("a"))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return established(t, addr) == 0 }, 30*time.Second, 10*time.Millisecond)
	_, err = pool.Request(peertest.Soon(t), []byte("b"))
	require.NoError(t, err)
}

// established counts the TCP connections to an address that neither side has closed, as the kernel lists them.
func established(t *testing.T, addr string) (n int) {
	t.Helper()
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	number, err := strconv.Atoi(port)
	require.NoError(t, err)
	to := fmt.Sprintf(":%04X", number)
	table, err := os.ReadFile("/proc/net/tcp")
	require.NoError(t, err)
	for line := range strings.Lines(string(table)) {
		const remote, state, open = 2, 3, "01"
		if f := strings.Fields(line); len(f) > state && strings.HasSuffix(f[remote], to) && f[state] == open {
			n++
		}
	}
	return n
}

// A stopped master neither answers nor refuses; the context is what ends the wait.
func TestStoppedLibzmqPeer(t *testing.T) {
	t.Parallel()
	network, addr, proc := startRouter(t, "tcp://127.0.0.1:*", 0)
	pool := NewPool(reqpool.Options{Network: network, Address: addr})
	defer pool.Close()
	_, err := pool.Request(peertest.Soon(t), []byte("a"))
	require.NoError(t, err)

	require.NoError(t, proc.Signal(syscall.SIGSTOP))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err = pool.Request(ctx, []byte("b")) // on the idle connection
	peertest.RequireFailure(t, err, "receive", true)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = pool.Request(ctx, []byte("c"))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	fresh, cancelFresh := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancelFresh()
	_, err = pool.Request(fresh, []byte("d")) // the kernel accepts, there is no greeting
	peertest.RequireFailure(t, err, "handshake", false)

	require.NoError(t, proc.Signal(syscall.SIGCONT))
	reply, err := pool.Request(peertest.Soon(t), []byte("e"))
	require.NoError(t, err)
	require.Equal(t, "e", string(reply))
}
