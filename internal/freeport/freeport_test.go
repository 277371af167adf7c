package freeport_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/freeport"
)

func ExampleFind() {
	port, err := freeport.Find()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(port > 1024)
	// Output: true
}

func TestAPortIsFree(t *testing.T) {
	t.Parallel()
	seen := make(map[int]bool)
	for range 300 {
		port, err := freeport.Find()
		require.NoError(t, err)
		require.False(t, seen[port], "it was returned before")
		seen[port] = true
		require.GreaterOrEqual(t, port, 20000)
		require.Less(t, port, 30000)
		l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		require.NoError(t, err)
		require.NoError(t, l.Close())
	}
}

// A child that starts while a port is looked for does not keep it.
func TestChildrenThatStart(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var children sync.WaitGroup
	defer children.Wait()
	defer cancel()
	for range 4 {
		children.Go(func() {
			for ctx.Err() == nil {
				if err := exec.CommandContext(ctx, "/bin/true").Run(); err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 300 {
		port, err := freeport.Find()
		require.NoError(t, err)
		// The listener of the test is not closed before the children have ended:
		// they may hold it for a moment, too.
		l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		require.NoError(t, err)
		defer func() { require.NoError(t, l.Close()) }()
	}
}

// Another process is not given the ports of this one.
func TestAnotherProcess(t *testing.T) {
	if os.Getenv("SALTERN_FIND_PORTS") != "" {
		for range 300 {
			port, err := freeport.Find()
			require.NoError(t, err)
			fmt.Fprintln(os.Stdout, "port", port)
		}
		return
	}
	own := make(map[string]bool)
	for range 300 {
		port, err := freeport.Find()
		require.NoError(t, err)
		own[fmt.Sprint("port ", port)] = true
	}
	other := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAnotherProcess$")
	other.Env = append(os.Environ(), "SALTERN_FIND_PORTS=1")
	out, err := other.Output()
	require.NoError(t, err)
	found := 0
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		require.False(t, own[line], line)
		if strings.HasPrefix(line, "port ") {
			found++
		}
	}
	require.Equal(t, 300, found)
}
