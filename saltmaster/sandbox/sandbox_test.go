package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestLateWorkers starts a master that would take requests long before its workers
// listen, and with two of them by then would answer no more: one of 3008 with
// transport tcp.
func TestLateWorkers(t *testing.T) {
	for version, salt := range sandboxtest.Salts(t) {
		if version < "3008" {
			continue // its port is its workers' own
		}
		t.Run(version, func(t *testing.T) {
			late, err := filepath.Abs("testdata/lateworkers")
			require.NoError(t, err)
			tcp := map[string]any{"transport": "tcp"}
			sb, err := sandbox.Start(t.Context(), sandbox.Options{
				Salt: salt, Minions: []string{"ms--0", "ms--1"}, WorkerThreads: 2, PythonPath: late,
				MasterConfig: tcp, MinionConfig: tcp,
			})
			require.NoError(t, err)
			require.NoError(t, sb.Stop(context.Background()))
		})
	}
}

// TestSandbox takes a whole real Salt through everything that other tests will
// do to it.
func TestSandbox(t *testing.T) {
	for version, salt := range sandboxtest.Salts(t) {
		t.Run(version, func(t *testing.T) {
			ctx := t.Context()
			pam := t.TempDir()
			err := sandbox.WritePAMService(pam, "login", map[string]string{
				sandbox.UserPAM:      "saltdev",
				sandbox.UserTestOnly: "only tests",
			})
			if os.Getenv("SALTERN_REQUIRE_PAM") == "1" {
				require.NoError(t, err)
			}
			if err != nil {
				pam = "" // the pam logins below are left out
				t.Log(err)
			}
			var log bytes.Buffer
			sb, err := sandbox.Start(ctx, sandbox.Options{
				Salt:          salt,
				Minions:       []string{"ms--0", "ms--1"},
				SaltAPI:       true,
				WorkerThreads: 3,
				PAMServiceDir: pam,
				MasterConfig:  map[string]any{"timeout": 7},
				Log:           &log,
			})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, sb.Stop(context.Background())) })
			require.Contains(t, log.String(), "minion ms--1 answers")
			require.FileExists(t, sb.MasterLog())

			everyone := map[string]any{"ms--0": true, "ms--1": true}
			ping := func(t *testing.T) {
				got, status := run(t, sb, "sharedsecret", sandbox.UserAll, sb.Secret(), "test.ping")
				require.Equal(t, http.StatusOK, status)
				require.Equal(t, everyone, got)
			}
			ping(t)

			t.Run("external_auth", func(t *testing.T) {
				_, status := run(t, sb, "sharedsecret", sandbox.UserTestOnly, sb.Secret(), "test.ping")
				require.Equal(t, http.StatusOK, status)
				_, status = run(t, sb, "sharedsecret", sandbox.UserTestOnly, sb.Secret(), "grains.ls")
				require.Equal(t, http.StatusUnauthorized, status)
				_, status = run(t, sb, "sharedsecret", sandbox.UserAll, "wrong", "test.ping")
				require.Equal(t, http.StatusUnauthorized, status)
			})
			t.Run("pam", func(t *testing.T) {
				if pam == "" {
					t.Skip("pam_matrix.so is not installed (make deps installs it)")
				}
				_, status := run(t, sb, "pam", sandbox.UserPAM, "saltdev", "grains.ls")
				require.Equal(t, http.StatusOK, status)
				_, status = run(t, sb, "pam", sandbox.UserPAM, "wrong", "test.ping")
				require.Equal(t, http.StatusUnauthorized, status)
				_, status = run(t, sb, "pam", sandbox.UserTestOnly, "only tests", "grains.ls")
				require.Equal(t, http.StatusUnauthorized, status)
			})
			t.Run("restart", func(t *testing.T) {
				require.NoError(t, sb.StopMaster(ctx))
				require.False(t, listens(sb.RetPort()))
				require.Error(t, sb.StopMaster(ctx))
				require.NoError(t, sb.StartMaster(ctx))
				require.Error(t, sb.StartMaster(ctx))
				ping(t)
				require.NoError(t, sb.KillMaster())
				require.False(t, listens(sb.RetPort()))
				require.NoError(t, sb.StartMaster(ctx))
				ping(t)
			})
			t.Run("pause", func(t *testing.T) {
				require.NoError(t, sb.PauseMaster())
				require.True(t, listens(sb.RetPort()), "a paused master keeps its port")
				require.NoError(t, sb.ResumeMaster())
				ping(t)
			})
			t.Run("another minion", func(t *testing.T) {
				require.NoError(t, sb.AddMinion(ctx, "web-1"))
				got, _ := run(t, sb, "sharedsecret", sandbox.UserAll, sb.Secret(), "test.ping")
				require.Equal(t, map[string]any{"ms--0": true, "ms--1": true, "web-1": true}, got)
				require.NoError(t, sb.RemoveMinion(ctx, "web-1"))
				ping(t)
				require.Error(t, sb.RemoveMinion(ctx, "web-1"))
			})
			t.Run("stop", func(t *testing.T) {
				stray(t, sb)
				require.NoError(t, sb.PauseMaster())
				require.NoError(t, sb.Stop(ctx))
				require.Empty(t, processesOf(t, sb.Dir()))
				require.NoDirExists(t, sb.Dir())
				require.NoError(t, sb.Stop(ctx), "a second Stop does nothing")
			})
		})
	}
}

