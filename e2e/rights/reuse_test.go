package rights

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// fileUser is a user of the eauth module file, and of auto.
const fileUser = "gene"

// reusing is a master with users of the modules file and auto, and a gateway
// that reuses their tokens for a minute.
type reusing struct {
	*env.Env
	passwords string // the file of module file
}

func startReusing(t *testing.T, salt string, more map[string]any) reusing {
	t.Helper()
	f := reusing{passwords: filepath.Join(t.TempDir(), "passwords")}
	f.setPassword(t, "OceanMan")
	conf := map[string]any{"external_auth": map[string]any{
		"sharedsecret": map[string]any{sandbox.UserAll: []string{".*", "@runner", "@wheel", "@jobs"}},
		"file":         map[string]any{"^filename": f.passwords, fileUser: []string{"test.*"}},
		"auto":         map[string]any{fileUser: []string{"test.*"}},
		"pam":          map[string]any{env.User: []string{"test.*"}},
	}}
	maps.Copy(conf, more)
	f.Env = suite.Own(t, env.Options{
		Sandbox:  sandbox.Options{Salt: salt, WorkerThreads: envtest.FewWorkers, MasterConfig: conf},
		Settings: "auth: {reuse: 1m}\n",
	})
	require.NoError(t, os.WriteFile(filepath.Join(f.Dir(), "pki", "minions", "web1"), []byte("a key"), 0o600))
	// It waits until the gateway knows the master's store, from which it is to
	// remove tokens.
	require.Equal(t, http.StatusOK, envtest.Post(t, f.Env, env.Chunk(env.User, `"client": "local_async", "tgt": "nobody", "fun": "test.ping"`)).Status)
	return f
}

func (f reusing) setPassword(t *testing.T, password string) {
	t.Helper()
	require.NoError(t, os.WriteFile(f.passwords, []byte(fileUser+":"+password+"\n"), 0o600))
}

// run sends a command and returns the answer's status.
func (f reusing) run(t *testing.T, module, password, fun string) int {
	t.Helper()
	a := envtest.Post(t, f.Env, fmt.Sprintf(
		`[{"eauth": %q, "username": %q, "password": %q, "client": "local_async", "tgt": "web1", "fun": %q}]`,
		module, fileUser, password, fun))
	if a.Status == http.StatusOK {
		require.Contains(t, a.Body, `"minions": ["web1"]`)
	}
	return a.Status
}

// tokens are those of the user that the master has.
func (f reusing) tokens(t *testing.T, module string) (tokens []string) {
	t.Helper()
	for _, name := range envtest.TokenFiles(t, f.Env) {
		record, err := envtest.TokensOf(t, f.Env).Read(strings.TrimSuffix(name, ".p"))
		if err == nil && record.User == fileUser && record.Eauth == module {
			tokens = append(tokens, record.Token)
		}
	}
	return tokens
}

func (f reusing) requireTokens(t *testing.T, module string, want int) {
	t.Helper()
	envtest.RequireEventually(t, func() bool { return len(f.tokens(t, module)) == want })
}

