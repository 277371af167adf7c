package gateway

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
)

// answering is a request that runs in the background.
type answering struct {
	done   chan struct{}
	answer env.Answer
	err    error
}

// postLater sends a lowstate that waits for minions, and returns when the
// gateway waits too.
func postLater(t *testing.T, g *running, body string) *answering {
	t.Helper()
	waiting := envtest.Scrape(t, g.Env).Sum("saltern_bus_subscribers")
	a := &answering{done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.answer, a.err = g.Post(t.Context(), g.WSGI, body)
	}()
	envtest.RequireEventually(t, func() bool { return envtest.Scrape(t, g.Env).Sum("saltern_bus_subscribers") > waiting })
	return a
}

// TestStopping ends the gateway, as SIGTERM does, while a request waits for a
// minion: it is answered in full, nobody new is let in, and nothing is left
// behind. The signal itself is tested in cmd/saltern.
func TestStopping(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	g := start(t, options{stand: mastertest.Options{Minions: []mastertest.Minion{{
		ID: "ms--0", Answer: func(ctx context.Context, _ mastertest.Job) mastertest.Return {
			select {
			case <-ctx.Done():
			case <-release:
			}
			return mastertest.Return{Return: mastertest.JSON("true")}
		},
	}}}})
	running := postLater(t, g, env.Chunk(env.User, envtest.GoodPing))
	// The user's token; that of the self-check goes.
	envtest.RequireEventually(t, func() bool { return len(tokenFiles(t, g)) == 1 })
	// What a slow database has not taken at the end is left for the next start.
	envtest.RequireEventually(t, func() bool { return envtest.Scrape(t, g.Env).Sum("saltern_records_jobs_total") == 1 })
	g.stop()
	for _, base := range g.surfaces() {
		envtest.RequireEventually(t, func() bool { return refuses(base) })
	}
	require.JSONEq(t, `{"status": "not ready", "reason": "stopping"}`, g.ready(t).Body)
	select {
	case <-running.done:
		require.Fail(t, "the request was answered before its time")
	default:
	}

	close(release)
	<-running.done
	require.NoError(t, running.err)
	require.Equal(t, http.StatusOK, running.answer.Status, running.answer.Body)
	require.Equal(t, envtest.GoodPingAnswer, running.answer.Body)

	g.close(t)
	require.Empty(t, tokenFiles(t, g))
	require.ElementsMatch(t, []string{"audit", "records.db", "records.db-lock", "self-signed.crt", "self-signed.key", "sessions.db", "token.pepper", "tokens.db"},
		envtest.FileNames(t, g.StateDir()))
	for _, bad := range []string{"cut short", "not every token", `"level":"ERROR"`} {
		require.NotContains(t, g.Log(), bad)
	}
}

// TestStoppingIsBounded has a request run for longer than shutdown_timeout.
func TestStoppingIsBounded(t *testing.T) {
	t.Parallel()
	g := start(t, strict())
	running := postLater(t, g, env.Chunk(env.User, `"client": "local", "tgt": "ms--0", "fun": "test.sleep", "arg": [20]`))
	g.close(t)
	<-running.done
	require.NoError(t, running.err)
	require.Equal(t, http.StatusServiceUnavailable, running.answer.Status)
	require.Equal(t, envtest.TextBody("The gateway is stopping"), running.answer.Body)
	envtest.RequireRetryAfter(t, running.answer)
	require.Empty(t, tokenFiles(t, g))
}

// tokenFiles lists everything in the master's token folder.
func tokenFiles(t *testing.T, g *running) []string {
	t.Helper()
	if _, err := os.Stat(g.TokenDir()); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return envtest.FileNames(t, g.TokenDir())
}

// refuses reports whether nobody listens at a base URL any more.
func refuses(base string) bool {
	_, address, _ := strings.Cut(base, "://")
	conn, err := net.Dial("tcp", address)
	if err == nil {
		_ = conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}
