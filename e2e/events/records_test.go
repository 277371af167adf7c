package events

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// recorded is a job in an answer of /v1/jobs.
type recorded struct {
	JID, User, Eauth, Client, Fun, State string
	Arguments                            json.RawMessage
	Expected, Succeeded, Failed          int
}

// ended returns the newest recorded job that a query matches, once it has ended.
func ended(t *testing.T, r *env.Env, session string, q url.Values) (job recorded) {
	t.Helper()
	q.Set("state", "completed,failed,missing_returns")
	require.Eventually(t, func() bool {
		a := envtest.SessionRequest(t, r, session, http.MethodGet, "/v1/jobs?"+q.Encode(), "")
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		var page struct{ Jobs []recorded }
		require.NoError(t, json.Unmarshal([]byte(a.Body), &page), a.Body)
		if len(page.Jobs) == 0 {
			return false
		}
		job = page.Jobs[0]
		return true
	}, time.Minute, 50*time.Millisecond)
	return job
}

// TestRecords runs jobs through the gateway and by the salt command line, and
// finds them in the records.
func TestRecords(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		session := envtest.Login(t, r, env.User)
		send := func(chunk string) {
			a := envtest.SessionRequest(t, r, session, http.MethodPost, "/", "[{"+chunk+"}]")
			require.Equal(t, http.StatusOK, a.Status, a.Body)
		}

		t.Run("completed", func(t *testing.T) {
			send(`"client": "local_async", "tgt": "*", "fun": "test.arg", "arg": ["x"], "kwarg": {"password": "hunter2"}`)
			job := ended(t, r, session, url.Values{"fun": {"test.arg"}, "client": {"local_async"}})
			require.NotContains(t, string(job.Arguments), "hunter2")
			require.Contains(t, string(job.Arguments), `"x"`)
			job.JID, job.Arguments = "", nil
			require.Equal(t, recorded{
				User: env.User, Eauth: "pam", Client: "local_async", Fun: "test.arg", State: "completed", Expected: 3, Succeeded: 3,
			}, job)
		})

		t.Run("failed", func(t *testing.T) {
			send(`"client": "local", "tgt": ["ms--0", "ms--1"], "tgt_type": "list", "fun": "no.such_function"`)
			job := ended(t, r, session, url.Values{"fun": {"no.such_function"}})
			require.Equal(t, "failed", job.State)
			require.Equal(t, 2, job.Failed)
			a := envtest.SessionRequest(t, r, session, http.MethodGet, "/v1/jobs/"+job.JID+"/returns?state=failed", "")
			require.Equal(t, 2, strings.Count(a.Body, `is not available`), a.Body)
		})

		t.Run("runner", func(t *testing.T) {
			send(`"client": "runner", "fun": "test.arg", "arg": ["y"]`)
			job := ended(t, r, session, url.Values{"fun": {"runner.test.arg"}})
			require.Equal(t, "completed", job.State)
			require.Equal(t, "runner", job.Client)
			require.Equal(t, 1, job.Succeeded)
		})

		t.Run("salt", func(t *testing.T) {
			release := t.Name()[strings.Index(t.Name(), "/")+1:]
			release, _, _ = strings.Cut(release, "/")
			salt := filepath.Join(sandboxtest.Salts(t)[release], "bin", "salt")
			out, err := exec.CommandContext(t.Context(), salt, "-c", r.ConfDir(), "ms--1", "test.echo", "from the command line").CombinedOutput()
			require.NoError(t, err, "%s", out)
			job := ended(t, r, session, url.Values{"fun": {"test.echo"}, "target": {"ms--1"}})
			require.Equal(t, "completed", job.State)
			require.Equal(t, "local", job.Client)
			a := envtest.SessionRequest(t, r, session, http.MethodGet, fmt.Sprintf("/v1/jobs/%s/returns/ms--1", job.JID), "")
			require.Contains(t, a.Body, `"return":"from the command line"`)
		})
	})
}
