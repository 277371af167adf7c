package crowd

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// manyWaiters is how many connections BenchmarkWaiters waits on.
const manyWaiters = 10_000

// waits are the ways to wait for a job: the path before its id, the one after it, a line
// that comes before the job has ended, and the check of what comes then.
var waits = map[string]struct {
	before, after string
	begun         string
	check         func(tb testing.TB, s stream)
}{
	"jobs":   {"/v1/jobs/", "?wait=1h", "", isComplete},
	"lookup": {"/jobs/", "?wait=1h", "", hasReturn},
	"events": {"/v1/jobs/", "/events", "event: job\n", ends},
}

// BenchmarkWaiters prints how much memory each of 10,000 requests takes that waits for
// the end of a job, or reads its stream, on a connection of its own, and how long the
// last of them is answered after it.
func BenchmarkWaiters(b *testing.B) {
	for _, c := range waitKinds() {
		b.Run(c.how+"/"+c.kind, func(b *testing.B) {
			for range b.N {
				m := waitMany(b, c.how, c.kind, manyWaiters, true)
				b.ReportMetric(m.before, "MB-idle")
				b.ReportMetric((m.now-m.before)*1e6/manyWaiters, "B/waiter")
				b.ReportMetric((m.settled-m.before)*1e6/manyWaiters, "B/waiter-settled")
				b.ReportMetric(m.heap/manyWaiters, "B/waiter-heap")
				b.ReportMetric(m.stack/manyWaiters, "B/waiter-stack")
				b.ReportMetric(float64(m.last.Milliseconds()), "ms-last")
			}
		})
	}
}

// TestWaiters has the same done by fewer.
func TestWaiters(t *testing.T) {
	for _, c := range waitKinds() {
		t.Run(c.how+"/"+c.kind, func(t *testing.T) {
			const n = 200
			m := waitMany(t, c.how, c.kind, n, false)
			t.Logf("%.1f MB for %d waiters", m.now-m.before, n)
		})
	}
}

// waitKind is a way to wait, and one to come.
type waitKind struct{ how, kind string }

func waitKinds() (all []waitKind) {
	for _, how := range slices.Sorted(maps.Keys(waits)) {
		for _, kind := range kinds {
			all = append(all, waitKind{how, kind})
		}
	}
	return all
}

// isComplete checks the answer to a wait for a job.
func isComplete(tb testing.TB, s stream) {
	var job struct {
		State    string
		Complete bool
	}
	s.answer(tb, &job)
	require.True(tb, job.Complete, job.State)
}

// hasReturn checks the answer to a look-up of a job that was waited for.
func hasReturn(tb testing.TB, s stream) {
	var job struct{ Return []map[string]bool }
	s.answer(tb, &job)
	require.Len(tb, job.Return, 1)
	require.True(tb, job.Return[0][minions[0]], job)
}

// ends checks the rest of the stream of a job.
func ends(tb testing.TB, s stream) {
	s.until(tb, "event: return\n")
	s.until(tb, "event: end\n")
}

// answer reads a response, with an object.
func (s stream) answer(tb testing.TB, to any) {
	_ = s.conn.SetReadDeadline(time.Now().Add(patience))
	resp, err := http.ReadResponse(s.lines, nil)
	require.NoError(tb, err)
	require.Equal(tb, http.StatusOK, resp.StatusCode)
	require.NoError(tb, json.NewDecoder(resp.Body).Decode(to))
	require.NoError(tb, resp.Body.Close())
}

// waitMemory is what the gateway has resident, in MB, and how long the last waiter was
// answered after the job's end.
type waitMemory struct {
	before, now, settled float64
	heap, stack          float64 // in bytes, what the waiters have added when it has settled
	last                 time.Duration
}

// waitMany has so many requests wait for one job, and lets it end.
func waitMany(tb testing.TB, how, kind string, n int, settle bool) (m waitMemory) {
	tb.Helper()
	var ended atomic.Bool
	master := mastertest.Start(tb, mastertest.Options{
		JobCache: true, Minions: []mastertest.Minion{{ID: minions[0], Silent: true}},
		// What takes the gateway too long after the caller was authenticated goes to the master.
		Runners: map[string]mastertest.Function{"jobs.list_job": func(context.Context, mastertest.Call) (msgpack.Raw, bool) {
			if !ended.Load() {
				return mastertest.JSON(`{"Function": "test.ping", "Minions": ["` + minions[0] + `"], "Result": {}}`), true
			}
			return mastertest.JSON(`{"Function": "test.ping", "Minions": ["` + minions[0] + `"], "Result": {"` + minions[0] + `": {"return": true}}}`), true
		}},
	})
	g := startGateway(tb, master, fmt.Sprintf(
		"limits: {connections: %[1]d, connections_per_address: %[1]d}\nevents: {streams_per_user: %[1]d, streams_per_session: %[1]d}\nrecords: {max_wait: 1h}\n", n+100),
		map[string]any{
			"rest_cherrypy":         map[string]any{"disable_ssl": kind == "plain"},
			"netapi_enable_clients": []string{"local", "local_async", "runner"},
		})
	if kind != "plain" {
		g.url = strings.Replace(g.url, "http:", "https:", 1)
	}
	token := g.login(tb)
	jid := g.start(tb, token)
	m.before, _ = g.memory(tb)
	heap, stack := g.runtime(tb)

	all := make([]stream, n)
	const atOnce = 1000 // far less than the kernel keeps until the program accepts them
	for begin := 0; begin < n; begin += atOnce {
		end := min(begin+atOnce, n)
		var opening sync.WaitGroup
		for part := range 8 {
			opening.Go(func() {
				for i := begin + part; i < end; i += 8 {
					all[i] = g.get(tb, kind, token, waits[how].before+jid+waits[how].after, "*/*")
				}
			})
		}
		opening.Wait()
		if tb.Failed() {
			tb.FailNow()
		}
		require.Eventually(tb, func() bool { return g.figure(tb, "saltern_job_waiters") == fmt.Sprint(end) }, patience, 100*time.Millisecond)
	}
	if begun := waits[how].begun; begun != "" {
		for _, s := range all {
			s.until(tb, begun)
		}
	}
	m.now, _ = g.memory(tb)
	if settle {
		g.settle(tb)
		m.settled, _ = g.memory(tb)
		m.heap, m.stack = g.runtime(tb)
		m.heap, m.stack = m.heap-heap, m.stack-stack
	}
	ended.Store(true)
	master.Return(mastertest.Job{JID: jid, Fun: "test.ping", Minion: minions[0]}, mastertest.Return{Return: mastertest.JSON("true")})
	began := time.Now()
	for _, s := range all {
		waits[how].check(tb, s)
	}
	m.last = time.Since(began)
	return m
}

// start starts a job, and waits until it is recorded.
func (g *gateway) start(tb testing.TB, token string) string {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, g.url+"/",
		strings.NewReader(`{"client": "local_async", "tgt": "*", "fun": "test.ping"}`))
	require.NoError(tb, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", token)
	resp, err := g.client.Do(req)
	require.NoError(tb, err)
	defer resp.Body.Close() //nolint:errcheck // it is decoded whole
	var answer struct{ Return []struct{ JID string } }
	require.NoError(tb, json.NewDecoder(resp.Body).Decode(&answer))
	require.Len(tb, answer.Return, 1)
	return answer.Return[0].JID
}
