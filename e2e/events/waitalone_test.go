package events

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
)

// TestWaitWithoutRecords waits for jobs at a gateway that records nothing: one whose
// minions return, one that a minion is away of, and one that nobody knows.
func TestWaitWithoutRecords(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		alone, err := r.Another(t.Context(), env.More{Settings: "records: {store: off}\n"})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, alone.Stop(context.WithoutCancel(t.Context()))) })
		session := envtest.Login(t, alone, env.User)
		send := func(method, path string) env.Answer {
			req, err := http.NewRequestWithContext(t.Context(), method, alone.Main+path, nil)
			require.NoError(t, err)
			req.Header.Set("X-Auth-Token", session)
			a, err := alone.Do(req)
			require.NoError(t, err)
			return a
		}
		start := func(chunk string) (jid string) {
			a, err := alone.Post(t.Context(), alone.WSGI, env.Chunk(env.User, `"client": "local_async", `+chunk))
			require.NoError(t, err)
			var started struct{ Return []struct{ JID string } }
			require.NoError(t, json.Unmarshal([]byte(a.Body), &started), a.Body)
			require.Len(t, started.Return, 1)
			return started.Return[0].JID
		}
		began := time.Now()
		jid := start(`"tgt": ["ms--0", "ms--1"], "tgt_type": "list", "fun": "test.sleep", "arg": [2]`)
		a := send(http.MethodGet, "/jobs/"+jid+"?wait=60s")
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		require.Equal(t, "true", a.Header.Get("Saltern-Complete"), a.Body)
		var job struct{ Return []map[string]bool }
		require.NoError(t, json.Unmarshal([]byte(a.Body), &job))
		require.Equal(t, []map[string]bool{{"ms--0": true, "ms--1": true}}, job.Return)
		require.GreaterOrEqual(t, time.Since(began), 2*time.Second)
		require.Less(t, time.Since(began), time.Minute)

		jid = start(`"tgt": ["ms--0", "ghost"], "tgt_type": "list", "fun": "test.sleep", "arg": [30]`)
		a = send(http.MethodGet, "/jobs/"+jid+"?wait=1s")
		require.Equal(t, "false", a.Header.Get("Saltern-Complete"), a.Body)
		a = send(http.MethodGet, "/jobs/20200101000000000000?wait=60s")
		require.Equal(t, http.StatusOK, a.Status)
		require.Empty(t, a.Header.Get("Saltern-Complete"), a.Body)
		require.Equal(t, http.StatusNotFound, send(http.MethodGet, "/v1/jobs/"+jid).Status)
	})
}