// TestReuse sends requests with the same name and password: the master makes
// one token for them, and decides about each command as before.
func TestReuse(t *testing.T) {
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			f := startReusing(t, salt, nil)
			for _, module := range []string{"file", "auto"} {
				require.Equal(t, http.StatusOK, f.run(t, module, "OceanMan", "test.ping"))
				made := f.tokens(t, module)
				require.Len(t, made, 1, module)
				for range 3 {
					require.Equal(t, http.StatusOK, f.run(t, module, "OceanMan", "test.ping"))
				}
				require.Equal(t, made, f.tokens(t, module))
			}

			// What the rules forbid is forbidden, and the token, which the
			// master has put on its bus, serves nobody else.
			made := f.tokens(t, "file")
			require.Equal(t, http.StatusUnauthorized, f.run(t, "file", "OceanMan", "cmd.run"))
			f.requireTokens(t, "file", 0)
			require.Equal(t, http.StatusOK, f.run(t, "file", "OceanMan", "test.ping"))
			require.NotEqual(t, made, f.tokens(t, "file"))

			// Another password is another matter.
			made = f.tokens(t, "file")
			require.Equal(t, http.StatusUnauthorized, f.run(t, "file", "guess", "test.ping"))
			require.Equal(t, made, f.tokens(t, "file"))

			// The new password is good at once, and ends what the old one was.
			f.setPassword(t, "SeaWoman")
			require.Equal(t, http.StatusOK, f.run(t, "file", "SeaWoman", "test.ping"))
			require.Equal(t, http.StatusUnauthorized, f.run(t, "file", "OceanMan", "test.ping"))
			f.requireTokens(t, "file", 1)

			// Where a token is gone from the store, the request is checked by
			// the master, with a token for it alone.
			require.NoError(t, envtest.TokensOf(t, f.Env).Remove(f.tokens(t, "file")[0]))
			require.Equal(t, http.StatusOK, f.run(t, "file", "SeaWoman", "test.ping"))
			f.requireTokens(t, "file", 0)
			require.Equal(t, http.StatusOK, f.run(t, "file", "SeaWoman", "test.ping"))
			require.NoError(t, envtest.TokensOf(t, f.Env).Remove(f.tokens(t, "file")[0]))
			f.setPassword(t, "changed")
			require.Equal(t, http.StatusUnauthorized, f.run(t, "file", "SeaWoman", "test.ping"))

			// A login has a token of its own, which outlives the others.
			require.Equal(t, http.StatusOK, f.run(t, "file", "changed", "test.ping"))
			made = f.tokens(t, "file")
			login := envtest.Send(t, f.Env, f.Main+"/login", envtest.Request{
				Body: fmt.Sprintf(`{"eauth": "file", "username": %q, "password": "changed"}`, fileUser),
			})
			require.Equal(t, http.StatusOK, login.Status, login.Body)
			f.requireTokens(t, "file", len(made)+1)
			f.rightsChange(t)

			require.NoError(t, f.StopGateway(t.Context()))
			f.requireTokens(t, "auto", 0)
			f.requireTokens(t, "file", 1)
			require.NoError(t, f.StartGateway(t.Context()))
		})
	}
}

// rightsChange gives the user other rights on the master while a token is kept.
func (f reusing) rightsChange(t *testing.T) {
	t.Helper()
	began := time.Now()
	require.Equal(t, http.StatusOK, f.run(t, "auto", "any", "test.ping"))
	made := f.tokens(t, "auto")
	require.Len(t, made, 1)
	require.NoError(t, f.StopMaster(t.Context()))
	path := filepath.Join(f.ConfDir(), "master")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	changed := strings.ReplaceAll(string(text), "test.*", "grains.*")
	require.NotEqual(t, changed, string(text))
	require.NoError(t, os.WriteFile(path, []byte(changed), 0o600))
	require.NoError(t, f.StartMaster(t.Context()))
	envtest.RequireEventually(t, func() bool { return f.run(t, "auto", "any", "grains.items") == http.StatusOK })
	if time.Since(began) < 50*time.Second { // else the token's time was over
		require.Equal(t, made, f.tokens(t, "auto"), "the same token")
	}
	require.Equal(t, http.StatusUnauthorized, f.run(t, "auto", "any", "test.ping"))
}

// TestNoReuseWhereTokensHaveRights is for a master that writes into a token what
// the user may do: it makes one for each request.
func TestNoReuseWhereTokensHaveRights(t *testing.T) {
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			f := startReusing(t, salt, map[string]any{"keep_acl_in_token": true})
			for range 2 {
				require.Equal(t, http.StatusOK, f.run(t, "file", "OceanMan", "test.ping"))
			}
			f.setPassword(t, "changed")
			require.Equal(t, http.StatusUnauthorized, f.run(t, "file", "OceanMan", "test.ping"))
		})
	}
}
