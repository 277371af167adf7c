package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/lowstate/saltssh/sshdtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// sshMaster is a master with a roster of hosts on a private sshd, salt-api and
// Saltern before it.
type sshMaster struct {
	*env.Env
	dir string // of the roster
	key string // that ssh shows

	forward string // a tunnel from the host back to its sshd
}

// startSSH starts one. Salt 3006 and 3008 do not share a thin_dir.
func startSSH(t *testing.T, salt string) *sshMaster {
	t.Helper()
	d := sshdtest.Start(t)
	m := &sshMaster{dir: t.TempDir(), key: d.Key, forward: fmt.Sprintf("0:127.0.0.1:%d", d.Port)}
	host := map[string]any{
		"thin_dir": m.path("thin"),
		"set_path": filepath.Join(salt, "bin") + ":/usr/bin:/bin", // whose python is sure to run this Salt
	}
	dead := map[string]any{"port": 1}
	maps.Copy(dead, host)
	locked := map[string]any{"priv": m.path("stranger")}
	maps.Copy(locked, host)
	out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", m.path("stranger")).CombinedOutput()
	require.NoError(t, err, string(out))
	roster, err := yaml.Marshal(map[string]any{"web": d.Entry(host), "dead": d.Entry(dead), "locked": d.Entry(locked)})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(m.path("roster"), roster, 0o600))

	m.Env, err = env.Start(t.Context(), env.Options{
		Saltern:  suite.Program(t),
		Settings: fmt.Sprintf("ssh:\n  program: %s\n", filepath.Join(salt, "bin", "salt-ssh")),
		Sandbox: sandbox.Options{
			Salt: salt, SaltAPI: true, WorkerThreads: envtest.FewWorkers,
			MasterConfig: map[string]any{
				"roster_file": m.path("roster"), "rosters": []string{m.dir}, "ssh_priv": d.Key, "ssh_log_file": m.path("ssh.log"),
				"no_host_keys":          true, // no known_hosts file is touched
				"netapi_enable_clients": []string{"local", "ssh"}, "netapi_allow_raw_shell": true, "rest_timeout": 120,
				"external_auth": map[string]any{"sharedsecret": map[string]any{
					sandbox.UserAll:      []string{".*", "@runner", "@wheel", "@jobs"},
					sandbox.UserTestOnly: []string{"test.*", "user.*"},
					"webmaster":          []any{map[string]any{"web*": []string{"test.*"}}},
					"deadmaster":         []any{map[string]any{"dead*": []string{"test.*"}}},
					"nobody":             []string{},
				}},
			},
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Stop(context.WithoutCancel(t.Context()))) })
	// There is a minion of the name of a host.
	require.NoError(t, os.WriteFile(filepath.Join(m.Dir(), "pki", "minions", "web"), []byte("a key"), 0o600))
	return m
}

func (m *sshMaster) path(name string) string { return filepath.Join(m.dir, name) }

// body is a lowstate of one chunk.
func (m *sshMaster) body(user, chunk string) string {
	return fmt.Sprintf(`[{"client": "ssh", "eauth": "sharedsecret", "username": %q, "password": %q, %s}]`,
		user, m.Secret(), chunk)
}

func (m *sshMaster) post(t *testing.T, url, body string) env.Answer {
	t.Helper()
	a, err := m.Post(t.Context(), url, body)
	require.NoError(t, err)
	return a
}

func TestSSH(t *testing.T) {
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			m := startSSH(t, salt)
			// The first call of all copies Salt to the host.
			warm := m.post(t, m.SaltAPIURL()+"/run", m.body(sandbox.UserAll, `"tgt": "web", "fun": "test.ping"`))
			require.Equal(t, http.StatusOK, warm.Status, warm.Body)
			t.Run("answers", m.answers)
			t.Run("refusals", m.refusals)
			t.Run("privileges", m.privileges)
			t.Run("injections", m.injections)
			t.Run("a client that hangs up", m.hangUp)
		})
	}
}

