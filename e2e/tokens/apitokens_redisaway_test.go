package tokens

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/eauth/apitoken/redistest"
)

// While Redis is away, who comes with a token is told so at every endpoint,
// and let in at none; all else goes on. When it is back, so are the tokens.
func TestTokensWithoutRedis(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		server := redistest.Start(t, redistest.Options{Durable: true})
		more := onRedis(t, server, "  csp: {query_tokens: true}\n")
		g := envtest.AnotherGateway(t, r, more)
		session := envtest.Login(t, g, env.User)
		made := envtest.MakeToken(t, g, session, "away", "Superuser")
		status, x := oauth(t, g, "oauth/provider/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {made.Token}})
		require.Equal(t, http.StatusOK, status, "%v", x)
		access := x["access_token"].(string)

		t.Run("hung", func(t *testing.T) {
			stream := envtest.FollowEvents(t, g, made.Token, "")
			require.NoError(t, server.Process().Signal(syscall.SIGSTOP))
			resume := func() { require.NoError(t, server.Process().Signal(syscall.SIGCONT)) }
			t.Cleanup(resume)
			requireNoTokens(t, g, session, made.Token, access)
			resume()
			requireTokensBack(t, g, made.Token, access)
			stream.Until("tag: salt/job/")
		})
		t.Run("stopped", func(t *testing.T) {
			stream := envtest.FollowEvents(t, g, access, "")
			server.Kill()
			requireNoTokens(t, g, session, made.Token, access)

			// Nor does it keep a gateway from starting.
			late := envtest.AnotherGateway(t, r, more)
			requireNoTokens(t, late, envtest.Login(t, late, env.User), made.Token, access)
			server.Start()
			for _, g := range []*env.Env{g, late} {
				requireTokensBack(t, g, made.Token, access)
			}
			stream.Until("tag: salt/job/") // it went on
			a := envtest.Bearing(t, late, envtest.Login(t, late, env.User), "DELETE /v1/tokens/"+made.ID, "")
			require.Equal(t, http.StatusNoContent, a.Status, a.Body)
			requireCutOff(t, stream)
		})
		for _, secret := range []string{made.Token, access, env.User + `","password`} {
			require.NotContains(t, g.Log(), secret)
		}
	})
}

// requireNoTokens asks everything while Redis is away. There is no limit of
// time but that of the requests: see [patience].
func requireNoTokens(t *testing.T, g *env.Env, session, token, access string) {
	t.Helper()
	var qs []envtest.Aimed
	ask := func(q envtest.Request) { qs = append(qs, envtest.Aimed{Request: q, Base: g.Main}) }
	const form = "application/x-www-form-urlencoded"
	for _, secret := range []string{token, access} {
		for _, route := range []string{
			"POST /", "POST /run", "POST /minions", "POST /hook", "POST /hook/x", "POST /jobs", "POST /keys",
			"GET /events", "GET /minions", "GET /minions/ms--0", "GET /jobs", "GET /jobs/20240101010101010101", "GET /keys", "GET /stats",
			"GET /v1/tokens", "POST /v1/tokens", "GET /v1/roles", "GET /v1/service-accounts", "GET /v1/audit",
			"GET /api/org", "GET /cloudapi/1.0.0/tokens", "GET /cloudapi/1.0.0/serviceAccounts", "GET /cloudapi/1.0.0/sessions/current",
			"POST /account/login", "POST /oauth/provider/register",
		} {
			method, path, _ := strings.Cut(route, " /")
			q := envtest.Request{Method: method, Path: path, Kind: "-", Header: map[string]string{"Authorization": "Bearer " + secret}}
			if method == http.MethodPost {
				q.Kind, q.Body = envtest.JSON, tokenPing
				if strings.HasPrefix(path, "v1/") || strings.HasPrefix(path, "oauth/") || path == "hook" || path == "keys" {
					q.Body = `{"name": "n", "scopes": ["User"], "client_name": "n", "scope": "User", "mid": "away"}`
				}
			}
			ask(q)
		}
		qs = append(qs, envtest.Aimed{Request: envtest.Request{Body: tokenPing, Header: map[string]string{"Authorization": "Bearer " + secret}}, Base: g.WSGI})
		for _, path := range []string{"all_events/", "formatted_events/", "ws/"} {
			ask(envtest.Request{Method: http.MethodGet, Path: path + secret, Kind: "-", Header: map[string]string{
				"Connection": "Upgrade", "Upgrade": "websocket", "Sec-Websocket-Version": "13", "Sec-Websocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
			}})
		}
		ask(envtest.Request{Path: "oauth/provider/revoke", Kind: form, Body: "token=" + secret})
		ask(envtest.Request{Path: "oauth/provider/introspect", Kind: form, Body: "token=" + secret, Header: map[string]string{"Authorization": "Bearer " + secret}})
		ask(envtest.Request{Path: "csp/gateway/am/api/auth/api-tokens/details", Body: fmt.Sprintf(`{"tokenValue": %q}`, secret)})
	}
	for _, path := range []string{"oauth/provider/token", "oauth/tenant/System/token", "csp/gateway/am/api/auth/api-tokens/authorize"} {
		ask(envtest.Request{Path: path, Kind: form, Body: "grant_type=refresh_token&refresh_token=" + token})
	}
	ask(envtest.Request{Path: "csp/gateway/am/api/auth/api-tokens/authorize?refresh_token=" + token, Kind: "-"})
	for _, route := range []string{"GET v1/tokens", "POST v1/tokens", "GET v1/service-accounts"} { // roles may be known
		method, path, _ := strings.Cut(route, " ")
		ask(envtest.Request{Method: method, Path: path, Body: `{"name": "n", "scopes": ["User"]}`, Header: map[string]string{"X-Auth-Token": session}})
	}
	for i, a := range envtest.SendSome(t, g, qs, len(qs)) { // each may wait a while
		require.Equal(t, http.StatusServiceUnavailable, a.Status, "%s %s: %s", qs[i].Method, qs[i].Path, a.Body)
		envtest.RequireRetryAfter(t, a)
	}

	requireAllElseWorks(t, g, session)
}

