package admin_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	var state atomic.Pointer[error]
	s := servertest.Start(t, servertest.Answering("1"), func(c *server.Config) {
		servertest.WithAdmin(c)
		c.Ready = func(context.Context) error { return *state.Load() }
	})
	for _, c := range []struct {
		err    error
		status int
		body   string
	}{
		{nil, 200, `{"status": "ready"}`},
		{fmt.Errorf("x: %w", &server.NotReady{Part: "bus", Err: errors.New("inner")}), 503, `{"status": "not ready", "reason": "bus"}`},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), 503, `{"status": "not ready", "reason": "timeout"}`},
		{errors.New("inner"), 503, `{"status": "not ready", "reason": "error"}`},
		{nil, 200, `{"status": "ready"}`},
	} {
		state.Store(&c.err)
		for range 2 {
			status, body := s.AdminGet(t, "/readyz")
			require.Equal(t, c.status, status)
			require.Equal(t, c.body, body)
			status, body = s.AdminGet(t, "/healthz")
			require.Equal(t, http.StatusOK, status)
			require.Equal(t, `{"status": "ok"}`, body)
		}
	}
	// Changes are logged, probes are not.
	s.Log.Lines(t, "not ready", 3)
	s.Log.Lines(t, "ready again", 1)
	require.NotContains(t, s.Log.String(), `"msg":"request"`)

	status, _ := s.AdminGet(t, "/")
	require.Equal(t, http.StatusNotFound, status)
}

// A part that is not needed does not make the gateway unready.
func TestDegraded(t *testing.T) {
	t.Parallel()
	var parts atomic.Pointer[[]string]
	s := servertest.Start(t, servertest.Answering("1"), func(c *server.Config) {
		servertest.WithAdmin(c)
		c.Degraded = func() []string { return slices.Clone(*parts.Load()) }
	})
	for _, c := range []struct {
		parts []string
		body  string
	}{
		{nil, `{"status": "ready"}`},
		{[]string{"records"}, `{"status": "ready", "without": ["records"]}`},
		{[]string{"a", "b"}, `{"status": "ready", "without": ["a", "b"]}`},
	} {
		parts.Store(&c.parts)
		status, body := s.AdminGet(t, "/readyz")
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, c.body, body)
	}
}

// During the shutdown, /readyz reports that the gateway is stopping.
func TestReadyWhileStopping(t *testing.T) {
	t.Parallel()
	g := servertest.NewHeld()
	s := servertest.Start(t, g, servertest.WithAdmin)
	conn := s.Dial(t, 0)
	servertest.Post(t, conn, servertest.Ping, fmt.Sprintf("Content-Length: %d", len(servertest.Ping)))
	<-g.Started
	s.Stop()
	s.Log.Lines(t, "stopping", 1)
	status, body := s.AdminGet(t, "/readyz")
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, `{"status": "not ready", "reason": "stopping"}`, body)
	close(g.Release)
	require.NoError(t, s.Wait(t))
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	fail := atomic.Bool{}
	s := servertest.Start(t, servertest.Gateway(func(_ context.Context, call *servertest.Call) ([][]byte, error) {
		call.Records = []lowstate.Record{{Client: "local", Fun: "fun-of-the-client", User: "user-of-the-client"}, {Client: "made-up"}}
		if fail.Load() {
			return nil, &lowstate.Error{Kind: lowstate.Timeout, Text: "late"}
		}
		return [][]byte{[]byte("1")}, nil
	}), func(c *server.Config) {
		servertest.WithAdmin(c)
		c.Registry = registry
		c.BodyLimit = 1000
	})
	two := `[{"client":"local"},{"client":"x"}]`
	s.SendAs(t, 0, http.MethodPost, "/", servertest.JSON, two)
	fail.Store(true)
	s.SendAs(t, 0, http.MethodPost, "/", servertest.JSON, two)
	s.SendAs(t, 0, http.MethodPost, "/", servertest.JSON, servertest.LowstateOf(1001))
	s.SendAs(t, 0, http.MethodPost, "/", "text/html", two)
	s.SendAs(t, 0, "BREW", "/path-of-the-client", "", "")
	s.SendAs(t, 1, http.MethodGet, "/", "", "")
	s.Log.Lines(t, "request", 6)

	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP saltern_chunks_total Lowstate chunks, by client and by what became of the request that they were in.
# TYPE saltern_chunks_total counter
saltern_chunks_total{client="local",outcome="ok"} 1
saltern_chunks_total{client="local",outcome="timeout"} 1
saltern_chunks_total{client="other",outcome="ok"} 1
saltern_chunks_total{client="other",outcome="timeout"} 1
# HELP saltern_http_bodies_refused_total Request bodies refused, by reason.
# TYPE saltern_http_bodies_refused_total counter
saltern_http_bodies_refused_total{reason="too_large"} 1
saltern_http_bodies_refused_total{reason="type"} 1
# HELP saltern_http_requests_in_flight HTTP requests being worked on.
# TYPE saltern_http_requests_in_flight gauge
saltern_http_requests_in_flight{surface="main"} 0
saltern_http_requests_in_flight{surface="wsgi"} 0
# HELP saltern_http_requests_total HTTP requests answered. Code 499 stands for clients that did not wait.
# TYPE saltern_http_requests_total counter
saltern_http_requests_total{code="200",method="GET",surface="wsgi"} 1
saltern_http_requests_total{code="200",method="POST",surface="main"} 1
saltern_http_requests_total{code="404",method="other",surface="main"} 1
saltern_http_requests_total{code="413",method="POST",surface="main"} 1
saltern_http_requests_total{code="406",method="POST",surface="main"} 1
saltern_http_requests_total{code="504",method="POST",surface="main"} 1
`), "saltern_chunks_total", "saltern_http_bodies_refused_total",
		"saltern_http_requests_in_flight", "saltern_http_requests_total"))

	problems, err := testutil.GatherAndLint(registry)
	require.NoError(t, err)
	require.Empty(t, problems)

	status, body := s.AdminGet(t, "/metrics")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "saltern_http_request_duration_seconds_bucket")
	require.NotContains(t, body, "of-the-client")
}

// The default registry also has the metrics of the process.
func TestNewRegistry(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering("1"), func(c *server.Config) {
		servertest.WithAdmin(c)
		servertest.OverTLS(server.KeyPair{})(c)
	})
	_, body := s.AdminGet(t, "/metrics")
	for _, name := range []string{"go_goroutines", "process_open_fds", "saltern_tls_certificate_not_after_timestamp_seconds"} {
		require.Contains(t, body, name)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodHead, "http://"+s.AdminAddr().String()+"/healthz", nil)
	require.NoError(t, err)
	resp, _ := servertest.Do(t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, req)
	require.Equal(t, http.StatusOK, resp.StatusCode)
}
