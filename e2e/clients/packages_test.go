package clients

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

// installed is the folder that a variable names, into which make test-clients
// has put what a test needs. Without the variable the test skips.
func installed(t *testing.T, variable string) string {
	t.Helper()
	dir := os.Getenv(variable)
	if dir == "" {
		t.Skip(variable + " is not set, so this client is not tested (make test-clients installs it and sets the variable)")
	}
	return dir
}

// calls runs a program that prints the name of each call that was answered
// well, and wants all of them.
func calls(t *testing.T, want []string, program string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	require.NoError(t, err, "%s%s", out, errs.String())
	require.Equal(t, want, strings.Split(strings.TrimSpace(string(out)), "\n"))
}

// TestSaltypie runs the calls of the Python package saltypie.
func TestSaltypie(t *testing.T) {
	dir := installed(t, "SALTERN_PYTHON_CLIENTS")
	eachTarget(t, func(t *testing.T, g target) {
		calls(t, []string{
			"login", "execute", "local, list", "local, returner", "local, pillar", "raw output",
			"local_async", "local_async, waiting", "local_async without a minion",
			"runner", "runner with a target", "runner_async", "wheel", "wheel, keywords",
			"versions", "highstate", "get", "wrong password",
		}, filepath.Join(dir, "bin", "python"), "python/saltypie_calls.py", g.url+"/", env.User, env.User)
	})
}

// TestNodeSaltAPI runs the calls of the npm package salt-api.
func TestNodeSaltAPI(t *testing.T) {
	dir := installed(t, "SALTERN_NODE_CLIENTS")
	eachTarget(t, func(t *testing.T, g target) {
		calls(t, []string{
			"login", "fun", "fun, options", "fun, one argument", "fun, client", "minions", "minions, one",
			"jobs", "jobs, one", "events", "wrong password",
		}, "node", "node/calls.mjs", dir, g.url, env.User, env.User)
	})
}

// TestSaltAPICLI runs the command line of the Python package salt-api-cli,
// which keeps its token in the home folder.
func TestSaltAPICLI(t *testing.T) {
	dir := installed(t, "SALTERN_PYTHON_CLIENTS")
	eachTarget(t, func(t *testing.T, g target) {
		home := t.TempDir()
		token := filepath.Join(home, ".cache", "salt-api-cli", "token.json")
		try := func(t *testing.T, password string, args ...string) (out, errs string, err error) {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, filepath.Join(dir, "bin", "salt"), args...)
			cmd.Env = append(os.Environ(), "HOME="+home, "COLUMNS=200",
				"SALT_API_URL="+g.url, "SALT_API_USER="+env.User, "SALT_API_PASS="+password)
			var o, e strings.Builder
			cmd.Stdout, cmd.Stderr = &o, &e
			err = cmd.Run()
			return o.String(), e.String(), err
		}
		run := func(t *testing.T, args ...string) string {
			t.Helper()
			out, errs, err := try(t, env.User, args...)
			require.NoError(t, err, "%s%s", out, errs)
			return out
		}
		first := func(t *testing.T, v any, args ...string) {
			t.Helper()
			firstReturn(t, run(t, args...), v)
		}

		t.Run("local", func(t *testing.T) {
			var all map[string]any
			first(t, &all, "local", "*", "test.arg", "one", "two=2")
			require.Len(t, all, len(minions))
			require.Equal(t, map[string]any{"args": []any{"one"}, "kwargs": map[string]any{"two": "2"}}, withoutPub(all["ms--0"]))
		})
		t.Run("the token is kept", func(t *testing.T) {
			before, err := os.ReadFile(token)
			require.NoError(t, err)
			var kept struct{ Token string }
			require.NoError(t, json.Unmarshal(before, &kept))
			require.NotEmpty(t, kept.Token)
			run(t, "local", "ms--0", "test.ping")
			after, err := os.ReadFile(token)
			require.NoError(t, err)
			require.Equal(t, string(before), string(after))
		})
		t.Run("a token that is gone is replaced", func(t *testing.T) {
			stale, err := json.Marshal(map[string]any{"token": strings.Repeat("0", 40), "expire": time.Now().Add(time.Hour).Unix()})
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(token, stale, 0o600))
			var all map[string]bool
			first(t, &all, "local", "ms--0", "test.ping")
			require.Equal(t, map[string]bool{"ms--0": true}, all)
		})
		t.Run("runner", func(t *testing.T) {
			var up []string
			first(t, &up, "runner", "manage.up")
			require.ElementsMatch(t, minions, up)
		})
		t.Run("wheel", func(t *testing.T) {
			var keys struct {
				Data struct{ Return map[string][]string }
			}
			first(t, &keys, "wheel", "key.list", "match=accepted")
			require.ElementsMatch(t, minions, keys.Data.Return["minions"])
		})
		t.Run("cmd", func(t *testing.T) {
			out := run(t, "cmd", "ms--[01]", "echo hello")
			require.Equal(t, 2, strings.Count(out, "hello"), out)
			require.Contains(t, out, "ms--0")
		})
		t.Run("state", func(t *testing.T) {
			// There is no top file, which is what the answer says.
			out, _, _ := try(t, env.User, "state", "test", "ms--2")
			require.Contains(t, out, "ms--2")
			require.Contains(t, out, "1 failed")
		})
		t.Run("keys", func(t *testing.T) {
			out := run(t, "keys", "list")
			for _, id := range minions {
				require.Contains(t, out, id)
			}
		})
		t.Run("logout and a wrong password", func(t *testing.T) {
			require.Contains(t, run(t, "logout"), "discarded cached token")
			_, errs, err := try(t, "wrong", "local", "*", "test.ping")
			require.Error(t, err)
			require.Contains(t, errs, "401")
		})
	})
}
