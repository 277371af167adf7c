package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

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
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		d := described{envtest.NewDescribed(t, r)}
		session := map[string]string{"X-Auth-Token": d.login(t)}
		creds := fmt.Sprintf(`"username": %q, "password": %q, "eauth": "sharedsecret"`, sandbox.UserAll, r.Secret())
		ping := `{"client": "local", "tgt": "ms--0", "fun": "test.ping"}`
		for _, q := range []request{
			{"GET /", nil, "", "", 200},
			{"GET /", map[string]string{"Accept": "text/html"}, "", "", 406},
			{"POST /", session, envtest.JSON, "[" + ping + "]", 200},
			{"POST /", nil, envtest.JSON, "[" + ping + "]", 401},
			{"POST /", session, envtest.JSON, "{", 400},
			{"POST /", session, "text/html", "x", 406},
			{"GET /run", nil, "", "", 200},
			{"POST /run", nil, envtest.JSON, `[{"client": "runner", "fun": "test.arg", ` + creds + `}]`, 200},
			{"GET /login", nil, "", "", 200},
			{"POST /login", nil, envtest.JSON, "{" + creds + "}", 200},
			{"POST /login", nil, envtest.JSON, `{"username": "x", "password": "y", "eauth": "pam"}`, 401},
			{"GET /token", nil, "", "", 200},
			{"POST /token", nil, envtest.JSON, "{" + creds + "}", 200},
			{"GET /minions", session, "", "", 200},
			{"GET /minions", nil, "", "", 401},
			{"GET /minions/ms--0", session, "", "", 200},
			{"POST /minions", session, envtest.JSON, `{"tgt": "ms--0", "fun": "test.ping"}`, 202},
			{"GET /jobs", session, "", "", 200},
			{"GET /jobs/20261122133409055051", session, "", "", 200},
			{"GET /jobs/20261122133409055051/5", session, "", "", 200},
			{"GET /jobs/abc", session, "", "", 200},
			{"POST /jobs", session, envtest.JSON, "[" + ping + "]", 200},
			{"GET /keys", session, "", "", 200},
			{"GET /keys/ms--0", session, "", "", 200},
			{"POST /keys", nil, envtest.JSON, `{"mid": "described", ` + creds + `}`, 200},
			{"POST /keys", nil, envtest.JSON, `{"mid": "described"}`, 401},
			{"POST /", session, envtest.JSON, `[{"client": "wheel", "fun": "key.delete", "match": "described"}]`, 200},
			{"POST /hook", session, envtest.JSON, `{"a": 1}`, 200},
			{"POST /hook/a", session, "text/plain", `b`, 200},
			{"POST /hook", nil, envtest.JSON, `{"a": 1}`, 401},
			{"GET /stats", session, "", "", 200},
			{"GET /events", session, "", "", 200},
			{"GET /events?token=x", session, "", "", 400},
			{"GET /ws", session, "", "", 400},
		} {
			d.check(t, q)
		}
		d.websockets(t, session["X-Auth-Token"])
		d.tokens(t, session)
		d.jobs(t, session)
		d.callbacks(t)
		d.check(t, request{"POST /logout", session, "", "", 200})

		for path, item := range d.Doc.Paths.Map() {
			for method, op := range item.Operations() {
				// These APIs answer as other systems do, and are tested with
				// the clients of those.
				foreign := slices.ContainsFunc([]string{"OAuth", "Cloud Services", "Cloud Director", "SaltStack Config"},
					func(tag string) bool { return slices.Contains(op.Tags, tag) })
				needed := !foreign && !operators[op.OperationID]
				require.True(t, d.Seen[op.OperationID] || !needed, "%s %s was not asked", method, path)
			}
		}
	})
}

// described sends requests whose answers have to be as /openapi.yaml has them.
type described struct{ *envtest.Described }

type request envtest.DescribedRequest

