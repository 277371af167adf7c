package masters

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// Users that each machine has. Nothing of the machine is changed for them.
const (
	otherUser = "nobody"
	thirdUser = "daemon"
)

// TestUser runs everything that a gateway does with a master of another user than root: as the master's user, as the
// packaged salt-api runs, and as root. A gateway of a third user does not start.
func TestUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("it takes root to start a master of another user; before a master of the tests' own user, which is not root, are all other tests")
	}
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			same := suite.Own(t, env.Options{
				User:    otherUser,
				Sandbox: sandbox.Options{Salt: salt, WorkerThreads: envtest.FewWorkers, Minions: []string{"ms--0"}, User: otherUser},
			})
			requireServed(t, same)
			requireFilesUsed(t, same)

			root, err := same.Another(t.Context(), env.More{})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, root.Stop(context.Background())) })
			requireServed(t, root)
			requireFilesUsed(t, root)

			_, err = same.Another(t.Context(), env.More{User: thirdUser})
			require.ErrorContains(t, err, "/master: permission denied")
			require.Contains(t, configTestAs(t, same, thirdUser),
				"/master_event_pub.ipc: permission denied; run Saltern as the master's user or as root")
		})
	}
}

// configTestAs returns what config-test prints to a user who may read the master's file, and nothing else of the master.
func configTestAs(t *testing.T, r *env.Env, user string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "third")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o755))
	for name, from := range map[string]string{"saltern": suite.Program(t), "master": filepath.Join(r.GatewayConf(), "master")} {
		content, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o755))
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "saltern"), "config-test", "-c", dir)
	credential, err := sandbox.Credential(user)
	require.NoError(t, err)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	out, err := cmd.CombinedOutput()
	require.Error(t, err, string(out))
	return string(out)
}

// requireFilesUsed checks what the gateway does in the master's folders: it reads jobs and minions, and writes and
// removes tokens. All there is the master's afterwards, so that the master can read and remove it.
func requireFilesUsed(t *testing.T, r *env.Env) {
	t.Helper()
	before := envtest.TokenFiles(t, r)
	session := envtest.Login(t, r, env.User)
	made := envtest.Added(before, envtest.TokenFiles(t, r))
	require.NotEmpty(t, made)
	requireOwned(t, r)

	a := envtest.SessionRequest(t, r, session, http.MethodPost, "/", `[{"client": "local_async", "tgt": "*", "fun": "test.ping"}]`)
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	jid := jids.FindString(a.Body)
	envtest.RequireEventually(t, func() bool {
		kept := envtest.SessionRequest(t, r, session, http.MethodGet, "/jobs/"+jid, "")
		recorded := envtest.SessionRequest(t, r, session, http.MethodGet, "/v1/jobs/"+jid, "")
		return strings.Contains(kept.Body, `"return": [{"ms--0": true}]`) && strings.Contains(recorded.Body, `"state":"completed"`)
	})
	a = envtest.SessionRequest(t, r, session, http.MethodGet, "/jobs", "")
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	require.Contains(t, a.Body, jid)
	a = envtest.SessionRequest(t, r, session, http.MethodGet, "/v1/minions?grain=id:ms--0", "")
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	require.Contains(t, a.Body, `"id":"ms--0","keys":["accepted"],"connected":true`)
	for _, elsewhere := range []string{"are looked up by the master", "are not read here", "cannot be written here"} {
		require.NotContains(t, r.Log(), elsewhere)
	}
	requireOwned(t, r)

	a = envtest.SessionRequest(t, r, session, http.MethodPost, "/logout", "")
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	require.NotContains(t, a.Body, "the master takes it until")
	require.Empty(t, envtest.Added(before, envtest.TokenFiles(t, r)))
	requireOwned(t, r)
}

// requireOwned checks that all files in the master's folder are its user's.
func requireOwned(t *testing.T, r *env.Env) {
	t.Helper()
	user, err := sandbox.Credential(otherUser)
	require.NoError(t, err)
	require.NoError(t, filepath.WalkDir(r.CacheDir(), func(path string, entry fs.DirEntry, err error) error {
		var info fs.FileInfo
		if err == nil {
			info, err = entry.Info()
		}
		if errors.Is(err, fs.ErrNotExist) { // the master has removed it
			return nil
		}
		require.NoError(t, err)
		stat, ok := info.Sys().(*syscall.Stat_t)
		require.True(t, ok)
		require.Equal(t, user.Uid, stat.Uid, path)
		return nil
	}))
}
