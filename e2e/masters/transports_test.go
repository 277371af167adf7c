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
// zeromq, which all other tests use.
func TestTransports(t *testing.T) {
	eachMaster(t, map[string]master{
		"tcp":          {options: map[string]any{"transport": "tcp"}},
		"tcp with TLS": {options: map[string]any{"transport": "tcp"}, ssl: true},
		"ws":           {options: map[string]any{"transport": "ws"}, from: "3007"},
		"ws with TLS":  {options: map[string]any{"transport": "ws"}, ssl: true, from: "3007"},
	})
}

// master is a way to set a master up.
type master struct {
	options map[string]any // of its file and of the minions'
	minion  map[string]any // more of the minions'
	ssl     bool
	from    string // the first release that knows it; empty for all
}

// eachMaster starts each master of each release, and a gateway before it, and checks what it does: before a healthy
// master, a silent one, one that is away, and the same one again.
func eachMaster(t *testing.T, masters map[string]master) {
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			for name, m := range masters {
				if release >= m.from {
					t.Run(name, func(t *testing.T) {
						if m.ssl {
							requireTLS(t, salt)
						}
						t.Parallel()
						m.check(t, salt)
					})
				}
			}
		})
	}
}

func (m master) check(t *testing.T, salt string) {
	options := maps.Clone(m.options)
	if m.ssl {
		options["ssl"] = certificates(t)
		// The pools' own connections have no TLS, and their workers refuse them.
		options["worker_pools_enabled"] = false
	}
	minion := maps.Clone(options)
	maps.Copy(minion, m.minion)
	r := suite.Own(t, env.Options{
		Sandbox: sandbox.Options{
			Salt: salt, WorkerThreads: envtest.FewWorkers, MasterConfig: options, MinionConfig: minion,
		},
		Settings: "master:\n  request_timeout: 3s\n",
	})
	// A minion that comes before the master does not connect by ws, nor again when it is restarted.
	const minionID = "ms--0"
	require.NoError(t, r.AddMinion(t.Context(), minionID))
	requireServed(t, r)

	require.NoError(t, r.PauseMaster())
	a := envtest.Post(t, r, env.Chunk(env.User, envtest.GoodPing))
	require.Equal(t, http.StatusGatewayTimeout, a.Status, a.Body)
	require.NoError(t, r.ResumeMaster())
	requireBack(t, r)

	require.NoError(t, r.StopMaster(t.Context()))
	a = envtest.Post(t, r, env.Chunk(env.User, `"client": "runner", "fun": "test.arg"`))
	require.Equal(t, http.StatusServiceUnavailable, a.Status, a.Body)
	if m.options["transport"] == "ws" {
		require.NoError(t, r.RemoveMinion(t.Context(), minionID))
	}
	require.NoError(t, r.StartMaster(t.Context()))
	if m.options["transport"] == "ws" {
		require.NoError(t, r.AddMinion(t.Context(), minionID))
	}
	requireBack(t, r)
}

// requireTLS skips the test of a Salt whose master ends at its start with the option ssl, whatever it holds: that of 3007
// (3007.17) sets what Python's ssl has without a setter.
func requireTLS(t *testing.T, salt string) {
	t.Helper()
	const script = `
import json, salt.transport.base
make, error = getattr(salt.transport.base, "ssl_context", None), ""
try:
    if make:
        make({}, server_side=True)
except AttributeError as e:
    error = str(e)
print(json.dumps(error))
`
	var problem string
	sandboxtest.Python(t, salt, script, nil, &problem)
	if problem != "" {
		t.Skipf("the master does not start with ssl: %s", problem)
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
	events := envtest.FollowEvents(t, r, session, "?tag=salt/job/*/ret/ms--0")
	secret := fmt.Sprintf(`"eauth": "sharedsecret", "username": %q, "password": %q, `, sandbox.UserAll, r.Secret())
	for body, want := range map[string]string{
		`[{"client": "local", "tgt": "*", "fun": "test.ping"}]`:                                                                                 `{"return": [{"ms--0": true}]}`,
		`[{"client": "local_batch", "batch": "1", "tgt": "*", "fun": "test.ping"}]`:                                                             "",
		`[{"client": "local_subset", "subset": 1, "tgt": "*", "fun": "test.ping", ` + secret[:len(secret)-2] + `}]`:                             `{"return": [{"ms--0": true}]}`,
		`[{"client": "local", "tgt": "L@ms--0", "tgt_type": "compound", "fun": "test.echo", "arg": ["` + strings.Repeat("long", 5_000) + `"]}]`: `{"return": [{"ms--0": "` + strings.Repeat("long", 5_000) + `"}]}`,
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
	require.Contains(t, events.Until(`"fun": "test.ping"`), `"id": "ms--0"`)

	refused := envtest.Post(t, r, env.Chunk(env.ReadOnly, `"client": "runner", "fun": "test.arg"`))
	require.Equal(t, http.StatusUnauthorized, refused.Status, refused.Body)
}

func parsed(t *testing.T, text string) (v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(text), &v))
	return v
}
