package clients

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// TestSaltGUIEvents reads /events as EventSource does: by the cookie alone. The
// stream ends with the session.
func TestSaltGUIEvents(t *testing.T) {
	eachTarget(t, func(t *testing.T, g target) {
		gui := saltGUI{target: g}
		gui.login(t, sandbox.UserAll, g.Secret(), "sharedsecret")
		start := func() string {
			var job scheduled
			gui.call(t, &job, map[string]any{"client": "local_async", "fun": "test.ping", "tgt": "*"})
			return job.JID
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.url+"/events", http.NoBody)
		require.NoError(t, err)
		req.Header.Set("Accept", "text/event-stream")
		req.Header.Set("Cookie", gui.cookie)
		resp := begun(t, req, start)
		defer resp.Body.Close() //nolint:errcheck // it is left early
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Contains(t, resp.Header.Get("Content-Type"), "text/event-stream")
		s := readEvents(resp.Body)
		s.awaitReturns(t, start())

		other := saltGUI{target: g}
		other.login(t, sandbox.UserAll, g.Secret(), "sharedsecret")
		a := gui.send(t, http.MethodPost, "/logout", map[string]any{})
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		require.JSONEq(t, `{"return": "Your token has been cleared"}`, a.Body)
		for range 3 { // salt-api looks at the session with each event
			var done any
			other.call(t, &done, map[string]any{"client": "local", "fun": "test.ping", "tgt": "*"})
		}
		s.awaitEnd(t)
		a = gui.send(t, http.MethodPost, "/", map[string]any{"client": "wheel", "fun": "key.list_all"})
		require.Equal(t, http.StatusUnauthorized, a.Status, a.Body)
		a = gui.send(t, http.MethodPost, "/logout", map[string]any{})
		require.Equal(t, http.StatusUnauthorized, a.Status, a.Body)
	})
}

// begun sends a request for a stream. Salt-api answers it only with the first
// event, so jobs are started until it does.
func begun(t *testing.T, req *http.Request, startJob func() string) *http.Response {
	t.Helper()
	type answered struct {
		resp *http.Response
		err  error
	}
	answer := make(chan answered, 1)
	transport := &http.Transport{DisableCompression: true}
	go func() {
		resp, err := transport.RoundTrip(req) //nolint:bodyclose // the test closes it
		answer <- answered{resp, err}
	}()
	for range 30 {
		startJob()
		select {
		case a := <-answer:
			require.NoError(t, a.err)
			return a.resp
		case <-time.After(time.Second):
		}
	}
	require.Fail(t, "no answer")
	return nil
}

// TestSaltGUIAbandoned leaves requests before they are answered, as a browser
// does when SaltGUI shows another page: nothing waits for their jobs any more.
func TestSaltGUIAbandoned(t *testing.T) {
	eachTarget(t, func(t *testing.T, g target) {
		g.notOnSaltAPI(t, "it goes on, and tells nobody of it")
		gui := saltGUI{target: g}
		gui.login(t, sandbox.UserAll, g.Secret(), "sharedsecret")
		waiting, inFlight := gauge(t, g, "saltern_bus_subscribers"), gauge(t, g, "saltern_http_requests_in_flight")
		require.Zero(t, inFlight)

		const pages = 8
		ctx, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for i := range pages {
			req := gui.request(ctx, t, http.MethodPost, "/", map[string]any{
				"client": []string{"local", "local_batch"}[i%2], "tgt": "ms--2", "fun": "test.sleep", "arg": []int{30},
			})
			all.Go(func() {
				if resp, err := http.DefaultTransport.RoundTrip(req); err == nil {
					_, _ = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
				}
			})
		}
		require.Eventually(t, func() bool {
			return gauge(t, g, "saltern_http_requests_in_flight") == pages &&
				gauge(t, g, "saltern_bus_subscribers") >= waiting+pages
		}, 20*time.Second, 50*time.Millisecond)
		leave()
		all.Wait()
		// The jobs themselves go on for longer than this waits.
		require.Eventually(t, func() bool {
			return gauge(t, g, "saltern_http_requests_in_flight") == 0 && gauge(t, g, "saltern_bus_subscribers") == waiting
		}, 10*time.Second, 50*time.Millisecond)
	})
}

// gauge is the sum of a metric of Saltern's.
func gauge(t *testing.T, g target, name string) (sum float64) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.Admin+"/metrics", http.NoBody)
	require.NoError(t, err)
	a := do(t, req)
	for line := range strings.SplitSeq(a.Body, "\n") {
		metric, value, _ := strings.Cut(line, " ")
		if metric != name && !strings.HasPrefix(metric, name+"{") {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		require.NoError(t, err)
		sum += v
	}
	return sum
}
