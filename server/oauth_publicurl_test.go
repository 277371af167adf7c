package server

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server/web"
)

// With public_url no answer names the host that a request has named.
func TestPublicURL(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	access := h.accessToken(t)
	h.open(t, DoorOptions{Tokens: h.tokens}, MainOptions{RootPrefix: "/salt", PublicURL: "https://salt.example.com/up/salt"})
	const public = "https://salt.example.com/up/salt"
	host := strings.TrimPrefix(h.url, "http://")
	for path, want := range map[string]string{
		"/.well-known/oauth-authorization-server/salt": public + "/oauth/provider/token",
		"/.well-known/oauth-protected-resource/salt":   public,
		"/salt/api/versions":                           public + "/cloudapi/1.0.0/sessions",
		"/salt/api/org":                                public + "/api/org/",
	} {
		a := h.send(t, http.MethodGet, path, "", bearer(access))
		require.Equal(t, http.StatusOK, a.Status, path)
		require.Contains(t, a.Body, want, path)
		require.NotContains(t, a.Body, host, path)
	}
	refused := h.send(t, http.MethodGet, "/salt/api/org", "")
	require.Equal(t, http.StatusUnauthorized, refused.Status)
	for name, values := range refused.Header {
		require.NotContains(t, strings.Join(values, " "), host, name)
	}

	// Without it the answer that anybody gets is for no cache.
	h.open(t, DoorOptions{Tokens: h.tokens}, MainOptions{})
	for _, path := range []string{web.MetadataPath, web.ResourcePath} {
		a := h.send(t, http.MethodGet, path, "")
		require.Contains(t, a.Body, h.url, path)
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"), path)
	}
}
