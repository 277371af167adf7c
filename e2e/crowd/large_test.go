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

// large is an answer of some size: so many minions with returns of so many bytes.
type large struct {
	minions int
	text    string // that each of them returns
}

// output is what a command prints, of about n bytes.
func output(n int) string {
	const line = "-rw-r--r-- 1 root root   35149 Jan  2 03:04 \"GPL-3\"\n"
	return strings.Repeat(line, n/len(line)+1)
}

// master starts a stand-in whose minions answer one after the other.
func (l large) master(tb testing.TB) *mastertest.Master {
	ret := mastertest.Return{Return: msgpack.AppendString(nil, l.text)}
	answer := func(context.Context, mastertest.Job) mastertest.Return { return ret }
	ids := make([]mastertest.Minion, l.minions)
	for i := range ids {
		ids[i] = mastertest.Minion{
			ID:     fmt.Sprintf("ms-%05d", i),
			Answer: answer,
			Delay:  time.Duration(i*len(l.text)) * time.Second / (150 << 20), // no faster than the stand-in can say
		}
	}
	return mastertest.Start(tb, mastertest.Options{Minions: ids, MaxEventSize: 60 << 20})
}

// size is that of the answer as JSON.
func (l large) size() int64 {
	text := len(msgpack.AppendJSONString(nil, l.text))
	return int64(len(`{"return": [{`) + len(`}]}`) + l.minions*(text+len(`"ms-00000": , `)) - len(`, `))
}

// run has the answer made and read. It returns how long that took, and the
// memory before and at most, in MB.
func (l large) run(tb testing.TB, g *gateway, token string) (took time.Duration, peak float64) {
	start := time.Now()
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, g.url+"/", strings.NewReader(
		`{"client": "local", "tgt": "*", "fun": "cmd.run", "timeout": 60}`))
	require.NoError(tb, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", token)
	req.Header.Set("Accept-Encoding", "identity")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(tb, err)
	defer resp.Body.Close() //nolint:errcheck // it was read
	require.Equal(tb, http.StatusOK, resp.StatusCode)
	n, err := io.Copy(io.Discard, resp.Body)
	require.NoError(tb, err)
	require.Equal(tb, l.size(), n)
	took = time.Since(start)
	_, peak = g.memory(tb)
	return took, peak
}

func BenchmarkLarge(b *testing.B) {
	for name, l := range map[string]large{
		"8000x50kB":  {minions: 8000, text: output(50_000)},
		"1x55MB":     {minions: 1, text: output(55_000_000)},
		"50000x13B":  {minions: 50_000, text: "up 22 minutes"},
		"200000x13B": {minions: 200_000, text: "up 22 minutes"},
	} {
		b.Run(name, func(b *testing.B) {
			g := startGateway(b, l.master(b), "", nil)
			token := g.login(b)
			idle, _ := g.memory(b)
			for range b.N {
				took, peak := l.run(b, g, token)
				b.ReportMetric(took.Seconds(), "s")
				b.ReportMetric(idle, "MB-idle")
				b.ReportMetric(peak, "MB-peak")
			}
		})
	}
}
