package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/freeport"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
)

// patience is how long a test waits for what must happen on a busy machine.
const patience = time.Minute

// SIGTERM ends a gateway with exit code 0: requests that wait for minions are
// answered in full within shutdown_timeout, and refused after it. Its log has
// the warnings of the configuration, and no error.
func TestServeUntilSIGTERM(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		timeout, sleep string // of the shutdown, and of the minion in seconds
		status         int
		body           string
	}{
		"in time":  {"1m", "2", http.StatusOK, `{"return": [{"ms-0": true}]}`},
		"too long": {"1s", "60", http.StatusServiceUnavailable, `{"return": "The gateway is stopping"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := mastertest.Start(t, mastertest.Options{Minions: []mastertest.Minion{{ID: "ms-0"}}})
			p := startServe(t, m, "shutdown_timeout: "+c.timeout+"\n")
			type answer struct {
				status int
				body   string
				err    error
			}
			answered := make(chan answer, 1)
			go func() {
				resp, err := http.Post(p.url, "application/json", strings.NewReader(`[{"eauth": "sharedsecret", "username": "bench", "password": "secret",
					"client": "local", "tgt": "ms-0", "fun": "test.sleep", "arg": [`+c.sleep+`]}]`))
				if err != nil {
					answered <- answer{err: err}
					return
				}
				defer resp.Body.Close() //nolint:errcheck // it was read
				text, err := io.ReadAll(resp.Body)
				answered <- answer{resp.StatusCode, string(text), err}
			}()
			require.Eventually(t, func() bool { return m.Count("publish") > 0 }, patience, 5*time.Millisecond)
			require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
			require.Equal(t, answer{c.status, c.body, nil}, <-answered)
			require.NoError(t, p.cmd.Wait(), "the exit code; its log: %s", p.log(t))
			require.Regexp(t, `"level":"WARN","msg":"configuration","warning":"[^"]*rest_wsgi\.no_such_option: `, p.log(t))
			require.NotContains(t, p.log(t), `"level":"ERROR"`)
		})
	}
}

// served is a running "saltern serve" with a listener of rest_wsgi.
type served struct {
	url  string
	cmd  *exec.Cmd
	file string // its log
}

func startServe(t *testing.T, m *mastertest.Master, settings string) *served {
	t.Helper()
	dir, err := os.MkdirTemp("", "serve") // short enough for the operator's socket
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	port, err := freeport.Find()
	require.NoError(t, err)
	admin, err := freeport.Find()
	require.NoError(t, err)
	conf := m.Config()
	conf["netapi_enable_clients"] = []string{"local"}
	conf["rest_wsgi"] = map[string]any{"port": port, "no_such_option": 1}
	text, err := json.Marshal(conf) // JSON is YAML
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "master"), text, 0o600))
	file := filepath.Join(dir, "saltern.yaml")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, "state_dir: %s/state\nadmin: {listen: '127.0.0.1:%d'}\n%s", dir, admin, settings), 0o600))

	p := &served{url: fmt.Sprintf("http://localhost:%d", port), file: filepath.Join(dir, "log")}
	log, err := os.Create(p.file)
	require.NoError(t, err)
	defer log.Close() //nolint:errcheck // the process has its own
	p.cmd = exec.Command("saltern", "serve", "-c", dir, "--config", file)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		}
	})
	require.Eventually(t, func() bool {
		resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/readyz", admin))
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, patience, 20*time.Millisecond, "it is not ready")
	return p
}

func (p *served) log(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(p.file)
	require.NoError(t, err)
	return string(text)
}
