package commands

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/tokenstore"
)

// TestRefusedByTheMaster has the bad requests that a master refuses: for every
// cause of a kind there is the same answer. What the gateway refuses by itself
// is in e2e/gateway (TestBadInput).
func TestRefusedByTheMaster(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		loginAll(t, r)
		t.Cleanup(func() { loginAll(t, r) })
		for want, requests := range map[string]map[string]string{
			envtest.TextWrong:               badCredentials(t, r),
			"Authorization error occurred.": notPermitted(t, r),
		} {
			for name, body := range requests {
				for surface, base := range envtest.Surfaces(r) {
					t.Run(name+" "+surface, func(t *testing.T) {
						t.Parallel()
						a := envtest.Send(t, r, base, envtest.Request{Body: body})
						answer := envtest.ErrorBody(surface, http.StatusUnauthorized, want)
						require.Equal(t, http.StatusUnauthorized, a.Status, a.Body)
						require.Equal(t, strconv.Itoa(len(answer)), a.Header.Get("Content-Length"))
						require.Equal(t, answer, a.Body)
						require.Equal(t, envtest.JSON, a.Header.Get("Content-Type"))
						require.NotEmpty(t, a.Header.Get("X-Request-Id"))
						require.Equal(t, "Session", a.Header.Get("WWW-Authenticate"))
					})
				}
			}
		}
	})
}

// loginAll logs every user in, so that the gateway knows their passwords to be
// right and slows none of them down.
func loginAll(t *testing.T, r *env.Env) {
	t.Helper()
	for user, status := range map[string]int{env.User: 200, env.ReadOnly: 200, env.Stranger: 401} {
		a, err := r.Post(context.Background(), r.WSGI, env.Chunk(user, envtest.GoodPing))
		require.NoError(t, err)
		require.Equal(t, status, a.Status, a.Body)
	}
}

// badCredentials are chunks with credentials that the master, or its store of
// tokens, does not know.
func badCredentials(t *testing.T, r *env.Env) map[string]string {
	t.Helper()
	store := envtest.TokensOf(t, r)
	expired := tokenstore.Record{
		Token: store.NewToken(), User: env.User, Eauth: "pam",
		Start: time.Now().Add(-2 * time.Hour), Expire: time.Now().Add(-time.Hour),
	}
	require.NoError(t, store.Write(expired))
	t.Cleanup(func() { require.NoError(t, store.Remove(expired.Token)) })
	return map[string]string{
		"wrong password, by Salt": `[{"eauth": "sharedsecret", "username": "` + sandbox.UserAll + `", "password": "wrong", ` + envtest.GoodPing + `}]`,
		"expired token":           `[{"token": "` + expired.Token + `", ` + envtest.GoodPing + `}]`,
		"unknown token":           `[{"token": "` + store.NewToken() + `", ` + envtest.GoodPing + `}]`,
	}
}

// notPermitted are chunks of callers who are known and may not do this.
func notPermitted(t *testing.T, r *env.Env) map[string]string {
	t.Helper()
	made, ok, err := envtest.MasterOf(t, r).MakeToken(t.Context(), "sharedsecret", sandbox.UserTestOnly, r.Secret())
	require.NoError(t, err)
	require.True(t, ok)
	t.Cleanup(func() { require.NoError(t, envtest.TokensOf(t, r).Remove(made.Token)) })

	cmd := `"client": "local", "tgt": "*", "fun": "cmd.run", "arg": ["true"]`
	async := `"client": "local_async", "tgt": "*", "fun": "cmd.run", "arg": ["true"]`
	run := `"client": "runner", "fun": "test.arg"`
	return map[string]string{
		"cmd.run by who may test":       env.Chunk(env.ReadOnly, cmd),
		"cmd.run async by who may test": env.Chunk(env.ReadOnly, async),
		"runner by who may test":        env.Chunk(env.ReadOnly, run),
		"cmd.run without a right":       env.Chunk(env.Stranger, cmd),
		"runner without a right":        env.Chunk(env.Stranger, run),
		"test.ping without a right":     env.Chunk(env.Stranger, envtest.GoodPing),
		"cmd.run by token":              `[{"token": "` + made.Token + `", ` + cmd + `}]`,
		"runner by token":               `[{"token": "` + made.Token + `", ` + run + `}]`,
	}
}

// TestNumericText is the other side of a row: text that is a number is one.
func TestNumericText(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		a := envtest.Post(t, r, env.Chunk(env.User, envtest.GoodPing+`, "timeout": "5", "gather_job_timeout": "2.5"`))
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		require.Equal(t, envtest.GoodPingAnswer, a.Body)
	})
}

// TestUnknownRunner gets salt-api's sentence, and none of the master's
// traceback.
func TestUnknownRunner(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		for _, fun := range []string{"no.such", "jobs.no_such"} {
			t.Run(fun, func(t *testing.T) {
				t.Parallel()
				a := envtest.Post(t, r, env.Chunk(env.User, `"client": "runner", "fun": "`+fun+`"`))
				require.Equal(t, http.StatusInternalServerError, a.Status, a.Body)
				require.Equal(t, envtest.TextBody("'"+fun+"' is not available."), a.Body)
			})
		}
		a := envtest.Post(t, r, env.Chunk(env.User, `"client": "runner", "fun": "nope"`))
		require.Equal(t, http.StatusBadRequest, a.Status, "not even of the form of a function")
		require.Equal(t, envtest.TextBody("A command invocation error occurred: Check syntax."), a.Body)
	})
}
