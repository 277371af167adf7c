package web

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCORS(t *testing.T) {
	t.Parallel()
	const good, other = "https://ui.example", "https://evil.example"
	preflight := map[string]string{"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-auth-token"}
	for name, c := range map[string]struct {
		origins        []string
		method, origin string
		header         map[string]string
		status         int
		want           http.Header
	}{
		"off":                 {nil, "GET", good, nil, 401, http.Header{}},
		"off, preflight":      {nil, "OPTIONS", good, preflight, 401, http.Header{}},
		"blank is off":        {[]string{"", " "}, "OPTIONS", "", preflight, 401, http.Header{}},
		"no origin":           {[]string{good}, "GET", "", nil, 401, http.Header{"Vary": {"Origin"}}},
		"other origin":        {[]string{good}, "GET", other, nil, 401, http.Header{"Vary": {"Origin"}}},
		"other scheme":        {[]string{good}, "GET", "http://ui.example", nil, 401, http.Header{"Vary": {"Origin"}}},
		"suffix":              {[]string{good}, "GET", "https://evil-ui.example", nil, 401, http.Header{"Vary": {"Origin"}}},
		"longer":              {[]string{good}, "GET", good + ".evil.example", nil, 401, http.Header{"Vary": {"Origin"}}},
		"other, preflight":    {[]string{good}, "OPTIONS", other, preflight, 401, http.Header{"Vary": {"Origin"}}},
		"preflight of no one": {[]string{good}, "OPTIONS", "", preflight, 401, http.Header{"Vary": {"Origin"}}},
		"listed": {[]string{" HTTPS://UI.example/ ", "https://b.example"}, "POST", good, nil, 401, http.Header{
			"Vary": {"Origin"}, "Access-Control-Allow-Origin": {good}, "Access-Control-Allow-Credentials": {"true"},
			"Access-Control-Expose-Headers": {"X-Auth-Token"}}},
		"any": {[]string{"*"}, "GET", other, nil, 401, http.Header{
			"Access-Control-Allow-Origin": {"*"}, "Access-Control-Expose-Headers": {"X-Auth-Token"}}},
		"any, and not listed": {[]string{"*", good}, "GET", other, nil, 401, http.Header{
			"Vary": {"Origin"}, "Access-Control-Allow-Origin": {"*"}, "Access-Control-Expose-Headers": {"X-Auth-Token"}}},
		"any, and listed": {[]string{"*", good}, "GET", good, nil, 401, http.Header{
			"Vary": {"Origin"}, "Access-Control-Allow-Origin": {good}, "Access-Control-Allow-Credentials": {"true"},
			"Access-Control-Expose-Headers": {"X-Auth-Token"}}},
		"a sandbox": {[]string{"*", "null"}, "GET", "null", nil, 401, http.Header{
			"Vary": {"Origin"}, "Access-Control-Allow-Origin": {"*"}, "Access-Control-Expose-Headers": {"X-Auth-Token"}}},
		"a sandbox, listed": {[]string{"null"}, "GET", "null", nil, 401, http.Header{"Vary": {"Origin"}}},
		"plain OPTIONS": {[]string{good}, "OPTIONS", good, nil, 401, http.Header{
			"Vary": {"Origin"}, "Access-Control-Allow-Origin": {good}, "Access-Control-Allow-Credentials": {"true"},
			"Access-Control-Expose-Headers": {"X-Auth-Token"}}},
		"preflight": {[]string{good}, "OPTIONS", good, preflight, 204, http.Header{
			"Vary": {"Origin"}, "Access-Control-Allow-Origin": {good}, "Access-Control-Allow-Credentials": {"true"},
			"Access-Control-Allow-Methods": {"GET, POST, OPTIONS"},
			"Access-Control-Allow-Headers": {"Content-Type, X-Auth-Token, X-Requested-With, Authorization, Last-Event-ID"},
			"Access-Control-Max-Age":       {"1400"}}},
		"preflight of anyone": {[]string{"*"}, "OPTIONS", other, preflight, 204, http.Header{
			"Access-Control-Allow-Origin":  {"*"},
			"Access-Control-Allow-Methods": {"GET, POST, OPTIONS"},
			"Access-Control-Allow-Headers": {"Content-Type, X-Auth-Token, X-Requested-With, Authorization, Last-Event-ID"},
			"Access-Control-Max-Age":       {"1400"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), c.method, "/run", nil)
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			for k, v := range c.header {
				r.Header.Set(k, v)
			}
			w := httptest.NewRecorder()
			NewCORS(c.origins, nil).Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusUnauthorized)
			})).ServeHTTP(w, r)
			require.Equal(t, c.status, w.Code)
			require.Equal(t, c.want, w.Header())
		})
	}
}

func TestCORSAllows(t *testing.T) {
	t.Parallel()
	listed, anyone, none := NewCORS([]string{"https://a.example"}, nil), NewCORS([]string{"*"}, nil), NewCORS(nil, nil)
	require.True(t, listed.Allows("https://a.example"))
	require.True(t, listed.Trusts("https://a.example"))
	require.False(t, listed.Allows("https://b.example"))
	require.False(t, listed.Allows(""))
	require.True(t, anyone.Allows("https://b.example"))
	require.False(t, anyone.Trusts("https://b.example"))
	require.False(t, anyone.Allows(""))
	require.False(t, none.Allows("https://b.example"))
}
