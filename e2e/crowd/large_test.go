package crowd

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// mostForAnswers is how much the gateway may hold at most, in MB, however large
// an answer is.
const mostForAnswers = 150.0

// large is an answer: so many minions return the same text.
type large struct {
	name    string
	minions int
	text    string
	cached  bool // the bus carries no more than Salt's default, and the job cache has the rest
}

// output is what a command prints, of about n bytes.
func output(n int) string {
	const line = "-rw-r--r-- 1 root root   35149 Jan  2 03:04 \"GPL-3\"\n"
	return strings.Repeat(line, n/len(line)+1)
}

// master starts a stand-in whose minions return one after the other, no faster
// than it can publish that.
func (l large) master(tb testing.TB) *mastertest.Master {
	const rate = 150 << 20 // bytes per second
	ret := mastertest.Return{Return: msgpack.AppendString(nil, l.text)}
	answer := func(context.Context, mastertest.Job) mastertest.Return { return ret }
	all := make([]mastertest.Minion, l.minions)
	for i := range all {
		all[i] = mastertest.Minion{
			ID: fmt.Sprintf("ms-%06d", i), Answer: answer,
			Delay: time.Duration(i*len(l.text)) * time.Second / rate,
		}
	}
	o := mastertest.Options{Minions: all, MaxEventSize: 60 << 20}
	if l.cached {
		o.MaxEventSize, o.JobCache = 0, true
	}
	return mastertest.Start(tb, o)
}

// size is that of the answer as JSON, in bytes.
func (l large) size() int64 {
	entry := len(`"ms-000000": , `) + len(msgpack.AppendJSONString(nil, l.text))
	return int64(len(`{"return": [{}]}`) + l.minions*entry - len(`, `))
}

// readLarge has the answer made, and reads it, which has to be so many bytes. It returns how
// long that took. The job has a jid, unless that is "".
func (g *gateway) readLarge(tb testing.TB, token string, size int64, jid string) time.Duration {
	tb.Helper()
	start := time.Now()
	chunk := `{"client": "local", "tgt": "*", "fun": "cmd.run", "timeout": 300}`
	if jid != "" {
		chunk = strings.Replace(chunk, "{", `{"jid": "`+jid+`", `, 1)
	}
	require.Equal(tb, size, g.fetch(tb, token, http.MethodPost, "/", chunk))
	return time.Since(start)
}

// lookUpLarge looks a job up whose returns are of so many bytes as JSON.
func (g *gateway) lookUpLarge(tb testing.TB, token string, size int64, jid string) {
	tb.Helper()
	const around = 1000
	require.Greater(tb, g.fetch(tb, token, http.MethodGet, "/jobs/"+jid, ""), 2*size-around, "it has them twice")
	require.Greater(tb, g.fetch(tb, token, http.MethodPost, "/", `{"client": "runner", "fun": "jobs.lookup_jid", "jid": "`+jid+`"}`), size-around)
}

// fetch reads an answer, and returns how long it is.
func (g *gateway) fetch(tb testing.TB, token, method, path, body string) int64 {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), method, g.url+path, strings.NewReader(body))
	require.NoError(tb, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", token)
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := g.client.Do(req)
	require.NoError(tb, err)
	defer resp.Body.Close() //nolint:errcheck // it was read
	require.Equal(tb, http.StatusOK, resp.StatusCode)
	n, err := io.Copy(io.Discard, resp.Body)
	require.NoError(tb, err)
	require.Equal(tb, resp.ContentLength, n)
	return n
}

// TestLarge has answers made that are larger than the memory that the gateway
// may take for them, one after the other.
func TestLarge(t *testing.T) {
	for _, l := range []large{
		{"many", 4000, output(50_000), false}, {"one", 1, output(55_000_000), false},
		{"cached", 1, output(200_000_000), true},
	} {
		t.Run(l.name, func(t *testing.T) {
			g := startGateway(t, l.master(t), "", map[string]any{"netapi_enable_clients": []string{"local", "runner"}})
			token, size := g.login(t), l.size()
			for i := range 2 {
				jid := fmt.Sprintf("20261130101500%06d", i)
				g.readLarge(t, token, size, jid)
				if l.cached {
					g.lookUpLarge(t, token, size, jid)
				}
			}
			_, peak := g.memory(t)
			t.Logf("%.1f MB at most, for answers of %.1f MB", peak, float64(size)/1e6)
			require.Less(t, peak, mostForAnswers)
		})
	}
}

func BenchmarkLarge(b *testing.B) {
	for _, l := range []large{
		{"8000x50kB", 8000, output(50_000), false},
		{"1x55MB", 1, output(55_000_000), false},
		{"1x80MB-cached", 1, output(80_000_000), true},
		{"1x200MB-cached", 1, output(200_000_000), true},
		{"50000x13B", 50_000, "up 22 minutes", false},
		{"200000x13B", 200_000, "up 22 minutes", false},
	} {
		b.Run(l.name, func(b *testing.B) {
			g := startGateway(b, l.master(b), "", nil)
			token, size := g.login(b), l.size()
			idle, _ := g.memory(b)
			took := time.Duration(0)
			for range b.N {
				took += g.readLarge(b, token, size, "")
			}
			_, peak := g.memory(b)
			b.ReportMetric(took.Seconds()/float64(b.N), "s")
			b.ReportMetric(float64(size)/1e6, "MB-JSON")
			b.ReportMetric(idle, "MB-idle")
			b.ReportMetric(peak, "MB-peak")
		})
	}
}
