package tokenapi_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server/csp"
	"github.com/saltern-api/saltern/server/internal/tokentest"
	"github.com/saltern-api/saltern/server/oauth"
	"github.com/saltern-api/saltern/server/tokenapi"
)

// An API that is off has no paths, and errors there are not its own.
func TestClosed(t *testing.T) {
	t.Parallel()
	ofCSP := []string{csp.AuthorizePath, tokenapi.AccountPath + "/x"}
	ofVCD := []string{"/oauth/provider/x", oauth.MetadataPath, tokenapi.ResourcePath, "/cloudapi/1.0.0", "/api/org/x", "/api/versions"}
	for name, c := range map[string]struct {
		with         tokentest.Options
		open, closed []string
	}{
		"both on":  {tokentest.Options{}, slices.Concat(ofCSP, ofVCD), nil},
		"csp off":  {tokentest.Options{NoCSP: true}, ofVCD, ofCSP},
		"vcd off":  {tokentest.Options{NoVCD: true}, ofCSP, ofVCD},
		"both off": {tokentest.Options{NoCSP: true, NoVCD: true}, nil, slices.Concat(ofCSP, ofVCD)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := tokentest.Build(t, func(o *tokentest.Options) { o.NoCSP, o.NoVCD = c.with.NoCSP, c.with.NoVCD })
			for _, path := range c.open {
				require.NotContains(t, h.Send(t, http.MethodPut, path, "").Body, tokentest.Elsewhere, path)
			}
			for _, path := range append(c.closed, "/api", "/oauthx") {
				require.Contains(t, h.Send(t, http.MethodPut, path, "").Body, tokentest.Elsewhere, path)
			}
		})
	}
}

// Without the metadata document, no challenge names it.
func TestChallengeWithoutMetadata(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, func(o *tokentest.Options) { o.NoVCD = true })
	a := h.Send(t, http.MethodPost, tokenapi.AccountPath, "")
	require.Equal(t, http.StatusUnauthorized, a.Status)
	require.Equal(t, `Bearer realm="saltern"`, a.Header.Get("Www-Authenticate"))
	require.Equal(t, http.StatusNotFound, h.Send(t, http.MethodGet, tokenapi.ResourcePath, "").Status)
}
