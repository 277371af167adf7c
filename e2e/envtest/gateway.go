package envtest

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

// AllClients are the clients of salt-api.
var AllClients = []string{
	"local", "local_async", "local_batch", "local_subset", "runner", "runner_async", "wheel", "wheel_async", "ssh",
}

// AnotherGateway is env.Another for as long as the test runs.
func AnotherGateway(t *testing.T, r *env.Env, more env.More) *env.Env {
	t.Helper()
	g, err := r.Another(t.Context(), more)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, g.Stop(context.Background())) })
	return g
}

// RequireRetryAfter requires the header Retry-After with seconds to wait.
func RequireRetryAfter(t *testing.T, a env.Answer) {
	t.Helper()
	seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
	require.NoError(t, err)
	require.Positive(t, seconds)
}

// RequireEventually is require.Eventually in the test's own goroutine, so that
// the condition may end the test.
func RequireEventually(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(Patience); !done(); time.Sleep(50 * time.Millisecond) {
		require.True(t, time.Now().Before(end), "it did not happen within %s", Patience)
	}
}

// RestoreGateway has the gateway run again when the test is over.
func RestoreGateway(t *testing.T, r *env.Env) {
	t.Helper()
	t.Cleanup(func() {
		require.NoError(t, r.StopGateway(context.Background()))
		require.NoError(t, r.StartGateway(context.Background()))
	})
}
