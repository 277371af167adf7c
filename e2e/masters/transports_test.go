package masters

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/internal/certtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// TestTransports runs everything that a gateway does with a master over each transport of the request channel but
// zeromq, which all other tests use: before a healthy master, a silent one, one that is away, and the same one again.
func TestTransports(t *testing.T) {
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) { transports(t, release, salt) })
	}
}

func transports(t *testing.T, release, salt string) {
	for name, ssl := range map[string]bool{"tcp": false, "tcp with TLS": true, "ws": false, "ws with TLS": true} {
		transport, _, _ := strings.Cut(name, " ")
		if transport == "ws" && strings.HasPrefix(release, "3006") {
			continue // it has none
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := map[string]any{"transport": transport}
			if ssl {
				options["ssl"] = certificates(t)
				// The pools' own connections have no TLS, and their workers refuse them.
				options["worker_pools_enabled"] = false
			}
			r := suite.Own(t, env.Options{
				Sandbox: sandbox.Options{
					Salt: salt, WorkerThreads: envtest.FewWorkers,
					MasterConfig: maps.Clone(options), MinionConfig: maps.Clone(options),
				},
				Settings: "master:\n  request_timeout: 3s\n",
			})
			// Minions that come before the master do not connect by ws, nor again when it is restarted.
			minions := envtest.Minions()[:2]
			for _, id := range minions {
				require.NoError(t, r.AddMinion(t.Context(), id))
			}
			requireServed(t, r)

			require.NoError(t, r.PauseMaster())
			a := envtest.Post(t, r, env.Chunk(env.User, envtest.GoodPing))
			require.Equal(t, http.StatusGatewayTimeout, a.Status, a.Body)
			require.NoError(t, r.ResumeMaster())
			requireBack(t, r)

			require.NoError(t, r.StopMaster(t.Context()))
			a = envtest.Post(t, r, env.Chunk(env.User, `"client": "runner", "fun": "test.arg"`))
			require.Equal(t, http.StatusServiceUnavailable, a.Status, a.Body)
			require.NoError(t, r.StartMaster(t.Context()))
			for _, id := range minions {
				require.NoError(t, r.RemoveMinion(t.Context(), id))
				require.NoError(t, r.AddMinion(t.Context(), id))
			}
			requireServed(t, r)
		})
	}
}

// certificates returns the option ssl with a pair of files of its own.
func certificates(t *testing.T) map[string]any {
	t.Helper()
	pair := certtest.New(t, nil)
	file := filepath.Join(t.TempDir(), "master.pem")
	require.NoError(t, os.WriteFile(file, append(pair.KeyPEM(t), pair.CertPEM()...), 0o600))
	return map[string]any{"certfile": file, "ca_certs": file, "cert_reqs": "CERT_REQUIRED"}
}

// requireBack waits until commands run again.
func requireBack(t *testing.T, r *env.Env) {
	t.Helper()
	envtest.RequireEventually(t, func() bool {
		return envtest.Post(t, r, env.Chunk(env.User, envtest.GoodPing)).Status == http.StatusOK
	})
}

// requireServed checks each way in which the master is used.
func requireServed(t *testing.T, r *env.Env) {
	t.Helper()
	requireBack(t, r)
	session := envtest.Login(t, r, env.User)
	events := envtest.FollowEvents(t, r, session, "?tag=salt/job/*/ret/ms--1")
	secret := fmt.Sprintf(`"eauth": "sharedsecret", "username": %q, "password": %q, `, sandbox.UserAll, r.Secret())
	for body, want := range map[string]string{
		`[{"client": "local", "tgt": "*", "fun": "test.ping"}]`:                                                                                 `{"return": [{"ms--0": true, "ms--1": true}]}`,
		`[{"client": "local_batch", "batch": "1", "tgt": "*", "fun": "test.ping"}]`:                                                             "",
		`[{"client": "local_subset", "subset": 2, "tgt": "*", "fun": "test.ping", ` + secret[:len(secret)-2] + `}]`:                             `{"return": [{"ms--0": true, "ms--1": true}]}`,
		`[{"client": "local", "tgt": "L@ms--1", "tgt_type": "compound", "fun": "test.echo", "arg": ["` + strings.Repeat("long", 5_000) + `"]}]`: `{"return": [{"ms--1": "` + strings.Repeat("long", 5_000) + `"}]}`,
		`[{"client": "local", "tgt": "nobody", "fun": "test.ping"}]`:                                                                            `{"return": [{}]}`,
		`[{"client": "runner", "fun": "test.arg", "arg": [7]}]`:                                                                                 `{"return": [{"args": [7], "kwargs": {}}]}`,
		`[{"client": "wheel", "fun": "key.finger", "match": "ms--0"}]`:                                                                          "",
	} {
		a := envtest.SessionRequest(t, r, session, http.MethodPost, "/", body)
		require.Equal(t, http.StatusOK, a.Status, "%.200s: %.200s", body, a.Body)
		if want != "" {
			require.Equal(t, parsed(t, want), parsed(t, a.Body), "%.200s", body)
		}
	}
	require.Contains(t, events.Until(`"fun": "test.ping"`), `"id": "ms--1"`)

	refused := envtest.Post(t, r, env.Chunk(env.ReadOnly, `"client": "runner", "fun": "test.arg"`))
	require.Equal(t, http.StatusUnauthorized, refused.Status, refused.Body)
}

func parsed(t *testing.T, text string) (v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(text), &v))
	return v
}
