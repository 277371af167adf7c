package openapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/watch"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/callbacks"
	"github.com/saltern-api/saltern/server/jobs"
	"github.com/saltern-api/saltern/server/openapi"
	"github.com/saltern-api/saltern/server/servertest"
)

func TestDocumentIsValid(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(openapi.Document())
	require.NoError(t, err)
	require.NoError(t, doc.Validate(t.Context()))
	ids := make(map[string]bool)
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			require.NotEmpty(t, op.OperationID, "%s %s", method, path)
			require.False(t, ids[op.OperationID], "%s is there twice", op.OperationID)
			ids[op.OperationID] = true
		}
	}
}

type noMinions struct{ jobs.Minions }

// noRecords is never read.
type noRecords struct{ records.Reader }

// noCallbacks is never called.
type noCallbacks struct{ callbacks.Service }

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
	tokens := servertest.NewTokens(t, nil).Issuer
	s := servertest.Start(t, servertest.Answering("{}"), func(c *server.Config) {
		c.Tokens, c.TokenAPIs.Issuer, c.Jobs.Records = tokens, tokens, noRecords{}
		c.Jobs.Watches, c.Jobs.Minions = watch.New(nil, nil), noMinions{}
		c.Callbacks.Service = noCallbacks{}
	})
	for _, r := range s.Routes() {
		method, path := r[0], strings.Replace(r[1], "/hook/*", "/hook/{path}", 1)
		if method != http.MethodHead && !strings.HasPrefix(path, "/app") {
			routes = append(routes, method+" "+path)
		}
	}
	slices.Sort(routes)
	slices.Sort(described)
	require.Equal(t, routes, described)
}