// answers are salt-api's, but for ids and times.
func (m *sshMaster) answers(t *testing.T) {
	for name, chunk := range map[string]string{
		"all hosts":      `"tgt": "*", "fun": "test.ping"`,
		"a list":         `"tgt": ["web"], "tgt_type": "list", "fun": "test.false"`,
		"arguments":      `"tgt": "w.b", "tgt_type": "pcre", "fun": "test.arg", "arg": ["5", "k=7", "two words", "-x", "[1, x]"]`,
		"keywords":       `"tgt": "web", "fun": "test.arg", "kwarg": {"one": "first", "n": 5}`,
		"an exit code":   `"tgt": "web", "fun": "cmd.run", "arg": ["echo \"$HOME\"; exit 3"]`,
		"no such thing":  `"tgt": "web", "fun": "nope.nope"`,
		"nobody":         `"tgt": "nobody-at-all", "fun": "test.ping"`,
		"a wrapper":      `"tgt": "web", "fun": "grains.get", "arg": ["kernel"]`,
		"a raw command":  `"tgt": "web", "fun": "echo hi; echo there", "raw_shell": true`,
		"other settings": `"tgt": "web", "fun": "test.ping", "ssh_user": "somebody", "timeout": 5, "ssh_wipe": false`,
	} {
		t.Run(name, func(t *testing.T) {
			body := m.body(sandbox.UserAll, chunk)
			want, got := m.post(t, m.SaltAPIURL()+"/run", body), m.post(t, m.WSGI, body)
			require.Equal(t, http.StatusOK, want.Status, want.Body)
			require.Equal(t, http.StatusOK, got.Status, got.Body)
			require.Equal(t, sshAnswer(t, want.Body), sshAnswer(t, got.Body))
		})
	}
}

