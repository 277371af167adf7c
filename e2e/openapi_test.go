package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// described holds requests and answers against the gateway's own description.
type described struct {
	env    *env.Env
	doc    *openapi3.T
	router routers.Router
	client *http.Client
	seen   map[string]bool // operations that were answered with success
}

func newDescribed(t *testing.T, r *env.Env) *described {
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
	return &described{env: r, doc: doc, router: router, client: client, seen: map[string]bool{"openapi": true}}
}

// request is a request: "METHOD /path", its headers, and its body with its
// type.
type request struct {
	route   string
	headers map[string]string
	kind    string
	body    string
	status  int
}

// pythonNumbers are those that JSON has no word for. They are in the arguments
// of jobs that other tests have run, and are written as salt-api does.
var pythonNumbers = strings.NewReplacer("-Infinity", "0", "Infinity", "0", "NaN", "0")

// check sends a request whose answer has to be as it is described.
func (d *described) check(t *testing.T, q request) {
	t.Helper()
	method, path, _ := strings.Cut(q.route, " ")
	req, err := http.NewRequestWithContext(t.Context(), method, d.env.Main+path, strings.NewReader(q.body))
	require.NoError(t, err)
	if q.kind != "" {
		req.Header.Set("Content-Type", q.kind)
	}
	for k, v := range q.headers {
		req.Header.Set(k, v)
	}
	route, params, err := d.router.FindRoute(req)
	require.NoError(t, err, q.route)
	resp, err := d.client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close() //nolint:errcheck // read as far as it is needed
	streams := resp.Header.Get("Content-Type") == "text/event-stream;charset=utf-8"
	var body []byte
	if !streams {
		body, err = io.ReadAll(resp.Body)
		require.NoError(t, err)
	}
	require.Equal(t, q.status, resp.StatusCode, "%s: %s", q.route, body)
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route},
		Status:                 resp.StatusCode,
		Header:                 resp.Header,
		Body:                   io.NopCloser(strings.NewReader(pythonNumbers.Replace(string(body)))),
		Options:                &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: streams},
	}
	require.NoError(t, openapi3filter.ValidateResponse(t.Context(), input), "%s: %.500s", q.route, body)
	if q.status < http.StatusBadRequest {
		d.seen[route.Operation.OperationID] = true
	}
}

// operators are what only the operator may do, on a socket of its own: see
// TestTokenCommands. Who may read the audit log is in TestAudit.
var operators = map[string]bool{
	"createRole": true, "putRole": true, "deleteRole": true, "listAccounts": true, "createAccount": true, "account": true,
	"updateAccount": true, "deleteAccount": true, "revokeAccount": true, "readAudit": true,
}

// TestDescription holds the answers of a real master to what /openapi.yaml
// says of them, for every operation that it has.
func TestDescription(t *testing.T) {
	openapi3filter.RegisterBodyDecoder("application/x-yaml", openapi3filter.FileBodyDecoder)
	openapi3filter.RegisterBodyDecoder("application/x-tar", openapi3filter.FileBodyDecoder)
	eachRelease(t, func(t *testing.T, r *env.Env) {
		d := newDescribed(t, r)
		session := map[string]string{"X-Auth-Token": d.login(t)}
		creds := fmt.Sprintf(`"username": %q, "password": %q, "eauth": "sharedsecret"`, sandbox.UserAll, r.Secret())
		ping := `{"client": "local", "tgt": "ms--0", "fun": "test.ping"}`
		for _, q := range []request{
			{"GET /", nil, "", "", 200},
			{"GET /", map[string]string{"Accept": "text/html"}, "", "", 406},
			{"POST /", session, asJSON, "[" + ping + "]", 200},
			{"POST /", nil, asJSON, "[" + ping + "]", 401},
			{"POST /", session, asJSON, "{", 400},
			{"POST /", session, "text/html", "x", 406},
			{"GET /run", nil, "", "", 200},
			{"POST /run", nil, asJSON, `[{"client": "runner", "fun": "test.arg", ` + creds + `}]`, 200},
			{"GET /login", nil, "", "", 200},
			{"POST /login", nil, asJSON, "{" + creds + "}", 200},
			{"POST /login", nil, asJSON, `{"username": "x", "password": "y", "eauth": "pam"}`, 401},
			{"GET /token", nil, "", "", 200},
			{"POST /token", nil, asJSON, "{" + creds + "}", 200},
			{"GET /minions", session, "", "", 200},
			{"GET /minions", nil, "", "", 401},
			{"GET /minions/ms--0", session, "", "", 200},
			{"POST /minions", session, asJSON, `{"tgt": "ms--0", "fun": "test.ping"}`, 202},
			{"GET /jobs", session, "", "", 200},
			{"GET /jobs/20261122133409055051", session, "", "", 200},
			{"GET /jobs/20261122133409055051/5", session, "", "", 200},
			{"GET /jobs/abc", session, "", "", 200},
			{"POST /jobs", session, asJSON, "[" + ping + "]", 200},
			{"GET /keys", session, "", "", 200},
			{"GET /keys/ms--0", session, "", "", 200},
			{"POST /keys", nil, asJSON, `{"mid": "described", ` + creds + `}`, 200},
			{"POST /keys", nil, asJSON, `{"mid": "described"}`, 401},
			{"POST /", session, asJSON, `[{"client": "wheel", "fun": "key.delete", "match": "described"}]`, 200},
			{"POST /hook", session, asJSON, `{"a": 1}`, 200},
			{"POST /hook/a", session, "text/plain", `b`, 200},
			{"POST /hook", nil, asJSON, `{"a": 1}`, 401},
			{"GET /stats", session, "", "", 200},
			{"GET /events", session, "", "", 200},
			{"GET /events?token=x", session, "", "", 400},
			{"GET /ws", session, "", "", 400},
		} {
			d.check(t, q)
		}
		d.websockets(t, session["X-Auth-Token"])
		d.tokens(t, session)
		d.check(t, request{"POST /logout", session, "", "", 200})

		for path, item := range d.doc.Paths.Map() {
			for method, op := range item.Operations() {
				// These APIs answer as other systems do, and are tested with
				// the clients of those.
				foreign := slices.ContainsFunc([]string{"OAuth", "Cloud Services", "Cloud Director"},
					func(tag string) bool { return slices.Contains(op.Tags, tag) })
				needed := !foreign && !operators[op.OperationID]
				require.True(t, d.seen[op.OperationID] || !needed, "%s %s was not asked", method, path)
			}
		}
	})
}

