package rights

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
)

// tokensWhereModulesDecide is for a gateway with keep_acl_in_token: nobody gets an API token whose rights the master's eauth
// module says at each login, and one that was made before that module had a say cannot be used while it has.
func tokensWhereModulesDecide(t *testing.T, r *env.Env) {
	const (
		runner = `[{"client": "runner", "fun": "test.arg", "arg": ["x"]}]`
		want   = `{"name": "ci", "scopes": ["Superuser"], "ttl": "1d"}`
	)
	refuse := func(session, module string) {
		t.Helper()
		a := envtest.Bearing(t, r, session, "POST /v1/tokens", want)
		assert.Equal(t, http.StatusBadRequest, a.Status, a.Body)
		assert.Contains(t, a.Body, "what users of eauth "+module+" may do is what the master's eauth module says at each login")
	}
	login := moduleAsk(t, r, r.Main+"/login", "", `{`+moduleCredentials(r, "wide")+`}`)
	var answer struct{ Return []struct{ Token string } }
	require.NoError(t, json.Unmarshal([]byte(login.Body), &answer), login.Body)
	require.Len(t, answer.Return, 1)
	refuse(answer.Return[0].Token, "wide")

	made := envtest.MakeToken(t, r, envtest.Login(t, r, env.User), "ci", "Superuser")
	use := func() (int, string) {
		t.Helper()
		a := envtest.Bearing(t, r, made.Token, "POST /", runner)
		return a.Status, a.Body
	}
	status, body := use()
	require.Equal(t, http.StatusOK, status, body)

	file := filepath.Join(r.GatewayConf(), "master")
	before, err := os.ReadFile(file)
	require.NoError(t, err)
	restart := func(conf string) {
		t.Helper()
		require.NoError(t, r.StopGateway(t.Context()))
		require.NoError(t, os.WriteFile(file, []byte(conf), 0o600))
		require.NoError(t, r.StartGateway(t.Context()))
	}
	restart(fmt.Sprintf("%s\neauth_acl_module: judge\n", before))
	status, body = use()
	assert.Equal(t, http.StatusForbidden, status, body)
	assert.Contains(t, body, "so no API token can act for the owner: log in")
	refuse(envtest.Login(t, r, env.User), "pam")

	restart(string(before))
	status, body = use()
	require.Equal(t, http.StatusOK, status, body)
}
