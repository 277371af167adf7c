package server

import (
	"net/http"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/web"
)

// A door that is closed has no paths, whatever is asked for there.
func TestClosedDoors(t *testing.T) {
	t.Parallel()
	csp := []string{"/csp/", "/account/"}
	vcd := []string{"/oauth/", "/.well-known/", "/api/", "/cloudapi/"}
	for name, c := range map[string]struct {
		with         DoorOptions
		open, closed []string
	}{
		"both open":   {DoorOptions{}, append(csp, vcd...), nil},
		"csp closed":  {DoorOptions{NoCSP: true}, vcd, csp},
		"vcd closed":  {DoorOptions{NoVCD: true}, csp, vcd},
		"both closed": {DoorOptions{NoCSP: true, NoVCD: true}, nil, append(csp, vcd...)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.with.Tokens = new(issuer.Service)
			routes := routesWith(c.with)
			var paths []string
			require.NoError(t, chi.Walk(routes, func(_, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
				paths = append(paths, route)
				return nil
			}))
			has := func(prefix string) bool {
				for _, p := range paths {
					if strings.HasPrefix(p, prefix) {
						return true
					}
				}
				return false
			}
			for _, prefix := range c.open {
				require.True(t, has(prefix), prefix)
			}
			for _, prefix := range c.closed {
				require.False(t, has(prefix), prefix)
			}

			// Nor has it errors of its own.
			d := newDoors(&shared{}, c.with)
			require.Equal(t, !c.with.NoCSP, d.styleAt(cspAuthorizePath) != nil)
			require.Equal(t, !c.with.NoCSP, d.styleAt(cspLoginPath+"/x") != nil)
			for _, path := range []string{"/oauth/provider/x", web.MetadataPath, web.ResourcePath, cloud, "/api/org/x", "/api/versions"} {
				require.Equal(t, !c.with.NoVCD, d.styleAt(path) != nil, path)
			}
			require.Nil(t, d.styleAt("/api"))
			require.Nil(t, d.styleAt("/oauthx"))
		})
	}
}

// Where there is no metadata, nobody is sent to it.
func TestChallengeWithoutMetadata(t *testing.T) {
	t.Parallel()
	h := build(t, func(o *DoorOptions) { o.NoVCD = true })
	a := h.send(t, http.MethodPost, cspLoginPath, "")
	require.Equal(t, http.StatusUnauthorized, a.Status)
	require.Equal(t, `Bearer realm="saltern"`, a.Header.Get("Www-Authenticate"))
	require.Equal(t, http.StatusNotFound, h.send(t, http.MethodGet, web.ResourcePath, "").Status)
}