// requireAllElseWorks asks what has nothing to do with API tokens.
func requireAllElseWorks(t *testing.T, g *env.Env, session string) {
	t.Helper()
	salt := envtest.Send(t, g, g.Main, envtest.Request{Path: "token", Body: fmt.Sprintf(`{"username": %q, "password": %q, "eauth": "pam"}`, env.User, env.User)})
	require.Equal(t, http.StatusOK, salt.Status, salt.Body)
	_, rest, _ := strings.Cut(salt.Body, `"token": "`)
	saltToken, _, _ := strings.Cut(rest, `"`)
	for name, q := range map[string]envtest.Request{
		"a password":      {Path: "run", Body: env.Chunk(env.User, envtest.GoodPing)},
		"a session":       {Body: "[{" + envtest.GoodPing + "}]", Header: map[string]string{"X-Auth-Token": session}},
		"a Salt token":    {Path: "run", Body: fmt.Sprintf(`[{"token": %q, %s}]`, saltToken, envtest.GoodPing)},
		"another one":     {Body: "[{" + envtest.GoodPing + "}]", Header: map[string]string{"Authorization": "Bearer " + saltToken}},
		"an open session": {Method: http.MethodGet, Path: "minions/ms--0", Kind: "-", Header: map[string]string{"X-Auth-Token": session}},
	} {
		a := envtest.Send(t, g, g.Main, q)
		require.Equal(t, http.StatusOK, a.Status, "%s: %s", name, a.Body)
	}
	require.Equal(t, envtest.GoodPingAnswer, envtest.Post(t, g, env.Chunk(env.User, envtest.GoodPing)).Body)
	envtest.FollowEvents(t, g, session, "")
	require.Equal(t, http.StatusOK, envtest.SessionRequest(t, g, envtest.Login(t, g, env.User), http.MethodPost, "/logout", "").Status)
	for _, path := range []string{"healthz", "readyz", "metrics"} {
		require.Equal(t, http.StatusOK, envtest.Send(t, g, g.Admin, envtest.Request{Method: http.MethodGet, Path: path, Kind: "-"}).Status, path)
	}
}

func requireTokensBack(t *testing.T, g *env.Env, tokens ...string) {
	t.Helper()
	for _, token := range tokens {
		envtest.RequireEventually(t, func() bool { return ping(t, g, token) == http.StatusOK })
	}
}
