package failures

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// TestMasterRestartedUnderLoad kills the master and starts it again while
// requests run. Each of them is answered; those of the time in between with
// 503 or 504; those after it as before; and nothing of them stays behind.
func TestMasterRestartedUnderLoad(t *testing.T) {
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			r := suite.Own(t, env.Options{Sandbox: sandbox.Options{Salt: salt, Minions: envtest.Minions()[:1], WorkerThreads: envtest.FewWorkers}})
			local := env.Chunk(env.User, `"client": "local", "tgt": "*", "fun": "test.ping"`)
			async := env.Chunk(env.User, `"client": "local_async", "tgt": "*", "fun": "test.ping"`)
			require.Equal(t, http.StatusOK, envtest.Post(t, r, local).Status)
			before := goroutines(t, r)

			l := startLoad(t, r, local, async)
			l.await(t, func(s map[int]int) bool { return s[http.StatusOK] >= 20 })
			require.NoError(t, r.KillMaster())
			l.await(t, func(s map[int]int) bool { return s[http.StatusServiceUnavailable] >= 20 })
			require.NoError(t, r.StartMaster(t.Context()))
			require.NoError(t, r.AwaitReady(t.Context()))
			good := l.statuses()[http.StatusOK]
			l.await(t, func(s map[int]int) bool { return s[http.StatusOK] >= good+20 })
			l.stop()

			statuses := l.statuses()
			t.Logf("answers by status: %v", statuses)
			for status := range statuses {
				require.Contains(t, []int{
					http.StatusOK, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
				}, status)
			}
			require.Zero(t, l.failed.Load(), "every request is answered")
			require.Equal(t, http.StatusOK, envtest.Post(t, r, local).Status)
			require.Eventually(t, func() bool { return goroutines(t, r) <= before+5 },
				30*time.Second, 200*time.Millisecond, "goroutines stay behind: %d before", before)
		})
	}
}

// goroutines reads the gateway's own count.
func goroutines(t *testing.T, r *env.Env) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.Admin+"/metrics", nil)
	require.NoError(t, err)
	a, err := r.Do(req)
	require.NoError(t, err)
	m := regexp.MustCompile(`(?m)^go_goroutines (\d+)$`).FindStringSubmatch(a.Body)
	require.NotNil(t, m, "%.500s", a.Body)
	n, err := strconv.Atoi(m[1])
	require.NoError(t, err)
	return n
}

// load is clients that send requests one after the other.
type load struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
	failed atomic.Int64 // requests without an answer

	mu     sync.Mutex
	counts map[int]int
}

func startLoad(t *testing.T, r *env.Env, bodies ...string) *load {
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{cancel: cancel, counts: make(map[int]int)}
	for _, body := range slices.Repeat(bodies, 3) {
		l.done.Go(func() {
			for ctx.Err() == nil {
				l.one(t, r, body)
			}
		})
	}
	return l
}

func (l *load) one(t *testing.T, r *env.Env, body string) {
	a, err := r.Post(t.Context(), r.WSGI, body)
	if err != nil {
		l.failed.Add(1)
		t.Error(fmt.Errorf("request without an answer: %w", err))
		return
	}
	l.mu.Lock()
	l.counts[a.Status]++
	l.mu.Unlock()
	time.Sleep(100 * time.Millisecond) // the one minion has to keep up with what is started
}

func (l *load) statuses() map[int]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.counts)
}

func (l *load) await(t *testing.T, enough func(map[int]int) bool) {
	t.Helper()
	require.Eventually(t, func() bool { return enough(l.statuses()) }, time.Minute, 20*time.Millisecond)
}

func (l *load) stop() {
	l.cancel()
	l.done.Wait()
}
