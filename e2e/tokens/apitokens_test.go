package tokens

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
)

// A token as CI has it, for one function on some minions, does that and
// nothing else, though its owner may do everything.
func TestTokenForCI(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		envtest.AddRole(t, r, "ci-test", `[{"ms--[01]": ["state\\.apply$", "test\\.ping$"]}]`)
		made := envtest.MakeToken(t, r, envtest.Login(t, r, env.User), "ci", "ci-test")
		run := func(chunk string) env.Answer { return envtest.Bearing(t, r, made.Token, "POST /", "["+chunk+"]") }

		a := run(`{"client": "local", "tgt": "*", "fun": "test.ping"}`)
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		var answer struct{ Return []map[string]bool }
		require.NoError(t, json.Unmarshal([]byte(a.Body), &answer), a.Body)
		require.Equal(t, []map[string]bool{{"ms--0": true, "ms--1": true}}, answer.Return, "the target is narrowed")
		require.NotEmpty(t, a.Header.Get("Saltern-Token-Expires"))

		a = run(`{"client": "local", "tgt": "ms--0", "fun": "state.apply", "kwarg": {"test": true}}`)
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		require.Contains(t, a.Body, "ms--0")
		a = run(`{"client": "local", "tgt": "ms--4", "fun": "test.ping"}`)
		require.Equal(t, `{"return": [{}]}`, a.Body, "nobody is both")

		before := callerJobs(t, r)
		for _, chunk := range []string{
			`{"client": "local", "tgt": "ms--0", "fun": "cmd.run", "arg": ["id"]}`,
			`{"client": "local", "tgt": "ms--0", "fun": "test.pingx"}`,
			`{"client": "local", "tgt": "ms--0", "fun": ["test.ping", "cmd.run"], "arg": [[], ["id"]]}`,
			`{"client": "local", "tgt": "ms--0", "fun": "test.ping", "ret": "raw_file"}`,
			`{"client": "local", "tgt": "ms--0", "fun": "test.ping", "jid": "20200102030405060708"}`,
			`{"client": "local_async", "tgt": "*", "fun": "cmd.run", "arg": ["id"]}`,
			`{"client": "local_batch", "tgt": "*", "fun": "cmd.run", "arg": ["id"]}`,
			`{"client": "local_subset", "tgt": "*", "fun": "cmd.run", "arg": ["id"]}`,
			`{"client": "runner", "fun": "manage.up"}`,
			`{"client": "runner_async", "fun": "manage.up"}`,
			`{"client": "wheel", "fun": "key.list_all"}`,
			`{"client": "wheel_async", "fun": "key.list_all"}`,
		} {
			a := run(chunk)
			require.Equal(t, http.StatusForbidden, a.Status, "%s: %s", chunk, a.Body)
			require.Contains(t, a.Body, `"The token's scopes do not allow this: `, chunk)
		}
		for _, route := range []string{"GET /minions", "GET /jobs", "GET /keys", "GET /events", "POST /v1/tokens", "GET /v1/tokens"} {
			a := envtest.Bearing(t, r, made.Token, route, "{}")
			require.Equal(t, http.StatusForbidden, a.Status, "%s: %s", route, a.Body)
		}
		require.Equal(t, before, callerJobs(t, r), "nothing of it ran")
	})
}

// callerJobs counts the jobs of callers in the job cache.
func callerJobs(t *testing.T, r *env.Env) int {
	t.Helper()
	a := envtest.Bearing(t, r, envtest.Login(t, r, env.User), "GET /jobs", "")
	require.Equal(t, http.StatusOK, a.Status)
	var answer struct {
		Return []map[string]struct{ Function string }
	}
	require.NoError(t, json.Unmarshal([]byte(a.Body), &answer))
	n := 0
	for _, job := range answer.Return[0] {
		if !strings.HasPrefix(job.Function, "runner.") && job.Function != "saltutil.find_job" {
			n++
		}
	}
	return n
}

