package gateway

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
)

// TestMetrics counts requests of a few kinds, and looks for labels whose
// values clients can choose.
func TestMetrics(t *testing.T) {
	t.Parallel()
	g := start(t, options{})
	before := envtest.Scrape(t, g.Env)
	require.Equal(t, http.StatusOK, g.post(t, `[{`+envtest.PAMLogin+`, `+envtest.GoodPing+`}, {`+envtest.PAMLogin+`, `+envtest.GoodPing+`}]`).Status)
	require.Equal(t, http.StatusBadRequest, g.post(t, `[{`+envtest.PAMLogin+`, "client": "mark-client"}]`).Status)
	require.Equal(t, http.StatusBadRequest, g.post(t, `nothing`).Status)
	a := g.ask(t, g.Main, envtest.Request{Method: "MARK-METHOD", Path: "mark-path"})
	require.Equal(t, http.StatusNotFound, a.Status)
	after := envtest.Scrape(t, g.Env)

	for _, c := range []struct {
		more   float64
		name   string
		labels []string
	}{
		{1, "saltern_http_requests_total", []string{"surface=wsgi", "method=POST", "code=200"}},
		{2, "saltern_http_requests_total", []string{"surface=wsgi", "method=POST", "code=400"}},
		{1, "saltern_http_requests_total", []string{"surface=main", "method=other", "code=404"}},
		{2, "saltern_chunks_total", []string{"client=local", "outcome=ok"}},
		{1, "saltern_chunks_total", []string{"client=other", "outcome=bad_request"}},
		{1, "saltern_http_bodies_refused_total", []string{"reason=malformed"}},
		{1, "saltern_auth_results_total", []string{"backend=pam", "result=ok"}},
		{0, "saltern_http_requests_in_flight", nil},
		{0, "saltern_bus_subscribers", nil},
		{0, "saltern_bus_reconnects_total", nil},
	} {
		require.InDelta(t, c.more, after.Sum(c.name, c.labels...)-before.Sum(c.name, c.labels...), 0, "%s%v", c.name, c.labels)
	}
	require.InDelta(t, 1, after.Sum("saltern_bus_connected"), 0)
	require.Greater(t, after.Sum("saltern_bus_events_total"), before.Sum("saltern_bus_events_total"))
	require.Positive(t, after.Sum("go_goroutines"))
	require.Positive(t, after.Sum("process_resident_memory_bytes"))
	require.Positive(t, after.Sum("saltern_tls_certificate_not_after_timestamp_seconds"))
	for name, family := range after {
		require.NotContains(t, family.String(), "mark-", name)
		require.NotContains(t, family.String(), "MARK", name)
		require.NotContains(t, family.String(), env.User, name)
		require.NotContains(t, family.String(), "test.ping", name)
	}
}

// TestAdminAlone asks each listener for what only the other has.
func TestAdminAlone(t *testing.T) {
	t.Parallel()
	g := start(t, options{})
	for _, path := range []string{"metrics", "healthz", "readyz"} {
		get := envtest.Request{Method: http.MethodGet, Path: path, Kind: "-"}
		require.Equal(t, http.StatusOK, g.ask(t, g.Admin, get).Status, path)
		require.Equal(t, http.StatusNotFound, g.ask(t, g.Main, get).Status, path)
		require.Equal(t, envtest.TextWelcome, g.ask(t, g.WSGI, get).Body, path)
	}
	require.Equal(t, `{"status": "ok"}`, g.ask(t, g.Admin, envtest.Request{Method: http.MethodGet, Path: "healthz"}).Body)
	require.Eventually(t, func() bool { return g.ready(t).Body == `{"status": "ready"}` }, envtest.Patience, 50*time.Millisecond,
		"the store of records may still be opened")
	a := g.ask(t, g.Admin, envtest.Request{Body: env.Chunk(env.User, envtest.GoodPing)})
	require.Equal(t, http.StatusNotFound, a.Status)
	a = g.ask(t, g.Admin, envtest.Request{Path: "metrics", Body: env.Chunk(env.User, envtest.GoodPing)})
	require.Equal(t, http.StatusMethodNotAllowed, a.Status)
}
