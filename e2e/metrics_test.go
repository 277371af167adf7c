package e2e

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

// TestMetrics counts requests of a few kinds, and looks for labels whose
// values clients can choose.
func TestMetrics(t *testing.T) {
	eachRelease(t, func(t *testing.T, r *env.Env) {
		before := scrape(t, r)
		require.Equal(t, http.StatusOK, post(t, r, `[{`+pamLogin+`, `+goodPing+`}, {`+pamLogin+`, `+goodPing+`}]`).Status)
		require.Equal(t, http.StatusBadRequest, post(t, r, `[{`+pamLogin+`, "client": "mark-client"}]`).Status)
		require.Equal(t, http.StatusBadRequest, post(t, r, `nothing`).Status)
		a := ask(t, r, r.Main, asked{method: "MARK-METHOD", path: "mark-path"})
		require.Equal(t, http.StatusNotFound, a.Status)
		after := scrape(t, r)

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
			require.InDelta(t, c.more, after.sum(c.name, c.labels...)-before.sum(c.name, c.labels...), 0, "%s%v", c.name, c.labels)
		}
		require.InDelta(t, 1, after.sum("saltern_bus_connected"), 0)
		require.Greater(t, after.sum("saltern_bus_events_total"), before.sum("saltern_bus_events_total"))
		require.Positive(t, after.sum("go_goroutines"))
		require.Positive(t, after.sum("process_resident_memory_bytes"))
		require.Positive(t, after.sum("saltern_tls_certificate_not_after_timestamp_seconds"))
		for name, family := range after {
			require.NotContains(t, family.String(), "mark-", name)
			require.NotContains(t, family.String(), "MARK", name)
			require.NotContains(t, family.String(), env.User, name)
			require.NotContains(t, family.String(), "test.ping", name)
		}
	})
}

// TestAdminAlone asks each listener for what only the other has.
func TestAdminAlone(t *testing.T) {
	eachRelease(t, func(t *testing.T, r *env.Env) {
		for _, path := range []string{"metrics", "healthz", "readyz"} {
			get := asked{method: http.MethodGet, path: path, kind: "-"}
			require.Equal(t, http.StatusOK, ask(t, r, r.Admin, get).Status, path)
			require.Equal(t, http.StatusNotFound, ask(t, r, r.Main, get).Status, path)
			require.Equal(t, textWelcome, ask(t, r, r.WSGI, get).Body, path)
		}
		require.Equal(t, `{"status": "ok"}`, ask(t, r, r.Admin, asked{method: http.MethodGet, path: "healthz"}).Body)
		require.Equal(t, `{"status": "ready"}`, ready(t, r).Body)
		a := ask(t, r, r.Admin, asked{body: env.Chunk(env.User, goodPing)})
		require.Equal(t, http.StatusNotFound, a.Status)
		a = ask(t, r, r.Admin, asked{path: "metrics", body: env.Chunk(env.User, goodPing)})
		require.Equal(t, http.StatusMethodNotAllowed, a.Status)
	})
}
