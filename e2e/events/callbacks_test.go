package events

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/internal/signedpost"
)

// called is what a destination gets.
type called struct {
	ID      string
	Attempt int
	Job     struct {
		JID, User, Fun, State       string
		Expected, Succeeded, Failed int
	}
	Results []struct {
		Minion string
		Return any
	}
	Complete bool `json:"results_complete"`
}

// destination is a receiver of call-backs, which may be away.
type destination struct {
	*httptest.Server
	arrived chan called
	away    atomic.Bool
	refused atomic.Int64
}

func newDestination(t *testing.T) *destination {
	t.Helper()
	d := &destination{arrived: make(chan called, 100)}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.away.Load() {
			d.refused.Add(1)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var c called
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = signedpost.Verify([]byte("shared"), r.Header.Get(signedpost.Header), body, time.Now(), time.Minute)
		}
		if err == nil {
			err = json.Unmarshal(body, &c)
		}
		if err != nil || r.Header.Get("Idempotency-Key") != c.ID {
			t.Errorf("%v: %s", err, body)
		}
		d.arrived <- c
	}))
	t.Cleanup(d.Close)
	return d
}

func (d *destination) next(t *testing.T) called {
	t.Helper()
	select {
	case c := <-d.arrived:
		return c
	case <-time.After(2 * envtest.Patience):
		require.Fail(t, "no call-back arrives")
		return called{}
	}
}

