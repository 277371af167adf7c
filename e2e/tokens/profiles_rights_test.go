package tokens

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
)

// Whoever comes with a token, even one of a superuser that is for everything,
// cannot make, see or revoke tokens, nor change users, roles or service
// accounts. The user may look at roles.
func TestProfileTokenRights(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		g := envtest.AnotherGateway(t, r, plainSuperuser)
		session := vcdLogin(t, g, env.User)
		id, secret := vcdToken(t, g, session, "all")
		other := envtest.MakeToken(t, g, session, "other", "Superuser")
		account := envtest.Member(t, envtest.Bearing(t, g, session, "POST /v1/service-accounts", `{"name": "robot", "scopes": ["User"]}`), "id")
		exchanged := envtest.Send(t, g, g.Main, envtest.Request{Path: grantPath[1:], Kind: "application/x-www-form-urlencoded",
			Body: "grant_type=refresh_token&refresh_token=" + secret})

		for _, credential := range []string{secret, envtest.Member(t, exchanged, "access_token")} {
			for _, route := range []string{
				"POST /v1/tokens", "GET /v1/tokens", "GET /v1/tokens?all=true",
				"GET /v1/tokens/" + id, "GET /v1/tokens/" + other.ID, "POST /v1/tokens/" + other.ID + "/regenerate",
				"DELETE /v1/tokens/" + other.ID, "DELETE /v1/tokens/" + id,
				"POST /oauth/provider/register", "GET /cloudapi/1.0.0/tokens",
				"GET /cloudapi/1.0.0/tokens/urn:vcloud:token:" + other.ID,
				"DELETE /cloudapi/1.0.0/tokens/urn:vcloud:token:" + other.ID,
				"POST /v1/roles", "PUT /v1/roles/mine", "DELETE /v1/roles/User",
				"POST /v1/service-accounts", "PUT /v1/service-accounts/" + account, "DELETE /v1/service-accounts/" + account,
				"POST /v1/service-accounts/" + account + "/revoke",
				"POST /cloudapi/1.0.0/serviceAccounts/urn:vcloud:serviceAccount:" + account + "/revoke",
				"POST /cloudapi/1.0.0/deviceLookup/grant",
			} {
				a := envtest.Bearing(t, g, credential, route, bodies[route])
				require.Equal(t, http.StatusForbidden, a.Status, "%s: %s", route, a.Body)
				require.Contains(t, a.Body, "log in first", route)
			}
			first := "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&client_id=" + id + "&assertion=" + credential
			a := envtest.Send(t, g, g.Main, envtest.Request{Path: grantPath[1:], Kind: "application/x-www-form-urlencoded", Body: first})
			require.Equal(t, http.StatusBadRequest, a.Status, a.Body)
			require.Equal(t, "invalid_grant", envtest.Member(t, a, "error"))
			require.Equal(t, http.StatusOK, envtest.Bearing(t, g, credential, "GET /v1/roles", "").Status)
			require.Equal(t, http.StatusOK, envtest.Bearing(t, g, credential, "GET /v1/roles/User", "").Status)
			for _, route := range []string{"GET /cloudapi/1.0.0/users", "PUT /cloudapi/1.0.0/users/x", "POST /api/admin/users"} {
				a := envtest.Bearing(t, g, credential, route, "{}")
				require.Equal(t, http.StatusNotFound, a.Status, "%s: users are not kept here", route)
			}
			pings(t, g, credential)
		}
		require.Equal(t, http.StatusOK, envtest.Bearing(t, g, session, "GET /v1/tokens/"+other.ID, "").Status, "it is still there")
		require.Equal(t, http.StatusOK, envtest.Bearing(t, g, session, "GET /v1/service-accounts/"+account, "").Status)
	})
}

// bodies are what some routes need to get as far as the question who asks.
var bodies = map[string]string{
	"POST /v1/tokens":                         `{"name": "more", "scopes": ["User"]}`,
	"POST /oauth/provider/register":           `{"client_name": "more"}`,
	"POST /v1/roles":                          `{"name": "mine", "permissions": ["cmd-run"]}`,
	"PUT /v1/roles/mine":                      `{"permissions": ["cmd-run"]}`,
	"POST /v1/service-accounts":               `{"name": "more", "scopes": ["User"]}`,
	"POST /cloudapi/1.0.0/deviceLookup/grant": `{"userCode": "BCDF-GHJK"}`,
}