func (d described) check(t *testing.T, q request) {
	t.Helper()
	d.Check(t, envtest.DescribedRequest(q))
}

func (d described) login(t *testing.T) string {
	t.Helper()
	return d.loginAs(t, sandbox.UserAll)
}

func (d described) loginAs(t *testing.T, user string) string {
	t.Helper()
	a, err := d.Env.Post(t.Context(), d.Env.Main+"/login",
		fmt.Sprintf(`{"username": %q, "password": %q, "eauth": "sharedsecret"}`, user, d.Env.Secret()))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	return a.Header.Get("X-Auth-Token")
}

// tokens makes a token, and ends it.
func (d described) tokens(t *testing.T, session map[string]string) {
	t.Helper()
	a := envtest.Bearing(t, d.Env, session["X-Auth-Token"], "POST /v1/tokens", `{"name": "to be looked at", "scopes": ["User"]}`)
	require.Equal(t, http.StatusCreated, a.Status, a.Body)
	var made envtest.APIToken
	require.NoError(t, json.Unmarshal([]byte(a.Body), &made))
	for _, q := range []request{
		{"POST /v1/tokens", session, envtest.JSON, `{"name": "to be looked at", "scopes": ["User"]}`, 409},
		{"POST /v1/tokens", session, envtest.JSON, `{"name": "described", "scopes": ["User"], "ttl": "1d"}`, 201},
		{"GET /v1/tokens", session, "", "", 200},
		{"GET /v1/tokens", nil, "", "", 401},
		{"GET /v1/tokens/" + made.ID, session, "", "", 200},
		{"POST /v1/tokens/" + made.ID + "/regenerate", session, "", "", 200},
		{"DELETE /v1/tokens/" + made.ID, session, "", "", 204},
		{"GET /v1/roles", session, "", "", 200},
		{"GET /v1/roles/User", session, "", "", 200},
		{"POST /v1/roles", session, envtest.JSON, `{"name": "mine"}`, 400}, // it allows nothing
		{"POST /v1/roles", map[string]string{"X-Auth-Token": d.loginAs(t, sandbox.UserTestOnly)}, envtest.JSON, `{"name": "mine"}`, 403},
	} {
		d.check(t, q)
	}
	a = envtest.Bearing(t, d.Env, session["X-Auth-Token"], "GET /v1/tokens", "")
	var all struct{ Tokens []envtest.APIToken }
	require.NoError(t, json.Unmarshal([]byte(a.Body), &all))
	for _, left := range all.Tokens {
		d.check(t, request{"DELETE /v1/tokens/" + left.ID, session, "", "", 204})
	}
}

// jobs reads a recorded job.
func (d described) jobs(t *testing.T, session map[string]string) {
	t.Helper()
	d.check(t, request{"POST /", session, envtest.JSON, `[{"client": "local", "tgt": "ms--0", "fun": "test.echo", "arg": ["recorded"]}]`, 200})
	var page struct{ Jobs []struct{ JID string } }
	require.Eventually(t, func() bool {
		a := envtest.Bearing(t, d.Env, session["X-Auth-Token"], "GET /v1/jobs?fun=test.echo&state=completed", "")
		return json.Unmarshal([]byte(a.Body), &page) == nil && len(page.Jobs) > 0
	}, time.Minute, 50*time.Millisecond)
	job := "/v1/jobs/" + page.Jobs[0].JID
	for _, q := range []request{
		{"GET /v1/jobs?count=true", session, "", "", 200},
		{"GET /v1/jobs?sort=best", session, "", "", 400},
		{"GET /v1/jobs", nil, "", "", 401},
		{"GET " + job, session, "", "", 200},
		{"GET " + job + "0", session, "", "", 404},
		{"GET " + job + "?wait=60s", session, "", "", 200},
		{"GET " + job + "?wait=60m", session, "", "", 400},
		{"GET /jobs/" + page.Jobs[0].JID + "?wait=60s", session, "", "", 200},
		{"GET " + job + "/events", session, "", "", 200},
		{"GET /v1/minions", session, "", "", 200},
		{"GET /v1/minions?key=gone", session, "", "", 400},
		{"GET /v1/minions/ms--0", session, "", "", 200},
		{"GET /v1/minions/nobody", session, "", "", 404},
		{"GET " + job + "0/events", session, "", "", 404},
		{"GET " + job + "/returns", session, "", "", 200},
		{"GET " + job + "/returns/ms--0", session, "", "", 200},
		{"GET " + job + "/returns/ms--9", session, "", "", 404},
	} {
		d.check(t, q)
	}
}

