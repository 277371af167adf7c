package e2e

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

// answering is a request that runs in the background.
type answering struct {
	done   chan struct{}
	answer env.Answer
	err    error
}

// postLater sends a lowstate that waits for minions, and returns when the
// gateway waits too.
func postLater(t *testing.T, r *env.Env, body string) *answering {
	t.Helper()
	waiting := scrape(t, r).sum("saltern_bus_subscribers")
	a := &answering{done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.answer, a.err = r.Post(t.Context(), r.WSGI, body)
	}()
	requireEventually(t, func() bool { return scrape(t, r).sum("saltern_bus_subscribers") > waiting })
	return a
}

// restoreGateway has the gateway run again when the test is over.
func restoreGateway(t *testing.T, r *env.Env) {
	t.Helper()
	t.Cleanup(func() {
		require.NoError(t, r.StopGateway(context.Background()))
		require.NoError(t, r.StartGateway(context.Background()))
	})
}

// TestStopping sends SIGTERM while a request waits for a minion: it is
// answered in full, nobody new is let in, and nothing is left behind.
func TestStopping(t *testing.T) {
	eachRelease(t, func(t *testing.T, r *env.Env) {
		require.NoError(t, r.StopGateway(t.Context()))
		restoreGateway(t, r)
		before := tokenFiles(t, r)
		require.NoError(t, r.StartGateway(t.Context()))
		log := len(r.Log())

		running := postLater(t, r, env.Chunk(env.User, `"client": "local", "tgt": "ms--0", "fun": "test.sleep", "arg": [3]`))
		require.Len(t, added(before, tokenFiles(t, r)), 1, "the user's token")
		require.NoError(t, r.Signal(syscall.SIGTERM))
		for _, base := range surfaces(r) {
			requireEventually(t, func() bool { return refuses(base) })
		}
		require.JSONEq(t, `{"status": "not ready", "reason": "stopping"}`, ready(t, r).Body)
		select {
		case <-running.done:
			require.Fail(t, "the request was answered before its time")
		default:
		}

		<-running.done
		require.NoError(t, running.err)
		require.Equal(t, http.StatusOK, running.answer.Status, running.answer.Body)
		require.Equal(t, goodPingAnswer, running.answer.Body)

		<-r.Ended()
		require.NoError(t, r.StopGateway(t.Context()), "the exit code")
		require.Empty(t, added(before, tokenFiles(t, r)))
		require.ElementsMatch(t, []string{"audit", "self-signed.crt", "self-signed.key", "sessions.db", "token.pepper", "tokens.db"}, fileNames(t, r.StateDir()))
		for _, bad := range []string{"cut short", "not every token", `"level":"ERROR"`} {
			require.NotContains(t, r.Log()[log:], bad)
		}
	})
}

// TestStoppingIsBounded has a request run for longer than shutdown_timeout.
func TestStoppingIsBounded(t *testing.T) {
	eachStrict(t, func(t *testing.T, r *env.Env) {
		require.NoError(t, r.StopGateway(t.Context()))
		restoreGateway(t, r)
		before := tokenFiles(t, r)
		require.NoError(t, r.StartGateway(t.Context()))

		running := postLater(t, r, env.Chunk(env.User, `"client": "local", "tgt": "ms--0", "fun": "test.sleep", "arg": [20]`))
		require.NoError(t, r.StopGateway(t.Context()), "the exit code")
		<-running.done
		require.NoError(t, running.err)
		require.Equal(t, http.StatusServiceUnavailable, running.answer.Status)
		require.Equal(t, said("The gateway is stopping"), running.answer.Body)
		requireRetryAfter(t, running.answer)
		require.Empty(t, added(before, tokenFiles(t, r)))
	})
}

// refuses tells whether nobody listens at a base URL any more.
func refuses(base string) bool {
	_, address, _ := strings.Cut(base, "://")
	conn, err := net.Dial("tcp", address)
	if err == nil {
		_ = conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}
