package masters

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/internal/freeport"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// TestCluster runs two masters of one cluster, each with a minion and a gateway of its own: what one gateway runs reaches
// the minions of both, and the other one sees it. Then one master is stopped.
func TestCluster(t *testing.T) {
	for release, salt := range sandboxtest.Salts(t) {
		if release < "3007" {
			continue
		}
		t.Run(release, func(t *testing.T) {
			first, second := startCluster(t, salt)
			requireOneCluster(t, first, second)
			requireOneCluster(t, second, first)
			requireRestOfCluster(t, first, second)
		})
	}
}

// startCluster starts two masters, which serve nothing before both are there, with a minion each.
func startCluster(t *testing.T, salt string) (first, second *env.Env) {
	t.Helper()
	dir, err := os.MkdirTemp("", "pki")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	pool, err := freeport.Find()
	require.NoError(t, err)
	conf := func(address, peer string) map[string]any {
		return map[string]any{
			// A master sends to its peer's id.
			"id": address, "interface": address, "cluster_id": "cluster", "cluster_peers": []string{peer},
			"cluster_pki_dir": filepath.Join(dir, "pki"), "cluster_pool_port": pool,
			"cluster_join_timeout": 1, // 5 s, for masters that start at the same time
		}
	}
	options := func(address, peer string) sandbox.Options {
		return sandbox.Options{
			Salt: salt, WorkerThreads: envtest.FewWorkers,
			MasterConfig: conf(address, peer), MinionConfig: map[string]any{"master": address},
		}
	}
	one := options("127.0.0.2", "127.0.0.3")
	founder, err := sandbox.Start(t.Context(), one)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, founder.Stop(context.Background())) })

	two := options("127.0.0.3", "127.0.0.2")
	two.Dir = shareCache(t, founder)
	second = suite.Own(t, env.Options{Sandbox: two})
	first, err = second.Another(t.Context(), env.More{Before: founder, Master: one.MasterConfig})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, first.Stop(context.Background())) })
	require.NoError(t, first.AddMinion(t.Context(), "ms--0"))
	require.NoError(t, second.AddMinion(t.Context(), "ms--1"))
	return first, second
}

// shareCache returns a folder for another master whose cachedir is that of s, but for the key of the tests' user: each
// master writes its own.
func shareCache(t *testing.T, s *sandbox.Sandbox) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "salt")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Mkdir(filepath.Join(dir, "cache"), 0o700))
	for _, shared := range []string{"jobs", "minions", "tokens", "sessions"} {
		require.NoError(t, os.MkdirAll(filepath.Join(s.CacheDir(), shared), 0o700))
		require.NoError(t, os.Symlink(filepath.Join(s.CacheDir(), shared), filepath.Join(dir, "cache", shared)))
	}
	return dir
}

// requireOneCluster runs commands before one master, and looks for them before the other.
func requireOneCluster(t *testing.T, one, other *env.Env) {
	t.Helper()
	session, there := envtest.Login(t, one, env.User), envtest.Login(t, other, env.User)
	for chunk, want := range map[string]string{
		`"client": "local", "tgt": "*", "fun": "test.ping"`:                               `[{"ms--0": true, "ms--1": true}]`,
		`"client": "local", "tgt": "ms--0,ms--1", "tgt_type": "list", "fun": "test.ping"`: `[{"ms--0": true, "ms--1": true}]`,
		`"client": "local_subset", "subset": 2, "tgt": "*", "fun": "test.ping"`:           `[{"ms--0": true, "ms--1": true}]`,
		`"client": "local_batch", "batch": "2", "tgt": "ms--0", "fun": "test.ping"`:       `[{"ms--0": true}]`,
		`"client": "local_batch", "batch": "2", "tgt": "ms--1", "fun": "test.ping"`:       `[{"ms--1": true}]`,
		`"client": "runner", "fun": "manage.up"`:                                          `[["ms--0", "ms--1"]]`,
	} {
		a := envtest.SessionRequest(t, one, session, http.MethodPost, "/", "[{"+chunk+"}]")
		require.Equal(t, http.StatusOK, a.Status, "%s: %s", chunk, a.Body)
		require.JSONEq(t, `{"return": `+want+`}`, a.Body, chunk)
	}
	a := envtest.SessionRequest(t, one, session, http.MethodPost, "/", `[{"client": "wheel", "fun": "key.list", "match": "accepted"}]`)
	require.Contains(t, a.Body, `{"minions": ["ms--0", "ms--1"]}`)

	events := envtest.FollowEvents(t, other, there, "?tag=salt/job/*/ret/*")
	a = envtest.SessionRequest(t, one, session, http.MethodPost, "/", `[{"client": "local_async", "tgt": "*", "fun": "test.arg", "arg": ["marked"]}]`)
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	jid := jids.FindString(a.Body)
	seen := make(map[string]bool)
	for len(seen) < 2 {
		id, ok := envtest.Event(t, events.Until("salt/job/"+jid+"/ret/"))["id"].(string)
		require.True(t, ok)
		seen[id] = true
	}
	require.Equal(t, map[string]bool{"ms--0": true, "ms--1": true}, seen)
	for r, token := range map[*env.Env]string{one: session, other: there} {
		envtest.RequireEventually(t, func() bool {
			recorded := envtest.SessionRequest(t, r, token, http.MethodGet, "/v1/jobs/"+jid, "")
			kept := envtest.SessionRequest(t, r, token, http.MethodGet, "/jobs/"+jid, "")
			return strings.Contains(recorded.Body, `"state":"completed"`) && strings.Contains(recorded.Body, `"minions":["ms--0","ms--1"]`) &&
				strings.Contains(kept.Body, `"ms--0": {"args": ["marked"]`) && strings.Contains(kept.Body, `"ms--1": {"args": ["marked"]`)
		})
	}
}

// requireRestOfCluster stops one master: the other one goes on with its minions, and says which one does not return.
func requireRestOfCluster(t *testing.T, first, second *env.Env) {
	t.Helper()
	require.NoError(t, first.StopMaster(t.Context()))
	a := envtest.Post(t, first, env.Chunk(env.User, `"client": "runner", "fun": "test.arg"`))
	require.Equal(t, http.StatusServiceUnavailable, a.Status, a.Body)
	session := envtest.Login(t, second, env.User)
	a = envtest.SessionRequest(t, second, session, http.MethodPost, "/", `[{"client": "local", "tgt": "ms--1", "fun": "test.ping"}]`)
	require.JSONEq(t, `{"return": [{"ms--1": true}]}`, a.Body)
	a = envtest.SessionRequest(t, second, session, http.MethodPost, "/",
		`[{"client": "local", "tgt": "ms--0", "fun": "test.ping", "timeout": 1, "gather_job_timeout": 1}]`)
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	require.Regexp(t, `"ms--0": (false|"Minion did not return)`, a.Body)
}
