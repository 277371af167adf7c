package tokenapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server/internal/tokentest"
	"github.com/saltern-api/saltern/server/oauth"
	"github.com/saltern-api/saltern/server/tokenapi"
)

// With public_url no response contains the request's Host.
func TestPublicURL(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	access := h.AccessToken(t)
	h.Open(t, tokentest.Options{Service: h.Tokens, Prefix: "/salt", PublicURL: "https://salt.example.com/up/salt"})
	const public = "https://salt.example.com/up/salt"
	host := strings.TrimPrefix(h.URL, "http://")
	for path, want := range map[string]string{
		"/.well-known/oauth-authorization-server/salt": public + "/oauth/provider/token",
		"/.well-known/oauth-protected-resource/salt":   public,
		"/salt/api/versions":                           public + "/cloudapi/1.0.0/sessions",
		"/salt/api/org":                                public + "/api/org/",
	} {
		a := h.Send(t, http.MethodGet, path, "", tokentest.Bearer(access))
		require.Equal(t, http.StatusOK, a.Status, path)
		require.Contains(t, a.Body, want, path)
		require.NotContains(t, a.Body, host, path)
	}
	refused := h.Send(t, http.MethodGet, "/salt/api/org", "")
	require.Equal(t, http.StatusUnauthorized, refused.Status)
	for name, values := range refused.Header {
		require.NotContains(t, strings.Join(values, " "), host, name)
	}

	// Without it the public response is not cached.
	h.Open(t, tokentest.Options{Service: h.Tokens})
	for _, path := range []string{oauth.MetadataPath, tokenapi.ResourcePath} {
		a := h.Send(t, http.MethodGet, path, "")
		require.Contains(t, a.Body, h.URL, path)
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"), path)
	}
}
