package netapi_test

import (
	"context"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/netapi"
	"github.com/saltern-api/saltern/server/servertest"
)

// heard is the returns of a job, which a test sends: minions, or "" for what was missed.
type heard struct {
	minions chan string
	open    atomic.Int64
	waits   atomic.Int64 // how often AfterNext was called
}

func (h *heard) Of(string) netapi.Returning {
	h.open.Add(1)
	return &hearing{heard: h, closed: make(chan struct{})}
}

type hearing struct {
	*heard
	closed chan struct{}
}

func (h *hearing) TryNext() (minion string, err error, ok bool) {
	select {
	case minion := <-h.minions:
		if minion == "" {
			return "", netapi.ErrMissed, true
		}
		return minion, nil, true
	default:
		return "", nil, false
	}
}

func (h *hearing) AfterNext(f func()) {
	h.waits.Add(1)
	go func() {
		select {
		case minion := <-h.minions:
			h.minions <- minion // there is room: nobody else sends
			f()
		case <-h.closed:
		}
	}()
}

func (h *hearing) Close() {
	close(h.closed)
	h.open.Add(-1)
}

// Where nothing is recorded, a wait goes by the job cache, which it reads when all
// minions were heard.
func TestWaitWithoutRecords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers  []string // of jobs.list_job, one after the other, the last one for all that follow
		heard    []string
		query    string
		complete string
		asked    int64
	}{
		"all have returned":             {[]string{noPending}, nil, "?wait=5m", "true", 1},
		"a runner":                      {[]string{ofRunner}, nil, "?wait=5m", "true", 1},
		"nobody knows it":               {[]string{unknown}, nil, "?wait=5m", "", 1},
		"the last one returns":          {[]string{onePending, noPending}, []string{"b"}, "?wait=5m", "true", 2},
		"others return, and again":      {[]string{onePending, noPending}, []string{"a", "x", "a", "b"}, "?wait=5m", "true", 2},
		"the job cache has it later":    {[]string{onePending, onePending, noPending}, []string{"b"}, "?wait=5m", "true", 3},
		"returns were missed":           {[]string{onePending, noPending}, []string{""}, "?wait=5m", "true", 2},
		"the time is over":              {[]string{onePending}, []string{"x"}, "?wait=1s", "false", 2},
		"it is known when time is over": {[]string{onePending, noPending}, nil, "?wait=1s", "true", 2},
		"its minions are not known":     {[]string{noMinions}, []string{"a"}, "?wait=1s", "false", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			g := servertest.Gateway(func(context.Context, *servertest.Call) ([][]byte, error) {
				n := int(asked.Add(1))
				return [][]byte{[]byte(c.answers[min(n, len(c.answers))-1])}, nil
			})
			h := &heard{minions: make(chan string, 10)}
			for _, minion := range c.heard {
				h.minions <- minion
			}
			s, _ := servertest.StartWithSessions(t, g, func(conf *server.Config) { conf.Jobs = server.JobsOptions{Returns: h} })
			head, body := s.Send(t, "GET", "/jobs/"+waitedJID+c.query, "", servertest.AuthToken+servertest.SessionID)
			require.Equal(t, http.StatusOK, head.StatusCode, body)
			require.Contains(t, body, `{"info": [`+c.answers[min(int(c.asked), len(c.answers))-1]+`]`)
			require.Equal(t, c.complete, head.Header.Get("Saltern-Complete"))
			require.Equal(t, c.asked, asked.Load())
			require.Eventually(t, func() bool { return h.open.Load() == 0 }, servertest.Timeout, time.Millisecond)
		})
	}
}

// A client that leaves frees what waits.
func TestWaitWithoutRecordsLeft(t *testing.T) {
	t.Parallel()
	h := &heard{minions: make(chan string)}
	s, _ := servertest.StartWithSessions(t, servertest.Answering(onePending), func(conf *server.Config) { conf.Jobs = server.JobsOptions{Returns: h} })
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Addr(0)+"/jobs/"+waitedJID+"?wait=5m", nil)
	require.NoError(t, err)
	req.Header.Set("X-Auth-Token", servertest.SessionID)
	done := make(chan error)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		done <- err
	}()
	require.Eventually(t, func() bool { return h.open.Load() == 1 }, servertest.Timeout, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	require.Eventually(t, func() bool { return h.open.Load() == 0 }, servertest.Timeout, time.Millisecond)
}

// While a request waits, nothing of its handler is left.
func TestWaitWithoutRecordsIsDetached(t *testing.T) {
	t.Parallel()
	h := &heard{minions: make(chan string, 1)}
	var asked atomic.Int64
	g := servertest.Gateway(func(context.Context, *servertest.Call) ([][]byte, error) {
		if asked.Add(1) == 1 {
			return [][]byte{[]byte(onePending)}, nil
		}
		return [][]byte{[]byte(noPending)}, nil
	})
	s, _ := servertest.StartWithSessions(t, g, func(conf *server.Config) { conf.Jobs = server.JobsOptions{Returns: h} })
	done := make(chan string)
	go func() {
		head, _ := s.Send(t, "GET", "/jobs/"+waitedJID+"?wait=5m", "", servertest.AuthToken+servertest.SessionID)
		done <- head.Header.Get("Saltern-Complete")
	}()
	require.Eventually(t, func() bool { return h.waits.Load() == 1 }, servertest.Timeout, time.Millisecond)
	require.Eventually(t, func() bool {
		stacks := make([]byte, 16<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		for stack := range strings.SplitSeq(string(stacks), "\n\n") {
			if strings.Contains(stack, "netapi.(*CherryPy).job(") && strings.Contains(stack, "jobWaiter") {
				return false
			}
		}
		return true
	}, servertest.Timeout, 100*time.Millisecond)
	h.minions <- "b"
	require.Equal(t, "true", <-done)
	require.EqualValues(t, 2, asked.Load())
	require.Eventually(t, func() bool { return h.open.Load() == 0 }, servertest.Timeout, time.Millisecond)
}
