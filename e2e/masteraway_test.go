package e2e

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

const (
	textDown     = "Salt Master is not available."
	textTimedOut = "Message timed out"
)

// awayChunks are requests that need the master, each in another way.
func awayChunks(r *env.Env) map[string]string {
	return map[string]string{
		"local":        env.Chunk(env.User, goodPing),
		"runner":       env.Chunk(env.User, `"client": "runner", "fun": "test.arg"`),
		"sharedsecret": `[{"eauth": "sharedsecret", "username": "` + sandbox.UserAll + `", "password": "` + r.Secret() + `", ` + goodPing + `}]`,
	}
}

// TestMasterStopped takes the master away and brings it back: in between,
// clients and probes are told so, and what does not need it still works.
func TestMasterStopped(t *testing.T) {
	eachStrict(t, func(t *testing.T, r *env.Env) {
		requireAllWork(t, r)
		require.NoError(t, r.StopMaster(t.Context()))
		back := masterBack(t, r)

		requireEventually(t, func() bool { return ready(t, r).Status == http.StatusServiceUnavailable })
		a := ready(t, r)
		require.Regexp(t, `^\{"status": "not ready", "reason": "(bus|master)"\}$`, a.Body)
		requireRetryAfter(t, a)
		require.Equal(t, http.StatusOK, ask(t, r, r.Admin, asked{method: http.MethodGet, path: "healthz"}).Status)

		for surface, base := range surfaces(r) {
			for what, body := range awayChunks(r) {
				a := ask(t, r, base, asked{body: body})
				require.Equal(t, http.StatusServiceUnavailable, a.Status, "%s %s: %s", what, surface, a.Body)
				require.Equal(t, refused(surface, 503, textDown), a.Body, "%s %s", what, surface)
				requireRetryAfter(t, a)
			}
			require.Equal(t, http.StatusBadRequest, ask(t, r, base, asked{body: "[1]"}).Status, surface)
			require.Equal(t, textWelcome, ask(t, r, base, asked{method: http.MethodGet}).Body, surface)
		}

		back()
		requireEventually(t, func() bool { return ready(t, r).Status == http.StatusOK })
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
	eachStrict(t, func(t *testing.T, r *env.Env) {
		requireAllWork(t, r)
		require.NoError(t, r.PauseMaster())
		t.Cleanup(func() { require.NoError(t, r.ResumeMaster()) })

		a := post(t, r, awayChunks(r)["local"])
		require.Equal(t, http.StatusGatewayTimeout, a.Status, a.Body)
		require.Equal(t, said(textTimedOut), a.Body)
		require.Empty(t, a.Header.Get("Retry-After"))
		for what, body := range awayChunks(r) {
			a := post(t, r, body)
			require.Equal(t, http.StatusServiceUnavailable, a.Status, "%s: %s", what, a.Body)
			require.Equal(t, said(textDown), a.Body, what)
			requireRetryAfter(t, a)
		}
		require.Equal(t, `{"status": "not ready", "reason": "master"}`, ready(t, r).Body)

		require.NoError(t, r.ResumeMaster())
		requireEventually(t, func() bool { return ready(t, r).Status == http.StatusOK })
		requireAllWork(t, r)
	})
}

// requireAllWork waits until every kind of request is answered well.
func requireAllWork(t *testing.T, r *env.Env) {
	t.Helper()
	for what, body := range awayChunks(r) {
		var a env.Answer
		requireEventually(t, func() bool {
			a = post(t, r, body)
			return a.Status == http.StatusOK
		})
		if what != "runner" {
			require.Equal(t, goodPingAnswer, a.Body, what)
		}
	}
}

func requireRetryAfter(t *testing.T, a env.Answer) {
	t.Helper()
	seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
	require.NoError(t, err)
	require.Positive(t, seconds)
}

func ready(t *testing.T, r *env.Env) env.Answer {
	t.Helper()
	return ask(t, r, r.Admin, asked{method: http.MethodGet, path: "readyz", kind: "-"})
}

// requireEventually is require.Eventually in the test's own goroutine, so that
// the condition may end the test.
func requireEventually(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(50 * time.Millisecond) {
		require.True(t, time.Now().Before(end), "it did not happen within %s", patience)
	}
}
