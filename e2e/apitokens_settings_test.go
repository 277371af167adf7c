package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

const cspAuthorize = "csp/gateway/am/api/auth/api-tokens/authorize"

// What saltern.yaml says of tokens, in gateways of their own.
func TestTokenSettings(t *testing.T) {
	eachRelease(t, func(t *testing.T, r *env.Env) {
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
			"without csp, in memory": {"tokens: {store: memory, csp: {enabled: false}}\n", noCSP},
		} {
			t.Run(name, func(t *testing.T) { o.test(t, anotherGateway(t, r, env.More{Settings: o.settings})) })
		}
		t.Run("none", func(t *testing.T) {
			made := makeToken(t, r, pamSession(t, r, env.User), "query", "Superuser")
			a := ask(t, r, r.Main, asked{path: cspAuthorize + "?api_token=" + made.Token, kind: "-"})
			require.Equal(t, http.StatusBadRequest, a.Status, a.Body)
			require.NotContains(t, a.Body+r.Log(), made.Token)
		})
	})
}

func narrowTokens(t *testing.T, g *env.Env) {
	session := pamSession(t, g, env.User)
	create := func(session, body string) env.Answer { return bearing(t, g, session, "POST /v1/tokens", body) }

	require.Equal(t, http.StatusForbidden, create(pamSession(t, g, env.ReadOnly), `{"name": "n", "scopes": ["User"]}`).Status,
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
	for _, q := range []asked{
		{path: cspAuthorize + "?api_token=" + made.Token, kind: "-"},
		{path: cspAuthorize, kind: "application/x-www-form-urlencoded", body: "api_token=" + made.Token},
	} {
		a = ask(t, g, g.Main, q)
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
	made := makeToken(t, g, pamSession(t, g, env.User), "n", "Superuser")
	status, x := oauth(t, g, "oauth/provider/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {made.Token}})
	require.Equal(t, http.StatusOK, status, "%v", x)
	require.Equal(t, http.StatusOK, ping(t, g, x["access_token"].(string)))
	requireNotServed(t, g, "POST /"+cspAuthorize, "POST /csp/gateway/am/api/auth/api-tokens/details", "POST /account/login", "GET /account/login")
	require.NoFileExists(t, g.StateDir()+"/tokens.db")
}

// requireNotServed finds no API that is off.
func requireNotServed(t *testing.T, g *env.Env, routes ...string) {
	t.Helper()
	for _, route := range routes {
		method, path, _ := strings.Cut(route, " /")
		a := ask(t, g, g.Main, asked{method: method, path: path, body: "{}"})
		require.Equal(t, http.StatusNotFound, a.Status, route)
		unknown := ask(t, g, g.Main, asked{method: method, path: "no/such", body: "{}"})
		require.Equal(t, strings.ReplaceAll(unknown.Body, "no/such", path), a.Body, route)
	}
}
