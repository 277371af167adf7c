package zmtp

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
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

func TestLibzmqHeartbeats(t *testing.T) {
	t.Parallel()
	network, addr, _ := startRouter(t, "tcp://127.0.0.1:*", 20)
	pool := NewPool(reqpool.Options{Network: network, Address: addr, IdleTimeout: time.Minute})
	defer pool.Close()
	_, err := pool.Request(peertest.Soon(t), []byte("a"))
	require.NoError(t, err)
	nc, err := net.Dial(network, addr)
	require.NoError(t, err)
	defer nc.Close() //nolint:errcheck // the peer has hung up
	c, err := open(t.Context(), nc, 1024)
	require.NoError(t, err)
	// The unanswered heartbeats make libzmq hang up; that is seen before the next request is sent.
	require.Eventually(t, func() bool { return c.Settle() != nil }, 10*time.Second, 300*time.Millisecond)
	_, err = pool.Request(peertest.Soon(t), []byte("b"))
	require.NoError(t, err)
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
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err = pool.Request(ctx, []byte("b")) // on the idle connection
	peertest.RequireFailure(t, err, "receive", true)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = pool.Request(ctx, []byte("c"))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	fresh, cancelFresh := context.WithTimeout(t.Context(), time.Second)
	defer cancelFresh()
	_, err = pool.Request(fresh, []byte("d")) // the kernel accepts, there is no greeting
	peertest.RequireFailure(t, err, "handshake", false)

	require.NoError(t, proc.Signal(syscall.SIGCONT))
	reply, err := pool.Request(peertest.Soon(t), []byte("e"))
	require.NoError(t, err)
	require.Equal(t, "e", string(reply))
}
