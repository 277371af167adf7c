package server

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/server/openapi"
)

// The description contains every route, and no other. Routes for an operator's
// files are not part of the API; HEAD is GET.
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
	s := &Server{cfg: Config{
		Settings: settings.Default(), Tokens: new(issuer.Service), TokenAPIs: TokenAPIs{Issuer: new(issuer.Service)},
	}}
	for _, r := range s.mux(MainOptions{}).Routes() {
		method, path := r[0], strings.Replace(r[1], "/hook/*", "/hook/{path}", 1)
		if method != http.MethodHead && !strings.HasPrefix(path, "/app") {
			routes = append(routes, method+" "+path)
		}
	}
	slices.Sort(routes)
	slices.Sort(described)
	require.Equal(t, routes, described)
}
