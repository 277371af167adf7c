package netapi_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/watch"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

const waitedJID = "20261122133409055051"

// recorded is a store with one job.
type recorded struct {
	records.Reader

	mu    sync.Mutex
	state records.State // "" for a job that is not recorded
	reads int
}

func (s *recorded) Job(context.Context, string, bool) (records.Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	if s.state == "" {
		return records.Job{}, records.ErrNotFound
	}
	return records.Job{JID: waitedJID, State: s.state}, nil
}

func (s *recorded) set(state records.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = state
}

// waitEnv is a server whose jobs are recorded.
type waitEnv struct {
	*servertest.Server
	store  *recorded
	hub    *watch.Hub
	answer atomic.Pointer[string] // of jobs.list_job
	asked  atomic.Int64
}

func newWaitEnv(t *testing.T, state records.State, answer string) *waitEnv {
	t.Helper()
	e := &waitEnv{store: &recorded{state: state}}
	e.answer.Store(&answer)
	e.hub = watch.New(e.store.Job, e.store.Job)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { e.hub.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	g := servertest.Gateway(func(_ context.Context, call *servertest.Call) ([][]byte, error) {
		out := make([][]byte, len(call.Chunks))
		for i := range out {
			out[i] = []byte(*e.answer.Load())
		}
		e.asked.Add(1)
		return out, nil
	})
	e.Server, _ = servertest.StartWithSessions(t, g, func(c *server.Config) { c.Jobs = server.JobsOptions{Records: e.store, Watches: e.hub} })
	return e
}

func (e *waitEnv) get(t *testing.T, query string) (servertest.Response, string) {
	t.Helper()
	return e.Send(t, "GET", "/jobs/"+waitedJID+query, "", servertest.AuthToken+servertest.SessionID)
}

const (
	onePending = `{"jid": "` + waitedJID + `", "Function": "test.ping", "Minions": ["a", "b"], "Result": {"a": {"return": true}}}`
	noPending  = `{"jid": "` + waitedJID + `", "Function": "test.ping", "Minions": ["a", "b"], "Result": {"a": {"return": true}, "b": {"return": true}}}`
	ofRunner   = `{"jid": "` + waitedJID + `", "Function": "runner.test.arg", "Result": {"m_master": {"return": 1}}}`
	noMinions  = `{"jid": "` + waitedJID + `", "Function": "test.ping", "Result": {"a": {"return": 1}}}`
	unknown    = `{"jid": "` + waitedJID + `", "Error": "Cannot contact returner or no job with this jid", "StartTime": "", "Result": {}}`
)

// What a wait answers, where it need not wait for the end.
func TestWaitAtOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state         records.State
		answer, query string
		complete      string
	}{
		"no wait":                        {records.Failed, noPending, "", ""},
		"it has ended":                   {records.MissingReturns, onePending, "?wait=5m", "true"},
		"all have returned":              {"", noPending, "?wait=5m", "true"},
		"the records do not know it yet": {records.Running, noPending, "?wait=5m", "true"},
		"a runner":                       {"", ofRunner, "?wait=5m", "true"},
		"nobody knows it":                {"", unknown, "?wait=5m", ""},
		"the time is over":               {records.Running, onePending, "?wait=1s", "false"},
		"its minions are not known":      {"", noMinions, "?wait=1s", "false"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newWaitEnv(t, c.state, c.answer)
			head, body := e.get(t, c.query)
			require.Equal(t, http.StatusOK, head.StatusCode, body)
			require.Contains(t, body, `{"info": [`+c.answer+`]`, "the body is as without a wait")
			require.Equal(t, c.complete, head.Header.Get("Saltern-Complete"))
			require.Zero(t, e.hub.Len())
		})
	}
}

