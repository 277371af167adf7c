package differential

import (
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// compareOverHTTP2 sends Saltern over HTTP/2 what salt-api, which has no such,
// answers with success over HTTP/1.1.
func compareOverHTTP2(t *testing.T, w *httpWorld) {
	t.Helper()
	second := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: w.saltern.tls.Clone()}
	second.TLSClientConfig.NextProtos = []string{"h2"}
	first := &http.Transport{TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}}
	t.Cleanup(second.CloseIdleConnections)
	t.Cleanup(first.CloseIdleConnections)
	const session = "X-Auth-Token: $SESSION"
	for _, c := range []struct {
		method, path, body string
		headers            []string
	}{
		{"GET", "/", "", nil},
		{"GET", "/index/", "", nil},
		{"GET", "/login", "", []string{"Accept: */*;q=0.1"}},
		{"GET", "/minions//nobody", "", []string{session}},
		{"GET", "/minions/a%2Fb", "", []string{session}},
		{"GET", "/keys/nobody%FF", "", []string{session}},
		{"GET", "/stats", "", []string{session}},
		{"HEAD", "/", "", nil},
		{"POST", "/", oddPing, []string{session, "Content-Type: application/json; charset=ISO-8859-1"}},
		{"POST", "/", oddPing, []string{session, "Content-Type: application/json", "Content-Encoding: UTF-8"}},
		{"POST", "/", oddPing, []string{session, session, "Content-Type: text/plain"}},
		{"POST", "/", oddForm, []string{session, "Content-Type: application/x-www-form-urlencoded; charset=ISO-8859-1"}},
		{"POST", "/", oddPing, []string{"Cookie: session_id=$SESSION", "Authorization: Bearer x.y.z", "Content-Type: application/json"}},
		{"POST", "/", oddPing, []string{"Cookie: a=b", "Cookie: session_id=$SESSION", "Content-Type: application/json"}},
		{"POST", "/login", oddCred, []string{"Content-Type: application/json", "Content-Encoding: UTF-8"}},
		{"POST", "/hook//a", "{}", []string{session, "Content-Type: application/json"}},
	} {
		send := func(s *httpSide, over *http.Transport) (oddAnswer, string) {
			scope := w.scope(s)
			r, err := http.NewRequestWithContext(t.Context(), c.method, s.base+c.path, strings.NewReader(scope.fill(t, c.body)))
			require.NoError(t, err)
			for _, line := range c.headers {
				key, value, _ := strings.Cut(scope.fill(t, line), ": ")
				r.Header.Add(key, value)
			}
			resp, err := over.RoundTrip(r)
			require.NoError(t, err)
			defer resp.Body.Close() //nolint:errcheck // it has been read
			b, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			return scope.oddAnswer(t, resp, string(b)), resp.Proto
		}
		api, _ := send(w.saltAPI, first)
		ours, proto := send(w.saltern, second)
		assert.Equal(t, "HTTP/2.0", proto)
		assert.True(t, api.succeeded(), "%v: %v", c, api)
		assert.Equal(t, api, ours, "%v", c)
	}
}