// On the listener of rest_wsgi a token in a header is good for chunks that do
// not say who sends them, and its scopes hold there too.
func TestTokenOnRestWSGI(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		envtest.AddRole(t, r, "wsgi-test", `[{"ms--[01]": ["test\\.ping$"]}]`)
		made := envtest.MakeToken(t, r, envtest.Login(t, r, env.User), "wsgi", "wsgi-test")
		run := func(body string) env.Answer {
			return envtest.Send(t, r, r.WSGI, envtest.Request{Body: body, Header: map[string]string{"Authorization": "Bearer " + made.Token}})
		}
		a := run(`[{"client": "local", "tgt": "*", "fun": "test.ping"}]`)
		require.JSONEq(t, `{"return": [{"ms--0": true, "ms--1": true}]}`, a.Body)
		a = run(`[{"client": "local", "tgt": "*", "fun": "test.version"}]`)
		require.Equal(t, http.StatusForbidden, a.Status, a.Body)
		a = run(env.Chunk(env.User, `"client": "local", "tgt": "ms--2", "fun": "test.ping"`))
		require.Equal(t, `{"return": [{"ms--2": true}]}`, a.Body, "the chunk's own count")
	})
}

// A token never does more than its owner may, whatever its scope.
func TestTokenOfOneWhoMayLittle(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		made := envtest.MakeToken(t, r, envtest.Login(t, r, env.ReadOnly), "all", "Superuser")
		a := envtest.Bearing(t, r, made.Token, "POST /", `[{"client": "local", "tgt": "ms--0", "fun": "test.ping"}]`)
		require.Equal(t, `{"return": [{"ms--0": true}]}`, a.Body)
		a = envtest.Bearing(t, r, made.Token, "POST /", `[{"client": "local", "tgt": "ms--0", "fun": "cmd.run", "arg": ["id"]}]`)
		require.Equal(t, http.StatusUnauthorized, a.Status, a.Body)
	})
}

// A revoked token is refused from the next request on, and its streams end;
// the owner's logout does neither.
func TestTokenRevoked(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		session := envtest.Login(t, r, env.User)
		made := envtest.MakeToken(t, r, session, "stream", "Superuser")
		other := envtest.Login(t, r, env.User)
		a := envtest.Bearing(t, r, session, "POST /logout", "")
		require.Equal(t, http.StatusOK, a.Status)
		const ping = `[{"client": "local", "tgt": "ms--0", "fun": "test.ping"}]`
		require.Equal(t, http.StatusOK, envtest.Bearing(t, r, made.Token, "POST /", ping).Status, "it survives the logout")
		a = envtest.Bearing(t, r, made.Token, "POST /logout", "")
		require.Equal(t, http.StatusOK, a.Status)
		require.Equal(t, `{"return": "An API token stays good until its owner revokes it"}`, a.Body)
		require.Equal(t, http.StatusOK, envtest.Bearing(t, r, made.Token, "POST /", ping).Status, "also its own")

		client, err := r.Client()
		require.NoError(t, err)
		t.Cleanup(client.CloseIdleConnections)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.Main+"/events", nil)
		require.NoError(t, err)
		req.Header.Set("X-Auth-Token", made.Token)
		resp, err := client.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close() //nolint:errcheck // read to its end below
		require.Equal(t, http.StatusOK, resp.StatusCode)

		a = envtest.Bearing(t, r, other, "DELETE /v1/tokens/"+made.ID, "")
		require.Equal(t, http.StatusNoContent, a.Status, a.Body)
		require.Equal(t, http.StatusUnauthorized, envtest.Bearing(t, r, made.Token, "POST /", ping).Status)
		var last string
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); { // to the end of the stream
			if name, value, _ := strings.Cut(lines.Text(), ": "); name == "event" {
				last = value
			}
		}
		require.Equal(t, "saltern-cut-off", last)
	})
}

// The operator's commands on the gateway's host.
func TestTokenCommands(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		secret, err := r.Command(t.Context(), "", "token", "create", "--name", "host", "--scope", "Superuser", "--user", env.User)
		require.NoError(t, err)
		secret = strings.TrimSpace(secret)
		const ping = `[{"client": "local", "tgt": "ms--0", "fun": "test.ping"}]`
		require.Equal(t, http.StatusOK, envtest.Bearing(t, r, secret, "POST /run", ping).Status)
		list, err := r.Command(t.Context(), "", "token", "list", "--json")
		require.NoError(t, err)
		require.NotContains(t, list, secret)
		var all []envtest.APIToken
		require.NoError(t, json.Unmarshal([]byte(list), &all), list)
		require.Len(t, all, 1)
		require.Equal(t, "host", all[0].Name)
		_, err = r.Command(t.Context(), "", "token", "revoke", all[0].ID)
		require.NoError(t, err)
		require.Equal(t, http.StatusUnauthorized, envtest.Bearing(t, r, secret, "POST /run", ping).Status)
		require.NotContains(t, r.Log(), secret)
	})
}
