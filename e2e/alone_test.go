package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/freeport"
)

// alone is a gateway without a master, for tests that need none.
type alone struct {
	dir     string
	address string // of the rest_cherrypy listener
	cmd     *exec.Cmd
	ended   chan error
}

// startAlone starts the program with a configuration of its own. more is added
// to the section rest_cherrypy.
func startAlone(t *testing.T, more string) *alone {
	t.Helper()
	dir, err := os.MkdirTemp("", "alone") // short enough for the sockets of any test
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	g := &alone{dir: dir}
	port, err := freeport.Find()
	require.NoError(t, err)
	g.address = fmt.Sprintf("127.0.0.1:%d", port)

	g.write(t, "master", fmt.Sprintf("root_dir: %s\nrest_cherrypy: {host: 127.0.0.1, port: %d%s}\n",
		g.dir, port, more))
	g.write(t, "saltern.yaml", fmt.Sprintf("state_dir: %s\nadmin:\n  listen: 'off'\n", filepath.Join(g.dir, "state")))
	t.Cleanup(func() { g.stop(t) })
	g.start(t)
	return g
}

func (g *alone) path(name string) string { return filepath.Join(g.dir, name) }

func (g *alone) write(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(g.path(name), []byte(text), 0o600))
}

// start returns when the gateway says that it takes connections.
func (g *alone) start(t *testing.T) {
	t.Helper()
	log, err := os.OpenFile(g.path("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	defer func() { _ = log.Close() }() // the process has its own
	before := g.log(t)
	g.cmd = exec.Command(saltern.build(t), "serve", "-c", g.dir, "--config", g.path("saltern.yaml"))
	g.cmd.Stdout, g.cmd.Stderr = log, log
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	require.NoError(t, g.cmd.Start())
	g.ended = make(chan error, 1)
	go func() { g.ended <- g.cmd.Wait() }()
	requireEventually(t, func() bool {
		require.Empty(t, g.ended, "the gateway ended: %s", g.log(t))
		return strings.Contains(g.log(t)[len(before):], `"listening"`)
	})
}

// stop ends the gateway as systemd would, if it runs.
func (g *alone) stop(t *testing.T) {
	t.Helper()
	if g.cmd == nil {
		return
	}
	require.NoError(t, g.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, <-g.ended, g.log(t))
	g.cmd = nil
}

func (g *alone) log(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(g.path("log"))
	require.NoError(t, err)
	return string(b)
}
