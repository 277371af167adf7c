package e2e

import (
	"testing"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// strict are envs for the tests that take the master away or run into limits:
// each limit is as short as a busy machine allows, there is one minion, and
// the client local_async is not enabled.
var strict = envs{options: env.Options{
	Sandbox: sandbox.Options{
		Minions:       minions[:1],
		WorkerThreads: fewWorkers,
		MasterConfig:  map[string]any{"netapi_enable_clients": []string{"local", "runner"}},
	},
	Settings: `
max_request_body_size: 64KiB
shutdown_timeout: 1s
limits:
  header_timeout: 2s
  body_timeout: 1s
master:
  request_timeout: 3s
`,
}}

// eachStrict is eachRelease with the strict envs.
func eachStrict(t *testing.T, test func(t *testing.T, r *env.Env)) {
	t.Helper()
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			test(t, strict.get(t, release, salt))
		})
	}
}
