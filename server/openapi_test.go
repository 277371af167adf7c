package server

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/server/openapi"
)

// The description names every route that there is, and no other. Routes of
// files that an operator puts there are not of the API; HEAD is GET.
func TestDescriptionIsComplete(t *testing.T) {
	t.Parallel()
	var doc struct {
		Paths map[string]map[string]any
	}
	require.NoError(t, yaml.Unmarshal(openapi.Document(), &doc))
	var described []string
	for path, item := range doc.Paths {
		for method := range item {
			if method != "parameters" {
				described = append(described, strings.ToUpper(method)+" "+path)
			}
		}
	}

	var routes []string
	err := chi.Walk(routesWith(TokenAPIs{Issuer: new(issuer.Service)}), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		route = strings.Replace(route, "/hook/*", "/hook/{path}", 1)
		if method != http.MethodHead && !strings.HasPrefix(route, "/app") {
			routes = append(routes, method+" "+route)
		}
		return nil
	})
	require.NoError(t, err)
	slices.Sort(routes)
	slices.Sort(described)
	require.Equal(t, routes, described)
}

// routesWith returns the routes of a gateway that has tokens.
func routesWith(o TokenAPIs) chi.Routes {
	s := &Server{cfg: Config{Settings: settings.Default(), Tokens: new(issuer.Service), TokenAPIs: o}}
	return s.mux(MainOptions{}).Router()
}