// Users make tokens where their role says so, and see their own. Who may manage
// everybody's sees that there are others, by name, and ends them.
func TestProfileUserRights(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		g := envtest.AnotherGateway(t, r, env.More{CherryPy: map[string]any{"disable_ssl": true}, Settings: `tokens:
  login_roles: []
  assignments:
    - {users: saltdev, roles: [maker, keeper]}
    - {users: saltro, roles: maker}
`})
		boss, user := vcdLogin(t, g, env.User), vcdLogin(t, g, env.ReadOnly)
		const create = `{"name": "ci", "scopes": ["User"]}`
		for _, session := range []string{boss, user} {
			require.Equal(t, http.StatusForbidden, envtest.Bearing(t, g, session, "POST /v1/tokens", create).Status, "there is no such role yet")
			require.Equal(t, http.StatusForbidden,
				envtest.Bearing(t, g, session, "POST /oauth/provider/register", `{"client_name": "ci"}`).Status)
		}
		for _, role := range []string{
			`{"name": "maker", "permissions": ["token-manage"]}`, `{"name": "keeper", "permissions": ["token-manage-all"]}`,
		} {
			_, err := g.Command(t.Context(), role, "role", "put", "-")
			require.NoError(t, err)
		}

		mine, theirs := envtest.MakeToken(t, g, boss, "mine", "User"), envtest.MakeToken(t, g, user, "theirs", "User")
		second, secret := vcdToken(t, g, user, "second")
		require.Equal(t, []string{"second", "theirs"}, tokenNames(t, g, user, ""))
		require.Equal(t, []string{"mine"}, tokenNames(t, g, boss, ""))
		require.Equal(t, []string{"mine", "second", "theirs"}, tokenNames(t, g, boss, "?all=true"))
		require.Equal(t, []string{"second", "theirs"}, tokenNames(t, g, boss, "?user=saltro&eauth=pam"))
		require.Equal(t, http.StatusForbidden, envtest.Bearing(t, g, user, "GET /v1/tokens?all=true", "").Status)
		require.Equal(t, http.StatusForbidden, envtest.Bearing(t, g, user, "GET /v1/tokens?user=saltdev&eauth=pam", "").Status)
		require.Equal(t, http.StatusNotFound, envtest.Bearing(t, g, user, "GET /v1/tokens/"+mine.ID, "").Status)
		require.Equal(t, http.StatusNotFound, envtest.Bearing(t, g, user, "DELETE /v1/tokens/"+mine.ID, "").Status)

		seen := envtest.Bearing(t, g, boss, "GET /v1/tokens/"+theirs.ID, "")
		require.Equal(t, `{"id":"`+theirs.ID+`","kind":"api","name":"theirs","owner":{"eauth":"pam","user":"saltro"}}`,
			strings.ReplaceAll(seen.Body, "\n", ""), "the name and nothing else")
		require.Equal(t, http.StatusForbidden, envtest.Bearing(t, g, boss, "POST /v1/tokens/"+theirs.ID+"/regenerate", "").Status)
		pings(t, g, secret)
		const urn = " /cloudapi/1.0.0/tokens/urn:vcloud:token:"
		require.Equal(t, http.StatusForbidden, envtest.Bearing(t, g, user, "GET"+urn+mine.ID, "").Status)
		require.Equal(t, http.StatusNoContent, envtest.Bearing(t, g, boss, "DELETE"+urn+second, "").Status, "another's")
		require.Equal(t, http.StatusNoContent, envtest.Bearing(t, g, user, "DELETE"+urn+theirs.ID, "").Status, "one's own")
		require.Equal(t, http.StatusUnauthorized, envtest.Bearing(t, g, secret, "POST /", "[]").Status)
		require.Empty(t, tokenNames(t, g, user, ""))
	})
}

// tokenNames are the names of the tokens that a session sees, which never come
// with their secrets.
func tokenNames(t *testing.T, r *env.Env, session, query string) []string {
	t.Helper()
	a := envtest.Bearing(t, r, session, "GET /v1/tokens"+query, "")
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	require.NotContains(t, a.Body, "saltern_api_")
	var page struct{ Tokens []envtest.APIToken }
	require.NoError(t, json.Unmarshal([]byte(a.Body), &page))
	var names []string
	for _, one := range page.Tokens {
		names = append(names, one.Name)
	}
	slices.Sort(names)
	return names
}
