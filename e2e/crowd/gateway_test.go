package crowd

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/freeport"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
)

// gateway is a built saltern before a stand-in master.
type gateway struct {
	url   string
	wsgi  string // the URL of the listener of rest_wsgi, where there is one
	admin string // base URL of the listener for metrics
	cmd   *exec.Cmd
	log   string // file

	client *http.Client // which trusts any certificate
}

// program is saltern, built once for all tests, without the race detector since
// its memory is looked at.
var program struct {
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if program.dir != "" {
		_ = os.RemoveAll(program.dir)
	}
	os.Exit(code)
}

func saltern(tb testing.TB) string {
	tb.Helper()
	program.once.Do(func() {
		if program.dir, program.err = os.MkdirTemp("", "saltern-crowd"); program.err != nil {
			return
		}
		out, err := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(program.dir, "saltern"),
			"github.com/saltern-api/saltern/cmd/saltern").CombinedOutput()
		if err != nil {
			program.err = fmt.Errorf("build saltern: %w\n%s", err, out)
		}
	})
	require.NoError(tb, program.err)
	return filepath.Join(program.dir, "saltern")
}

// startGateway starts saltern as a process of its own, so that
// its memory is its own too. It ends with the test. more is added to its
// settings, and options to the master's file, those of rest_cherrypy to what
// that has.
func startGateway(tb testing.TB, master *mastertest.Master, more string, options map[string]any) *gateway {
	tb.Helper()
	dir := tb.TempDir()
	port, admin := freePort(tb), freePort(tb)
	conf := maps.Clone(master.Config())
	conf["netapi_enable_clients"] = []string{"local", "local_async"}
	maps.Copy(conf, options)
	cherrypy := map[string]any{"port": port, "host": "127.0.0.1", "disable_ssl": true}
	if more, ok := options["rest_cherrypy"].(map[string]any); ok {
		maps.Copy(cherrypy, more)
	}
	conf["rest_cherrypy"] = cherrypy
	text, err := json.Marshal(conf)
	require.NoError(tb, err)
	require.NoError(tb, os.WriteFile(filepath.Join(dir, "master"), text, 0o600))
	settings := filepath.Join(dir, "saltern.yaml")
	require.NoError(tb, os.WriteFile(settings, fmt.Appendf(nil, "state_dir: %s\nadmin: {listen: '127.0.0.1:%d'}\n%s", dir, admin, more), 0o600))

	g := &gateway{url: fmt.Sprintf("http://127.0.0.1:%d", port), admin: fmt.Sprintf("http://127.0.0.1:%d", admin), log: filepath.Join(dir, "log")}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	g.client = &http.Client{Transport: transport}
	tb.Cleanup(transport.CloseIdleConnections)
	log, err := os.Create(g.log)
	require.NoError(tb, err)
	defer log.Close() //nolint:errcheck // the process has its own
	g.cmd = exec.Command(saltern(tb), "serve", "-c", dir, "--config", settings)
	g.cmd.Stdout, g.cmd.Stderr = log, log
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(tb, g.cmd.Start())
	tb.Cleanup(func() {
		require.NoError(tb, g.cmd.Process.Signal(syscall.SIGTERM))
		require.NoError(tb, g.cmd.Wait())
	})
	require.Eventually(tb, func() bool {
		resp, err := http.Get(g.admin + "/readyz")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, patience, 50*time.Millisecond)
	return g
}

func freePort(tb testing.TB) int {
	tb.Helper()
	port, err := freeport.Find()
	require.NoError(tb, err)
	return port
}

// memory is what the process has resident: now, and at most so far, in MB.
func (g *gateway) memory(tb testing.TB) (now, peak float64) {
	tb.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", g.cmd.Process.Pid))
	require.NoError(tb, err)
	field := func(name string) float64 {
		_, rest, ok := strings.Cut(string(status), name)
		require.True(tb, ok, name)
		kB, err := strconv.Atoi(strings.Fields(rest)[0])
		require.NoError(tb, err)
		return float64(kB) / 1000
	}
	return field("VmRSS:"), field("VmHWM:")
}
