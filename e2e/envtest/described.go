package envtest

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

// Described holds requests and answers against the gateway's own description.
type Described struct {
	Env    *env.Env
	Doc    *openapi3.T
	router routers.Router
	Client *http.Client
	Seen   map[string]bool // operations that were answered with success
}

// NewDescribed reads the description from the gateway of r.
func NewDescribed(t *testing.T, r *env.Env) *Described {
	t.Helper()
	client, err := r.Client()
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	resp, err := client.Get(r.Main + "/openapi.yaml")
	require.NoError(t, err)
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	doc, err := openapi3.NewLoader().LoadFromData(text)
	require.NoError(t, err)
	require.NoError(t, doc.Validate(t.Context()))
	doc.Servers = openapi3.Servers{{URL: r.Main}}
	router, err := gorillamux.NewRouter(doc)
	require.NoError(t, err)
	return &Described{Env: r, Doc: doc, router: router, Client: client, Seen: map[string]bool{"openapi": true}}
}

// DescribedRequest is a request: "METHOD /path", its headers, and its body with its
// type.
type DescribedRequest struct {
	Route   string
	Headers map[string]string
	Kind    string
	Body    string
	Status  int
}

// pythonNumbers are those that JSON has no word for. They are in the arguments
// of jobs that other tests have run, and are written as salt-api does.
var pythonNumbers = strings.NewReplacer("-Infinity", "0", "Infinity", "0", "NaN", "0")

// Check sends a request whose answer has to be as it is described.
func (d *Described) Check(t *testing.T, q DescribedRequest) {
	t.Helper()
	method, path, _ := strings.Cut(q.Route, " ")
	req, err := http.NewRequestWithContext(t.Context(), method, d.Env.Main+path, strings.NewReader(q.Body))
	require.NoError(t, err)
	if q.Kind != "" {
		req.Header.Set("Content-Type", q.Kind)
	}
	for k, v := range q.Headers {
		req.Header.Set(k, v)
	}
	route, params, err := d.router.FindRoute(req)
	require.NoError(t, err, q.Route)
	resp, err := d.Client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close() //nolint:errcheck // read as far as it is needed
	streams := resp.Header.Get("Content-Type") == "text/event-stream;charset=utf-8"
	var body []byte
	if !streams {
		body, err = io.ReadAll(resp.Body)
		require.NoError(t, err)
	}
	require.Equal(t, q.Status, resp.StatusCode, "%s: %s", q.Route, body)
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route},
		Status:                 resp.StatusCode,
		Header:                 resp.Header,
		Body:                   io.NopCloser(strings.NewReader(pythonNumbers.Replace(string(body)))),
		Options:                &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: streams},
	}
	require.NoError(t, openapi3filter.ValidateResponse(t.Context(), input), "%s: %.500s", q.Route, body)
	if q.Status < http.StatusBadRequest {
		d.Seen[route.Operation.OperationID] = true
	}
}