// sshAnswer is an answer without what differs from call to call.
func sshAnswer(t *testing.T, body string) map[string]any {
	t.Helper()
	var answer struct{ Return []map[string]any }
	require.NoError(t, json.Unmarshal([]byte(body), &answer), body)
	require.Len(t, answer.Return, 1)
	for _, entry := range answer.Return[0] {
		e, ok := entry.(map[string]any)
		if !ok {
			continue
		}
		require.Regexp(t, `^\d{20}$`, e["jid"])
		require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`, e["_stamp"])
		delete(e, "jid")
		delete(e, "_stamp")
		if ret, ok := e["return"].(map[string]any); ok {
			if kwargs, ok := ret["kwargs"].(map[string]any); ok {
				maps.DeleteFunc(kwargs, func(k string, _ any) bool { return strings.HasPrefix(k, "__pub_") })
			}
		}
	}
	return answer.Return[0]
}

func (m *sshMaster) refusals(t *testing.T) {
	for name, tc := range map[string]struct {
		body   string
		status int
	}{
		"a wrong password":  {strings.Replace(m.body(sandbox.UserAll, `"tgt": "web", "fun": "test.ping"`), m.Secret(), "wrong", 1), 401},
		"a random eauth":    {strings.Replace(m.body(sandbox.UserAll, `"tgt": "web", "fun": "test.ping"`), "sharedsecret", "xx", 1), 401},
		"no credentials":    {`[{"client": "ssh", "tgt": "web", "fun": "test.ping"}]`, 401},
		"a token of air":    {`[{"client": "ssh", "tgt": "web", "fun": "test.ping", "token": "` + strings.Repeat("0a", 32) + `"}]`, 401},
		"an empty token":    {`[{"client": "ssh", "tgt": "web", "fun": "test.ping", "token": ""}]`, 401},
		"another function":  {m.body(sandbox.UserTestOnly, `"tgt": "web", "fun": "cmd.run", "arg": "touch `+m.path("marker")+`"`), 401},
		"another target":    {m.body("webmaster", `"tgt": "*", "fun": "test.ping"`), 401},
		"an unknown user's": {m.body("stranger", `"tgt": "web", "fun": "test.ping"`), 401},
		"no minion's name":  {m.body("deadmaster", `"tgt": "dead", "fun": "test.ping"`), 401},
		"find_job":          {m.body("nobody", `"tgt": "web", "fun": "saltutil.find_job", "arg": ["20260101000000000001"]`), 401},
		"find_job anywhere": {m.body("nobody", `"tgt": "root@127.0.0.1", "fun": "saltutil.find_job"`), 401},
		"an unknown target": {m.body(sandbox.UserAll, `"tgt": "os:Linux", "tgt_type": "grain", "fun": "test.ping"`), 400},
	} {
		t.Run(name, func(t *testing.T) {
			a := m.post(t, m.WSGI, tc.body)
			require.Equal(t, tc.status, a.Status, a.Body)
			require.NotContains(t, a.Body, "jid")
			if tc.status == 401 && name != "a random eauth" { // salt-api's text of that is another's business
				a := m.post(t, m.SaltAPIURL()+"/run", tc.body)
				require.Equal(t, tc.status, a.Status, "salt-api: %s", a.Body)
			}
		})
	}
	require.NoFileExists(t, m.path("marker"))
	for user, chunk := range map[string]string{
		sandbox.UserTestOnly: `"tgt": "web", "fun": "test.ping"`,
		"webmaster":          `"tgt": "we*", "fun": "test.ping"`,
	} {
		a := m.post(t, m.WSGI, m.body(user, chunk))
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		require.Contains(t, a.Body, `"return": true`)
		require.Equal(t, http.StatusOK, m.post(t, m.SaltAPIURL()+"/run", m.body(user, chunk)).Status)
	}
}

// sshRows are the rows of docs/differences.md about the client ssh, and the test that
// shows them.
var sshRows = map[string]string{
	"S1": "privileges", "S2": "privileges", "S3": "privileges", "S4": "TestSSHAuthorisationAgrees of package lowstate",
	"S5": "TestSSHAuthorisationAgrees of package lowstate", "S6": "TestSSHAuthorisationAgrees of package lowstate", "S7": "injections",
}

func TestSSHList(t *testing.T) {
	text, err := os.ReadFile("../../docs/differences.md")
	require.NoError(t, err)
	var rows []string
	for _, match := range regexp.MustCompile(`(?m)^\| (S\d+) \|`).FindAllStringSubmatch(string(text), -1) {
		rows = append(rows, match[1])
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(sshRows)), rows)
}

// privileges are some of what salt-api lets a caller do who may call test.* and
// user.*, and what is for those who may call anything here. Package lowstate has
// the others.
func (m *sshMaster) privileges(t *testing.T) {
	for name, tc := range map[string]struct{ chunk, refused string }{
		"S1, a user and an address": {`"tgt": "somebody@127.0.0.1", "fun": "test.ping"`, "a target that may be none of the roster's"},
		"S1, an address as a pcre":  {`"tgt": "127.0.0.1", "tgt_type": "pcre", "fun": "test.ping"`, ""},
		"S2, a key":                 {`"tgt": "web", "fun": "test.ping", "ssh_priv": "` + m.key + `"`, "ssh_priv"},
		"S2, an option":             {`"tgt": "web", "fun": "test.ping", "ssh_options": ["ConnectTimeout=5"]`, "ssh_options"},
		"S2, a tunnel":              {`"tgt": "web", "fun": "test.ping", "ssh_remote_port_forwards": "` + m.forward + `"`, "ssh_remote_port_forwards"},
		"S2, code":                  {`"tgt": "web", "fun": "test.ping", "thin_extra_mods": "yaml"`, "thin_extra_mods"},
		"S2, a roster":              {`"tgt": "web", "fun": "test.ping", "roster_file": "roster"`, "roster_file"},
		"S3, a command":             {`"tgt": "web", "fun": "users", "raw_shell": true`, "raw_shell"},
	} {
		t.Run(name, func(t *testing.T) {
			a := m.post(t, m.WSGI, m.body(sandbox.UserTestOnly, tc.chunk))
			if tc.refused == "" { // nothing matches, and nobody is connected to
				require.Equal(t, http.StatusOK, a.Status, a.Body)
				require.JSONEq(t, `{"return": [{}]}`, a.Body)
			} else {
				require.Equal(t, http.StatusUnauthorized, a.Status, a.Body)
				require.Contains(t, a.Body, tc.refused+" is for callers with unrestricted rights.")
			}
			theirs := make(chan env.Answer, 1)
			go func() { // salt-api lets this user do it, and Saltern another
				a, err := m.Post(t.Context(), m.SaltAPIURL()+"/run", m.body(sandbox.UserTestOnly, tc.chunk))
				if err != nil {
					a.Body = err.Error()
				}
				theirs <- a
			}()
			got, want := m.post(t, m.WSGI, m.body(sandbox.UserAll, tc.chunk)), <-theirs
			require.Equal(t, http.StatusOK, want.Status, "salt-api: %s", want.Body)
			require.Equal(t, http.StatusOK, got.Status, got.Body)
			require.Equal(t, sshAnswer(t, want.Body), sshAnswer(t, got.Body))
		})
	}
}

// injections are those of Salt's own tests of its client ssh
// (CVE-2020-16846, CVE-2020-25592, CVE-2021-3148, CVE-2021-3197), sent to the
// real salt-ssh: no way leads to a command on the master's host.
func (m *sshMaster) injections(t *testing.T) {
	marker := m.path("marker")
	for name, chunk := range map[string]string{
		"ssh_priv":                 `"tgt": "web", "ssh_priv": "aaa|id>$M #"`,
		"tgt":                      `"tgt": "root|id>$M #@127.0.0.1"`,
		"ssh_port":                 `"tgt": "web", "ssh_port": "hhhhh|id>$M #"`,
		"ssh_options":              `"tgt": "web", "ssh_options": ["|id>$M #", "lol"]`,
		"ssh_remote_port_forwards": `"tgt": "web", "ssh_remote_port_forwards": "hhhhh|id>$M #, lol"`,
		"thin_extra_mods":          `"tgt": "web", "thin_extra_mods": "';touch $M;'"`,
		"ProxyCommand":             `"tgt": "web", "ssh_options": ["ProxyCommand=touch $M"]`,
		"ProxyCommand in priv":     `"tgt": "web", "ssh_priv": "/x -o ProxyCommand=touch${IFS}$M"`,
		"proxycommand":             `"tgt": "web", "ssh_options": ["proxycommand=touch $M"]`,
		"ProxyCommand for a host":  `"tgt": "root@-oProxyCommand=touch${IFS}$M"`,
		"LocalCommand":             `"tgt": "web", "ssh_options": ["PermitLocalCommand=yes", "LocalCommand=touch $M"]`,
		"roster_file":              `"tgt": "web", "roster_file": "` + m.path("hidden/evil") + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			// A roster is a template, which can run commands.
			evil := "{% set x = salt['cmd.run']('touch " + marker + "') %}\nweb: 127.0.0.1\n"
			require.NoError(t, os.MkdirAll(m.path("hidden"), 0o700))
			require.NoError(t, os.WriteFile(m.path("hidden/evil"), []byte(evil), 0o600))
			chunk = strings.ReplaceAll(chunk, "$M", marker)
			a := m.post(t, m.WSGI, m.body(sandbox.UserAll, chunk+`, "fun": "test.ping"`))
			require.Equal(t, http.StatusBadRequest, a.Status, a.Body)
			require.NoFileExists(t, marker)
		})
	}
	a := m.post(t, m.WSGI, m.body(sandbox.UserAll, `"tgt": "web", "raw_shell": true, "fun": "-oProxyCommand=touch `+marker+`"`))
	require.Equal(t, http.StatusBadRequest, a.Status, a.Body)
	require.NoFileExists(t, marker)
}

