package jobs

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records/recordstest"
)

// BenchmarkPages prints the median of the time that pages of many returns take
// over HTTP. Run it with -benchtime 1x.
func BenchmarkPages(b *testing.B) {
	g := newEnv(b, nil)
	returns := 1_000_000
	if n, err := strconv.Atoi(os.Getenv(recordstest.BenchEnv)); err == nil {
		returns = n
	}
	recordstest.FillMany(b, g.store, returns)
	s := httptest.NewServer(g.front)
	defer s.Close()
	get := func(b *testing.B, path string) []byte {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, s.URL+path, nil)
		require.NoError(b, err)
		req.Header.Set("X-Auth-Token", admin)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(b, err)
		defer resp.Body.Close() //nolint:errcheck // it was read
		body, err := io.ReadAll(resp.Body)
		require.NoError(b, err)
		require.Equal(b, http.StatusOK, resp.StatusCode, "%s: %s", path, body)
		return body
	}
	var middle struct{ Jobs []struct{ JID string } }
	page := get(b, "/v1/jobs?limit=1000&sort=start")
	require.NoError(b, json.Unmarshal(page, &middle))
	jid := middle.Jobs[500].JID
	for _, p := range []struct{ name, path string }{
		{"newest", "/v1/jobs"},
		{"by-end", "/v1/jobs?sort=-end"},
		{"by-user", "/v1/jobs?sort=user"},
		{"of-a-user", "/v1/jobs?user=user3"},
		{"of-a-user-counted", "/v1/jobs?user=user3&count=true"},
		{"of-a-function", "/v1/jobs?fun=state.f3"},
		{"of-a-function-counted", "/v1/jobs?fun=state.f3&count=true"},
		{"of-functions-counted", "/v1/jobs?count=true&fun=" + url.QueryEscape("state.*")},
		{"of-a-minion", "/v1/jobs?minion=minion-00007.example.com"},
		{"of-a-minion-counted", "/v1/jobs?minion=minion-00007.example.com&count=true"},
		{"failed", "/v1/jobs?state=failed"},
		{"failed-or-missing-counted", "/v1/jobs?state=failed,missing_returns&count=true"},
		{"of-a-user-failed-counted", "/v1/jobs?user=user3&state=failed&count=true"},
		{"of-an-hour", "/v1/jobs?from=2026-01-01T12:00:00Z&to=2026-01-01T13:00:00Z"},
		{"with-a-text", "/v1/jobs?text=" + url.QueryEscape(`package-77"`)},
		{"with-a-text-counted", "/v1/jobs?count=true&text=" + url.QueryEscape(`package-77"`)},
		{"with-a-text-that-is-rare", "/v1/jobs?text=needle"},
		{"all-counted", "/v1/jobs?count=true"},
		{"one-job", "/v1/jobs/" + jid},
		{"its-returns", "/v1/jobs/" + jid + "/returns"},
		{"failed-of-5000-minions", "/v1/jobs/20260101000000000000/returns?state=failed"},
		{"returns-of-5000-minions", "/v1/jobs/20260101000000000000/returns"},
	} {
		b.Run(p.name, func(b *testing.B) {
			const calls = 31
			times := make([]time.Duration, calls)
			for i := range times {
				began := time.Now()
				get(b, p.path)
				times[i] = time.Since(began)
			}
			slices.Sort(times)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(times[calls/2].Microseconds())/1000, "ms-median")
		})
	}
}
