package tokens

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/redistest"
)

// onRedis are the settings of gateways that share a Redis, with more of them.
// The user of the env may do everything with tokens.
func onRedis(t *testing.T, server *redistest.Server, more string) env.More {
	t.Helper()
	pepper := filepath.Join(t.TempDir(), "pepper")
	require.NoError(t, os.WriteFile(pepper, []byte(strings.Repeat("5a", 32)+"\n"), 0o600))
	return env.More{Settings: fmt.Sprintf(`tokens:
  store: redis
  pepper_file: %s
  redis: {addresses: [%q]}
  assignments: [{users: [%s], roles: [Superuser]}]
%s`, pepper, server.Client().Addrs[0], env.User, more)}
}

const tokenPing = `[{"client": "local", "tgt": "ms--0", "fun": "test.ping"}]`

// ping runs a command with a token.
func ping(t *testing.T, r *env.Env, token string) int {
	t.Helper()
	a := envtest.Bearing(t, r, token, "POST /", tokenPing)
	if a.Status == http.StatusOK {
		require.Equal(t, `{"return": [{"ms--0": true}]}`, a.Body)
	}
	return a.Status
}

// requireCutOff waits for the end of a stream whose token has ended.
func requireCutOff(t *testing.T, e *envtest.EventBlocks) {
	t.Helper()
	e.Until("event: saltern-cut-off")
	rest, err := io.ReadAll(e.Lines)
	require.NoError(t, err)
	require.Empty(t, string(rest))
}

// What is done to tokens at one gateway counts at the other one, from the next
// request on.
func TestTokensOfTwoGateways(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		const guesses = 30
		more := onRedis(t, redistest.Start(t, redistest.Options{}), fmt.Sprintf("  throttle: {attempts: %d, first: 1h, most: 1h}\n", guesses))
		one, two := envtest.AnotherGateway(t, r, more), envtest.AnotherGateway(t, r, more)
		session := envtest.Login(t, one, env.User)

		t.Run("revoked", func(t *testing.T) {
			made := envtest.MakeToken(t, one, session, "revoked", "Superuser")
			require.Equal(t, http.StatusOK, ping(t, two, made.Token))
			stream, socket := envtest.FollowEvents(t, two, made.Token, ""), envtest.OpenSocket(t, two, "/ws/"+made.Token)
			a := envtest.Bearing(t, one, session, "DELETE /v1/tokens/"+made.ID, "")
			require.Equal(t, http.StatusNoContent, a.Status, a.Body)
			for _, g := range []*env.Env{two, one} {
				require.Equal(t, http.StatusUnauthorized, ping(t, g, made.Token))
			}
			requireCutOff(t, stream)
			select {
			case <-socket.Ended:
			case <-time.After(envtest.Patience):
				require.Fail(t, "the websocket is open")
			}
		})
		t.Run("regenerated", func(t *testing.T) {
			made := envtest.MakeToken(t, one, session, "regenerated", "Superuser")
			stream := envtest.FollowEvents(t, one, made.Token, "")
			a := envtest.Bearing(t, two, envtest.Login(t, two, env.User), "POST /v1/tokens/"+made.ID+"/regenerate", "")
			require.Equal(t, http.StatusOK, a.Status, a.Body)
			var again envtest.APIToken
			require.NoError(t, json.Unmarshal([]byte(a.Body), &again))
			require.Equal(t, made.ID, again.ID)
			for _, g := range []*env.Env{one, two} {
				require.Equal(t, http.StatusUnauthorized, ping(t, g, made.Token))
				require.Equal(t, http.StatusOK, ping(t, g, again.Token))
			}
			requireCutOff(t, stream)
		})
		t.Run("a role that is gone", func(t *testing.T) {
			_, err := two.Command(t.Context(), `{"name": "pinger", "acl": ["test\\.ping$"]}`, "role", "put", "-")
			require.NoError(t, err)
			made := envtest.MakeToken(t, one, session, "pinger", "pinger")
			require.Equal(t, http.StatusOK, ping(t, two, made.Token))
			require.Equal(t, http.StatusOK, ping(t, one, made.Token))
			_, err = two.Command(t.Context(), "", "role", "delete", "pinger")
			require.NoError(t, err)
			require.Equal(t, http.StatusForbidden, ping(t, two, made.Token))
			envtest.RequireEventually(t, func() bool { return ping(t, one, made.Token) == http.StatusForbidden })
		})
		t.Run("a refresh token used twice", func(t *testing.T) { reusedElsewhere(t, one, two, session) })
		t.Run("guesses", func(t *testing.T) {
			// Failures are counted together: none of the gateways has its own limit.
			wrong := apitoken.NewSecret(apitoken.KindAPI).Reveal()
			tries := 0
			envtest.RequireEventually(t, func() bool {
				tries++
				return ping(t, []*env.Env{one, two}[tries%2], wrong) == http.StatusTooManyRequests
			})
			require.LessOrEqual(t, tries, guesses+1)
			for _, g := range []*env.Env{one, two} {
				require.Equal(t, http.StatusTooManyRequests, ping(t, g, wrong))
			}
		})
	})
}