// callbacks promises call-backs, at another gateway: the first one has no
// destinations.
func (d described) callbacks(t *testing.T) {
	t.Helper()
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(receiver.Close)
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("shared"), 0o600))
	g := envtest.AnotherGateway(t, d.Env, env.More{Settings: fmt.Sprintf("callbacks: [{name: ci, url: %q, secret_file: %s}]\n", receiver.URL, secret)})
	other := described{envtest.NewDescribed(t, g)}
	other.Seen = d.Seen
	session := map[string]string{"X-Auth-Token": other.login(t)}
	other.check(t, request{"POST /", session, envtest.JSON, `[{"client": "local", "tgt": "ms--0", "fun": "test.echo", "arg": ["x"], "callback": "ci"}]`, 200})
	other.check(t, request{"POST /", session, envtest.JSON, `[{"client": "local", "tgt": "ms--0", "fun": "test.echo", "callback": "none"}]`, 400})
	var page struct{ Callbacks []struct{ ID, JID string } }
	require.Eventually(t, func() bool {
		a := envtest.Bearing(t, g, session["X-Auth-Token"], "GET /v1/callbacks?state=delivered", "")
		return json.Unmarshal([]byte(a.Body), &page) == nil && len(page.Callbacks) > 0
	}, time.Minute, 50*time.Millisecond)
	c := page.Callbacks[0]
	for _, q := range []request{
		{"POST /v1/callbacks", session, envtest.JSON, `{"jid": "` + c.JID + `", "destination": "ci"}`, 201},
		{"POST /v1/callbacks", session, envtest.JSON, `{"jid": "` + c.JID + `", "destination": "none"}`, 400},
		{"POST /v1/callbacks", session, envtest.JSON, `{"jid": "20260101000000000001", "destination": "ci"}`, 404},
		{"POST /v1/callbacks", session, "text/plain", `x`, 415},
		{"GET /v1/callbacks", session, "", "", 200},
		{"GET /v1/callbacks?state=lost", session, "", "", 400},
		{"GET /v1/callbacks", nil, "", "", 401},
		{"GET /v1/callbacks/" + c.ID, session, "", "", 200},
		{"GET /v1/callbacks/x", session, "", "", 404},
		{"POST /v1/callbacks/" + c.ID + "/deliver", session, "", "", 202},
		{"POST /v1/callbacks/x/deliver", session, "", "", 404},
	} {
		other.check(t, q)
	}
}

// websockets are answered with 101, which has no body to hold against anything.
func (d described) websockets(t *testing.T, token string) {
	t.Helper()
	for id, path := range map[string]string{
		"websocket": "/ws", "websocketToken": "/ws/" + token,
		"allEvents": "/all_events/" + token, "formattedEvents": "/formatted_events/" + token,
	} {
		ctx, cancel := context.WithTimeout(t.Context(), envtest.Patience)
		conn, resp, err := websocket.Dial(ctx, d.Env.Main+path, &websocket.DialOptions{ //nolint:bodyclose // Dial says that nobody has to
			HTTPClient: d.Client, HTTPHeader: http.Header{"X-Auth-Token": {token}},
		})
		cancel()
		require.NoError(t, err, path)
		require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
		require.NoError(t, conn.CloseNow())
		d.Seen[id] = true
	}
}
