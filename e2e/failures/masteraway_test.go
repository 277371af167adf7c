package failures

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

const (
	textDown     = "Salt Master is not available."
	textTimedOut = "Message timed out"
)

// awayChunks are requests that need the master, each in another way.
func awayChunks(r *env.Env) map[string]string {
	return map[string]string{
		"local":        env.Chunk(env.User, envtest.GoodPing),
		"runner":       env.Chunk(env.User, `"client": "runner", "fun": "test.arg"`),
		"sharedsecret": `[{"eauth": "sharedsecret", "username": "` + sandbox.UserAll + `", "password": "` + r.Secret() + `", ` + envtest.GoodPing + `}]`,
	}
}

// TestMasterStopped takes the master away and brings it back: in between,
// clients and probes are told so, and what does not need it still works.
func TestMasterStopped(t *testing.T) {
	suite.EachStrict(t, func(t *testing.T, r *env.Env) {
		requireAllWork(t, r)
		require.NoError(t, r.StopMaster(t.Context()))
		back := masterBack(t, r)

		envtest.RequireEventually(t, func() bool { return ready(t, r).Status == http.StatusServiceUnavailable })
		a := ready(t, r)
		require.Regexp(t, `^\{"status": "not ready", "reason": "(bus|master)"\}$`, a.Body)
		envtest.RequireRetryAfter(t, a)
		require.Equal(t, http.StatusOK, envtest.Send(t, r, r.Admin, envtest.Request{Method: http.MethodGet, Path: "healthz"}).Status)

		for surface, base := range envtest.Surfaces(r) {
			for what, body := range awayChunks(r) {
				a := envtest.Send(t, r, base, envtest.Request{Body: body})
				require.Equal(t, http.StatusServiceUnavailable, a.Status, "%s %s: %s", what, surface, a.Body)
				require.Equal(t, envtest.ErrorBody(surface, 503, textDown), a.Body, "%s %s", what, surface)
				envtest.RequireRetryAfter(t, a)
			}
			require.Equal(t, http.StatusBadRequest, envtest.Send(t, r, base, envtest.Request{Body: "[1]"}).Status, surface)
			require.Equal(t, envtest.TextWelcome, envtest.Send(t, r, base, envtest.Request{Method: http.MethodGet}).Body, surface)
		}

		back()
		envtest.RequireEventually(t, func() bool { return ready(t, r).Status == http.StatusOK })
		requireAllWork(t, r)
	})
}

// masterBack returns a function that starts the master again; the test's end calls
// it if the test did not.
func masterBack(t *testing.T, r *env.Env) func() {
	t.Helper()
	started := false
	start := func() {
		if !started {
			started = true
			require.NoError(t, r.StartMaster(context.Background()))
		}
	}
	t.Cleanup(start)
	return start
}

// TestMasterSilent freezes the master: it accepts connections and answers
// nothing. Whoever meets that first waits for the time limit; whoever comes
// later is told at once.
func TestMasterSilent(t *testing.T) {
	suite.EachStrict(t, func(t *testing.T, r *env.Env) {
		requireAllWork(t, r)
		require.NoError(t, r.PauseMaster())
		t.Cleanup(func() { require.NoError(t, r.ResumeMaster()) })

		a := envtest.Post(t, r, awayChunks(r)["local"])
		require.Equal(t, http.StatusGatewayTimeout, a.Status, a.Body)
		require.Equal(t, envtest.TextBody(textTimedOut), a.Body)
		require.Empty(t, a.Header.Get("Retry-After"))
		for what, body := range awayChunks(r) {
			a := envtest.Post(t, r, body)
			require.Equal(t, http.StatusServiceUnavailable, a.Status, "%s: %s", what, a.Body)
			require.Equal(t, envtest.TextBody(textDown), a.Body, what)
			envtest.RequireRetryAfter(t, a)
		}
		require.Equal(t, `{"status": "not ready", "reason": "master"}`, ready(t, r).Body)

		require.NoError(t, r.ResumeMaster())
		envtest.RequireEventually(t, func() bool { return ready(t, r).Status == http.StatusOK })
		requireAllWork(t, r)
	})
}

// requireAllWork waits until every kind of request is answered well.
func requireAllWork(t *testing.T, r *env.Env) {
	t.Helper()
	for what, body := range awayChunks(r) {
		var a env.Answer
		envtest.RequireEventually(t, func() bool {
			a = envtest.Post(t, r, body)
			return a.Status == http.StatusOK
		})
		if what != "runner" {
			require.Equal(t, envtest.GoodPingAnswer, a.Body, what)
		}
	}
}

func ready(t *testing.T, r *env.Env) env.Answer {
	t.Helper()
	return envtest.Send(t, r, r.Admin, envtest.Request{Method: http.MethodGet, Path: "readyz", Kind: "-"})
}