// TestStartFails shows that a master that cannot start is reported at once, with
// what it said, and that nothing stays behind.
func TestStartFails(t *testing.T) {
	salt := sandboxtest.Newest(t)
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("sbfail%d", os.Getpid()))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	_, err := sandbox.Start(t.Context(), sandbox.Options{
		Salt: salt, Dir: dir,
		MasterConfig: map[string]any{"interface": "192.0.2.1"}, // not an address of any machine
	})
	require.ErrorContains(t, err, "master has ended")
	require.ErrorContains(t, err, "192.0.2.1")
	require.Empty(t, processesOf(t, dir))
	require.DirExists(t, dir, "a folder that the caller named stays")
}

func TestStartStopsWithContext(t *testing.T) {
	salt := sandboxtest.Newest(t)
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("sbctx%d", os.Getpid()))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := sandbox.Start(ctx, sandbox.Options{Salt: salt, Dir: dir, Minions: []string{"ms-0"}})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Empty(t, processesOf(t, dir))
}

// TestLauncherSeesChanges shows that what the launcher keeps of module files is not
// used once they have changed, and that new ones are found.
func TestLauncherSeesChanges(t *testing.T) {
	const program = `
import importlib, importlib.util, os, sys, time

folder = sys.argv[1]
sys.path.insert(0, folder)

def write(name, text, age=0):
    path = os.path.join(folder, name + ".py")
    with open(path, "w") as f:
        f.write(text)
    os.utime(path, (time.time() - age, time.time() - age))
    return path

def run(path):
    spec = importlib.util.spec_from_file_location("module", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.x

path = write("module", "x = 1", 60)
print(run(path), run(path))
write("module", "x = 2", 30)
print(run(path), run(path))
write("early", "x = 3")
import early
write("late", "x = 4")
importlib.invalidate_caches()
import late
print(early.x, late.x)
`
	for version, salt := range sandboxtest.Salts(t) {
		t.Run(version, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "program.py")
			require.NoError(t, os.WriteFile(file, []byte(program), 0o600))
			out, err := exec.CommandContext(t.Context(), filepath.Join(salt, "bin", "python"), "launcher.py", file, t.TempDir()).CombinedOutput()
			require.NoError(t, err, string(out))
			require.Contains(t, string(out), "1 1\n2 2\n3 4\n")
		})
	}
}

// stray leaves a process behind that a minion started in a session of its own,
// out of reach of a signal to the minion's process group.
func stray(t *testing.T, sb *sandbox.Sandbox) {
	t.Helper()
	pidfile := filepath.Join(sb.Dir(), "stray.pid")
	_, status := run(t, sb, "sharedsecret", sandbox.UserAll, sb.Secret(), "cmd.run",
		"setsid sh -c 'echo $$ > "+pidfile+"; exec sleep 600' >/dev/null 2>&1 </dev/null &")
	require.Equal(t, http.StatusOK, status)
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(pidfile)
		return err == nil && len(text) > 0
	}, 20*time.Second, 20*time.Millisecond)
}

// run calls fun on all minions through salt-api's /run.
func run(t *testing.T, sb *sandbox.Sandbox, eauth, user, password, fun string, arg ...string) (map[string]any, int) {
	t.Helper()
	body, err := json.Marshal([]map[string]any{{
		"client": "local", "tgt": "*", "fun": fun, "arg": append([]string{}, arg...),
		"eauth": eauth, "username": user, "password": password,
	}})
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, sb.SaltAPIURL()+"/run", bytes.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	res, err := client.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, res.Body.Close()) }()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	if res.StatusCode != http.StatusOK {
		return nil, res.StatusCode
	}
	var answer struct {
		Return []map[string]any `json:"return"`
	}
	require.NoError(t, json.Unmarshal(text, &answer))
	require.Len(t, answer.Return, 1)
	return answer.Return[0], res.StatusCode
}

func listens(port int) bool {
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

// processesOf lists the command lines of processes that carry the mark of the
// sandbox in dir.
func processesOf(t *testing.T, dir string) []string {
	t.Helper()
	var left []string
	environs, err := filepath.Glob("/proc/[0-9]*/environ")
	require.NoError(t, err)
	for _, path := range environs {
		if text, err := os.ReadFile(path); err == nil && strings.Contains(string(text), "SALTERN_SANDBOX="+dir+"#") {
			cmdline, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
			left = append(left, string(cmdline))
		}
	}
	return left
}