// TestCallbacks runs jobs whose ends two destinations are told of: by name in a
// chunk and in /v1/callbacks, while they are away, and after the gateway was killed.
func TestCallbacks(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		ci, chat := newDestination(t), newDestination(t)
		secret := filepath.Join(t.TempDir(), "secret")
		require.NoError(t, os.WriteFile(secret, []byte("shared\n"), 0o600))
		g := envtest.AnotherGateway(t, r, env.More{Settings: fmt.Sprintf(`callbacks:
  - {name: ci, url: "%s/hooks?key=of-ci", secret_file: %s, results: true}
  - {name: chat, url: %q, secret_file: %s, users: [%s]}
`, ci.URL, secret, chat.URL, secret, env.User)})
		session := envtest.Login(t, g, env.User)
		send := func(t *testing.T, status int, chunk string) string {
			t.Helper()
			a := envtest.SessionRequest(t, g, session, http.MethodPost, "/", "[{"+chunk+"}]")
			require.Equal(t, status, a.Status, a.Body)
			var answer struct{ Return []struct{ JID string } }
			_ = json.Unmarshal([]byte(a.Body), &answer) // an error has another form
			if len(answer.Return) == 0 {
				return a.Body
			}
			return answer.Return[0].JID
		}
		list := func(t *testing.T, query string) string {
			t.Helper()
			a := envtest.SessionRequest(t, g, session, http.MethodGet, "/v1/callbacks?"+query, "")
			require.Equal(t, http.StatusOK, a.Status, a.Body)
			return a.Body
		}

		t.Run("local_async", func(t *testing.T) {
			jid := send(t, http.StatusOK, `"client": "local_async", "tgt": "*", "fun": "test.arg", "arg": ["x"], "callback": "ci"`)
			c := ci.next(t)
			require.Equal(t, jid, c.Job.JID)
			require.Equal(t, "completed", c.Job.State)
			require.Equal(t, env.User, c.Job.User)
			require.Equal(t, 3, c.Job.Expected)
			require.Equal(t, 3, c.Job.Succeeded)
			require.Len(t, c.Results, 3)
			require.Equal(t, map[string]any{"args": []any{"x"}, "kwargs": map[string]any{}}, withoutPub(c.Results[0].Return))
			require.True(t, c.Complete)
			require.Equal(t, 1, c.Attempt)
			require.Eventually(t, func() bool { return strings.Contains(list(t, "state=delivered&jid="+jid), c.ID) }, envtest.Patience, 50*time.Millisecond)
		})

		t.Run("runner_async", func(t *testing.T) {
			jid := send(t, http.StatusOK, `"client": "runner_async", "fun": "test.arg", "arg": ["y"], "callback": "chat"`)
			c := chat.next(t)
			require.Equal(t, jid, c.Job.JID)
			require.Equal(t, "completed", c.Job.State)
			require.Nil(t, c.Results, "that destination does not get them")
		})

		t.Run("a failure", func(t *testing.T) {
			jid := send(t, http.StatusOK, `"client": "local_async", "tgt": "ms--0", "fun": "no.such_function", "callback": "chat"`)
			c := chat.next(t)
			require.Equal(t, jid, c.Job.JID)
			require.Equal(t, "failed", c.Job.State)
			require.Equal(t, 1, c.Job.Failed)
		})

		t.Run("a job that runs", func(t *testing.T) {
			jid := send(t, http.StatusOK, `"client": "local_async", "tgt": "ms--1", "fun": "test.sleep", "arg": [2]`)
			a := envtest.SessionRequest(t, g, session, http.MethodPost, "/v1/callbacks", fmt.Sprintf(`{"jid": %q, "destination": "ci"}`, jid))
			require.Equal(t, http.StatusCreated, a.Status, a.Body)
			c := ci.next(t)
			require.Equal(t, jid, c.Job.JID)
			require.Contains(t, a.Body, c.ID)
		})

		t.Run("away first", func(t *testing.T) {
			chat.away.Store(true)
			jid := send(t, http.StatusOK, `"client": "local_async", "tgt": "ms--0", "fun": "test.ping", "callback": "chat"`)
			require.Eventually(t, func() bool { return strings.Contains(list(t, "jid="+jid), `"error":"the answer is 503"`) },
				envtest.Patience, 50*time.Millisecond)
			chat.away.Store(false)
			c := chat.next(t)
			require.Equal(t, jid, c.Job.JID)
			require.EqualValues(t, c.Attempt, chat.refused.Load()+1)
		})

		t.Run("killed", func(t *testing.T) {
			jid := send(t, http.StatusOK, `"client": "local_async", "tgt": "ms--2", "fun": "test.sleep", "arg": [3], "callback": "ci"`)
			require.NoError(t, g.Signal(syscall.SIGKILL))
			<-g.Ended()
			require.Eventually(t, func() bool { // the job ends without a gateway
				return strings.Contains(envtest.SessionRequest(t, r, envtest.Login(t, r, env.User), http.MethodGet, "/v1/jobs/"+jid, "").Body, `"completed"`)
			}, envtest.Patience, 500*time.Millisecond)
			require.NoError(t, g.StartGateway(t.Context()))
			c := ci.next(t)
			require.Equal(t, jid, c.Job.JID)
			require.Equal(t, "completed", c.Job.State)
			session = envtest.Login(t, g, env.User)
			require.Contains(t, list(t, "jid="+jid), c.ID)
		})

		t.Run("refused", func(t *testing.T) {
			body := send(t, http.StatusBadRequest, `"client": "local_async", "tgt": "*", "fun": "test.ping", "callback": "https://evil.example/"`)
			require.Contains(t, body, `there is no destination`)
			require.NotContains(t, body, ci.URL)
			a := envtest.SessionRequest(t, g, session, http.MethodPost, "/v1/callbacks", `{"jid": "20260101000000000001", "destination": "ci"}`)
			require.Equal(t, http.StatusNotFound, a.Status, a.Body)
		})

		require.Empty(t, ci.arrived, "each arrives once")
		require.Empty(t, chat.arrived)
		for _, text := range []string{g.Log(), list(t, "")} {
			require.NotContains(t, text, "of-ci")
			require.NotContains(t, text, "shared")
		}
		require.NotContains(t, list(t, ""), ci.URL)
		metrics := envtest.Scrape(t, g)
		require.InDelta(t, 1, metrics.Sum("saltern_callbacks_attempts_total", "destination=ci", "outcome=delivered"), 0)
	})
}

// withoutPub returns what test.arg returned without what the minion adds to it.
func withoutPub(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	kwargs, _ := m["kwargs"].(map[string]any)
	for name := range kwargs {
		if strings.HasPrefix(name, "__pub_") {
			delete(kwargs, name)
		}
	}
	return m
}