// hangUp shows that a client that leaves takes salt-ssh, ssh and the command
// on the host with it.
func (m *sshMaster) hangUp(t *testing.T) {
	nap := fmt.Sprintf("4242.%07d", os.Getpid()) // seconds that nobody else sleeps, and no run of this test beside this one
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	started := m.path("started")
	go func() {
		body := m.body(sandbox.UserAll, `"tgt": "web", "fun": "cmd.run", "arg": ["touch `+started+`; sleep `+nap+`"]`)
		a, err := m.Post(ctx, m.WSGI, body)
		if err == nil {
			err = fmt.Errorf("%d %s", a.Status, a.Body)
		}
		done <- err
	}()
	late := time.After(time.Minute)
	for begun := false; !begun; {
		select {
		case err := <-done:
			t.Fatal("it was answered before the client left: ", err)
		case <-late:
			t.Fatal("the command has not begun")
		case <-time.After(20 * time.Millisecond):
			_, err := os.Stat(started)
			begun = err == nil
		}
	}
	require.NotEmpty(t, processes(t, "bin/salt-ssh", started))
	require.NotEmpty(t, processes(t, "ssh 127.0.0.1 ", m.key))
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	require.Eventually(t, func() bool {
		return len(processes(t, "bin/salt-ssh", started))+len(processes(t, "ssh 127.0.0.1 ", m.key)) == 0
	}, 20*time.Second, 50*time.Millisecond)
	for _, pid := range processes(t, "sleep", nap) {
		_ = syscall.Kill(pid, syscall.SIGKILL) // sshd does not end what a session without a terminal runs
	}
}

// processes are those whose command line has all the words in it.
func processes(t *testing.T, words ...string) (pids []int) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, path := range all {
		cmdline, err := os.ReadFile(path)
		line := strings.ReplaceAll(string(cmdline), "\x00", " ")
		if err != nil || slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		require.NoError(t, err)
		pids = append(pids, pid)
	}
	return pids
}
