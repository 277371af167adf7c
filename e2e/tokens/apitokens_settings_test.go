package tokens

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
)

// What saltern.yaml says of tokens, in gateways of their own.
func TestTokenSettings(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		for name, o := range map[string]struct {
			settings string
			test     func(t *testing.T, g *env.Env)
		}{
			"narrow": {`tokens:
  max_life: 30d
  direct_use: false
  native: {token_life: 10d}
  csp: {access_life: 120s, query_tokens: true}
  vcd: {enabled: false}
  login_roles: []
  assignments: [{users: [` + env.User + `], eauth: [pam], roles: [User]}]
`, narrowTokens},
			"without csp, in memory": {"tokens: {store: memory, csp: {enabled: false}}\nrpc: {enabled: false}\n", noCSP},
		} {
			t.Run(name, func(t *testing.T) { o.test(t, envtest.AnotherGateway(t, r, env.More{Settings: o.settings})) })
		}
		t.Run("none", func(t *testing.T) {
			made := envtest.MakeToken(t, r, envtest.Login(t, r, env.User), "query", "Superuser")
			a := envtest.Send(t, r, r.Main, envtest.Request{Path: envtest.CSPAuthorize + "?api_token=" + made.Token, Kind: "-"})
			require.Equal(t, http.StatusBadRequest, a.Status, a.Body)
			require.NotContains(t, a.Body+r.Log(), made.Token)
		})
	})
}

func narrowTokens(t *testing.T, g *env.Env) {
	session := envtest.Login(t, g, env.User)
	create := func(session, body string) env.Answer { return envtest.Bearing(t, g, session, "POST /v1/tokens", body) }

	require.Equal(t, http.StatusForbidden, create(envtest.Login(t, g, env.ReadOnly), `{"name": "n", "scopes": ["User"]}`).Status,
		"nothing is assigned to this one")
	for _, ttl := range []string{"31d", "never"} {
		a := create(session, `{"name": "n", "scopes": ["User"], "ttl": "`+ttl+`"}`)
		require.Equal(t, http.StatusBadRequest, a.Status, a.Body)
		require.Contains(t, a.Body, "30d")
	}
	a := create(session, `{"name": "n", "scopes": ["User"]}`)
	require.Equal(t, http.StatusCreated, a.Status, a.Body)
	var made struct {
		Token            string
		Created, Expires time.Time
	}
	require.NoError(t, json.Unmarshal([]byte(a.Body), &made))
	require.Equal(t, 240*time.Hour, made.Expires.Sub(made.Created))

	require.Equal(t, http.StatusUnauthorized, ping(t, g, made.Token), "it has to be exchanged")
	for _, q := range []envtest.Request{
		{Path: envtest.CSPAuthorize + "?api_token=" + made.Token, Kind: "-"},
		{Path: envtest.CSPAuthorize, Kind: "application/x-www-form-urlencoded", Body: "api_token=" + made.Token},
	} {
		a = envtest.Send(t, g, g.Main, q)
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		var x struct {
			Access string `json:"access_token"`
			Life   int    `json:"expires_in"`
		}
		require.NoError(t, json.Unmarshal([]byte(a.Body), &x))
		require.Equal(t, 120, x.Life)
		require.Equal(t, http.StatusOK, ping(t, g, x.Access))
	}
	require.NotContains(t, g.Log(), made.Token)
	requireNotServed(t, g, "POST /oauth/provider/token", "GET /.well-known/oauth-authorization-server", "GET /api/org",
		"GET /api/versions", "POST /cloudapi/1.0.0/sessions", "GET /cloudapi/1.0.0/tokens")
}

func noCSP(t *testing.T, g *env.Env) {
	made := envtest.MakeToken(t, g, envtest.Login(t, g, env.User), "n", "Superuser")
	status, x := oauth(t, g, "oauth/provider/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {made.Token}})
	require.Equal(t, http.StatusOK, status, "%v", x)
	require.Equal(t, http.StatusOK, ping(t, g, x["access_token"].(string)))
	requireNotServed(t, g, "POST /"+envtest.CSPAuthorize, "POST /csp/gateway/am/api/auth/api-tokens/details", "POST /account/login", "GET /account/login",
		"POST /rpc", "POST /raas/rpc", "GET /version", "POST /acs/t/x/token")
	require.NoFileExists(t, g.StateDir()+"/tokens.db")
}

// requireNotServed finds no API that is off.
func requireNotServed(t *testing.T, g *env.Env, routes ...string) {
	t.Helper()
	for _, route := range routes {
		method, path, _ := strings.Cut(route, " /")
		a := envtest.Send(t, g, g.Main, envtest.Request{Method: method, Path: path, Body: "{}"})
		require.Equal(t, http.StatusNotFound, a.Status, route)
		unknown := envtest.Send(t, g, g.Main, envtest.Request{Method: method, Path: "no/such", Body: "{}"})
		require.Equal(t, strings.ReplaceAll(unknown.Body, "no/such", path), a.Body, route)
	}
}