// A wait answers with what is there when the job has ended.
func TestWaitForEnd(t *testing.T) {
	t.Parallel()
	e := newWaitEnv(t, records.Running, onePending)
	done := make(chan string)
	go func() {
		head, body := e.get(t, "?wait=5m")
		done <- head.Header.Get("Saltern-Complete") + body
	}()
	require.Eventually(t, func() bool { return e.asked.Load() == 1 }, servertest.Timeout, time.Millisecond)
	all := noPending
	e.answer.Store(&all)
	e.store.set(records.Completed)
	e.hub.Recorded(records.Batch{Ends: []records.End{{JID: waitedJID}}})
	require.Equal(t, `true{"info": [`+noPending+`], "return": [{"a": true, "b": true}]}`, <-done)
	require.EqualValues(t, 2, e.asked.Load(), "before and after the wait")
	e.store.mu.Lock()
	defer e.store.mu.Unlock()
	require.Equal(t, 2, e.store.reads, "before the wait, and when something was recorded")
}

func TestWaitRefused(t *testing.T) {
	t.Parallel()
	e := newWaitEnv(t, records.Running, onePending)
	for _, query := range []string{"?wait=0s", "?wait=6m", "?wait=", "?wait=x", "?wait=1s&wait=1s"} {
		head, body := e.get(t, query)
		require.Equal(t, http.StatusBadRequest, head.StatusCode, query)
		require.Contains(t, body, `Parameter \"wait\": it is`, query)
	}
	head, _ := e.Send(t, "GET", "/jobs/"+waitedJID+"?wait=5m", "")
	require.Equal(t, http.StatusUnauthorized, head.StatusCode)
	require.Zero(t, e.asked.Load())

	off, _ := servertest.StartWithSessions(t, servertest.Answering(onePending), nil)
	head, body := off.Send(t, "GET", "/jobs/"+waitedJID+"?wait=1s", "", servertest.AuthToken+servertest.SessionID)
	require.Equal(t, http.StatusNotImplemented, head.StatusCode)
	require.Contains(t, body, "is not seen here")
}

// What starts one job is answered with its URL.
func TestLocation(t *testing.T) {
	t.Parallel()
	const started = `{"jid": "` + waitedJID + `", "minions": ["a"]}`
	for name, c := range map[string]struct {
		path, body, answer string
		change             func(*server.Config)
		want               string
	}{
		"one job":             {"/", `{"client": "local_async", "tgt": "*", "fun": "test.ping"}`, started, nil, "/v1/jobs/" + waitedJID},
		"of POST /minions":    {"/minions", `{"tgt": "*", "fun": "test.ping"}`, started, nil, "/v1/jobs/" + waitedJID},
		"two jobs":            {"/", `[{"client": "local_async", "tgt": "*", "fun": "a.b"}, {"client": "local_async", "tgt": "*", "fun": "a.b"}]`, started, nil, ""},
		"one job, and a call": {"/", `[{"client": "local_async", "tgt": "*", "fun": "a.b"}, {"client": "local", "tgt": "*", "fun": "a.b"}]`, started, nil, "/v1/jobs/" + waitedJID},
		"nobody is there":     {"/", `{"client": "local_async", "tgt": "*", "fun": "test.ping"}`, `{}`, nil, ""},
		"a call":              {"/", `{"client": "local", "tgt": "*", "fun": "test.ping"}`, started, nil, ""},
		"nothing is recorded": {"/", `{"client": "local_async", "tgt": "*", "fun": "test.ping"}`, started, func(c *server.Config) {
			c.Jobs = server.JobsOptions{}
		}, ""},
		"below a prefix": {"/salt/", `{"client": "local_async", "tgt": "*", "fun": "test.ping"}`, started, func(c *server.Config) {
			c.Main.RootPrefix = "/salt"
		}, "/salt/v1/jobs/" + waitedJID},
		"with a public URL": {"/", `{"client": "local_async", "tgt": "*", "fun": "test.ping"}`, started, func(c *server.Config) {
			c.Main.PublicURL = "https://salt.example.com/api"
		}, "https://salt.example.com/api/v1/jobs/" + waitedJID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := servertest.StartWithSessions(t, servertest.Answering(c.answer), func(conf *server.Config) {
				conf.Jobs = server.JobsOptions{Records: &recorded{}}
				if c.change != nil {
					c.change(conf)
				}
			})
			head, body := s.Send(t, "POST", c.path, c.body, servertest.AuthToken+servertest.SessionID)
			require.Contains(t, []int{200, 202}, head.StatusCode, body)
			require.Equal(t, c.want, head.Header.Get("Location"))
		})
	}
}