// oauth posts a form, and returns the status and the members of the answer.
func oauth(t *testing.T, r *env.Env, path string, form url.Values) (int, map[string]any) {
	t.Helper()
	a := envtest.Send(t, r, r.Main, envtest.Request{Path: path, Kind: "application/x-www-form-urlencoded", Body: form.Encode()})
	var members map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.Body), &members), a.Body)
	return a.Status, members
}

// reusedElsewhere lets a service account in over both gateways, and shows one
// of its refresh tokens at each.
func reusedElsewhere(t *testing.T, one, two *env.Env, session string) {
	a := envtest.Bearing(t, one, session, "POST /oauth/provider/register",
		`{"client_name": "robot", "software_id": "12345678-1234-1234-1234-1234567890ab", "scope": "Superuser"}`)
	require.Equal(t, http.StatusCreated, a.Status, a.Body)
	var account struct {
		ID string `json:"client_id"`
	}
	require.NoError(t, json.Unmarshal([]byte(a.Body), &account))
	status, begun := oauth(t, two, "oauth/provider/device_authorization", url.Values{"client_id": {account.ID}})
	require.Equal(t, http.StatusOK, status, "%v", begun)
	a = envtest.Bearing(t, one, session, "POST /cloudapi/1.0.0/deviceLookup/grant", fmt.Sprintf(`{"userCode": %q}`, begun["user_code"]))
	require.Equal(t, http.StatusNoContent, a.Status, a.Body)
	status, got := oauth(t, two, "oauth/provider/token", url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "client_id": {account.ID},
		"device_code": {begun["device_code"].(string)},
	})
	require.Equal(t, http.StatusOK, status, "%v", got)

	refresh := func(g *env.Env, token any) (int, map[string]any) {
		return oauth(t, g, "oauth/provider/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token.(string)}})
	}
	status, next := refresh(one, got["refresh_token"])
	require.Equal(t, http.StatusOK, status, "%v", next)
	access := next["access_token"].(string)
	for _, g := range []*env.Env{one, two} {
		require.Equal(t, http.StatusOK, ping(t, g, access))
	}
	stream := envtest.FollowEvents(t, one, access, "")
	status, refused := refresh(two, got["refresh_token"])
	require.Equal(t, http.StatusBadRequest, status, "it was used at the other one")
	require.Equal(t, "invalid_grant", refused["error"])
	for _, g := range []*env.Env{one, two} {
		status, _ = refresh(g, next["refresh_token"])
		require.Equal(t, http.StatusBadRequest, status, "the family has ended")
		require.Equal(t, http.StatusUnauthorized, ping(t, g, access))
	}
	requireCutOff(t, stream)
}