func (d *described) login(t *testing.T) string {
	t.Helper()
	a, err := d.env.Post(t.Context(), d.env.Main+"/login",
		fmt.Sprintf(`{"username": %q, "password": %q, "eauth": "sharedsecret"}`, sandbox.UserAll, d.env.Secret()))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	return a.Header.Get("X-Auth-Token")
}

// tokens makes a token, and ends it.
func (d *described) tokens(t *testing.T, session map[string]string) {
	t.Helper()
	a := bearing(t, d.env, session["X-Auth-Token"], "POST /v1/tokens", `{"name": "to be looked at", "scopes": ["User"]}`)
	require.Equal(t, http.StatusCreated, a.Status, a.Body)
	var made apiToken
	require.NoError(t, json.Unmarshal([]byte(a.Body), &made))
	for _, q := range []request{
		{"POST /v1/tokens", session, asJSON, `{"name": "to be looked at", "scopes": ["User"]}`, 409},
		{"POST /v1/tokens", session, asJSON, `{"name": "described", "scopes": ["User"], "ttl": "1d"}`, 201},
		{"GET /v1/tokens", session, "", "", 200},
		{"GET /v1/tokens", nil, "", "", 401},
		{"GET /v1/tokens/" + made.ID, session, "", "", 200},
		{"POST /v1/tokens/" + made.ID + "/regenerate", session, "", "", 200},
		{"DELETE /v1/tokens/" + made.ID, session, "", "", 204},
		{"GET /v1/roles", session, "", "", 200},
		{"GET /v1/roles/User", session, "", "", 200},
		{"POST /v1/roles", session, asJSON, `{"name": "mine"}`, 403},
	} {
		d.check(t, q)
	}
	a = bearing(t, d.env, session["X-Auth-Token"], "GET /v1/tokens", "")
	var all struct{ Tokens []apiToken }
	require.NoError(t, json.Unmarshal([]byte(a.Body), &all))
	for _, left := range all.Tokens {
		d.check(t, request{"DELETE /v1/tokens/" + left.ID, session, "", "", 204})
	}
}

// websockets are answered with 101, which has no body to hold against anything.
func (d *described) websockets(t *testing.T, token string) {
	t.Helper()
	for id, path := range map[string]string{
		"websocket": "/ws", "websocketToken": "/ws/" + token,
		"allEvents": "/all_events/" + token, "formattedEvents": "/formatted_events/" + token,
	} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		conn, resp, err := websocket.Dial(ctx, d.env.Main+path, &websocket.DialOptions{ //nolint:bodyclose // Dial says that nobody has to
			HTTPClient: d.client, HTTPHeader: http.Header{"X-Auth-Token": {token}},
		})
		cancel()
		require.NoError(t, err, path)
		require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
		require.NoError(t, conn.CloseNow())
		d.seen[id] = true
	}
}
