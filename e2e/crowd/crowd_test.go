// Package crowd shows what many clients at once cost: a built saltern before
// a stand-in master, with hundreds of readers of /events and of local calls
// that wait. As a test it makes sure that nobody misses an event; as a
// benchmark, which `make bench` runs, it prints the gateway's memory.
package crowd

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/mastertest"
)

const (
	readers = 500
	calls   = 200

	// patience is how long anything may take on a busy machine.
	patience = 2 * time.Minute

	// think is how long a minion takes, so that all calls wait at once.
	think = 2 * time.Second
)

var minions = []string{"ms-0", "ms-1"}

func TestCrowd(t *testing.T) {
	before, during, peak := crowd(t)
	t.Logf("%d readers, %d calls: %.1f MB before, %.1f MB during, %.1f MB at most", readers, calls, before, during, peak)
}

func BenchmarkCrowd(b *testing.B) {
	for range b.N {
		before, during, peak := crowd(b)
		b.ReportMetric(before, "MB-idle")
		b.ReportMetric(during, "MB-readers")
		b.ReportMetric(peak, "MB-peak")
	}
}

// crowd lets everybody in at once, and checks what each of them got.
func crowd(tb testing.TB) (before, during, peak float64) {
	tb.Helper()
	var of []mastertest.Minion
	for _, id := range minions {
		of = append(of, mastertest.Minion{ID: id, Delay: think})
	}
	master := mastertest.Start(tb, mastertest.Options{Minions: of})
	g := startGateway(tb, master, "limits: {connections_per_address: 1000}\nevents: {streams_per_user: 500, streams_per_session: 500}\n", nil)
	token := g.login(tb)
	before, _ = g.memory(tb)

	seen := make([]*reader, readers)
	var opening sync.WaitGroup
	for i := range seen {
		opening.Go(func() { seen[i] = g.read(tb, token) })
	}
	opening.Wait()

	jids := make([]string, calls)
	var waiting sync.WaitGroup
	for i := range jids {
		waiting.Go(func() { jids[i] = g.call(tb, token, i) })
	}
	waiting.Wait()
	var returns []string
	for _, jid := range jids {
		for _, id := range minions {
			returns = append(returns, "salt/job/"+jid+"/ret/"+id)
		}
	}
	for _, r := range seen {
		r.await(tb, returns)
	}
	during, peak = g.memory(tb)
	return before, during, peak
}

func (g *gateway) login(tb testing.TB) string {
	tb.Helper()
	resp, err := g.client.Post(g.url+"/login", "application/json", strings.NewReader(`{"username": "bench", "password": "secret", "eauth": "sharedsecret"}`))
	require.NoError(tb, err)
	defer resp.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(resp.Body)
	require.NoError(tb, err)
	require.Equal(tb, http.StatusOK, resp.StatusCode, "%s", text)
	return resp.Header.Get("X-Auth-Token")
}

// call runs one local call, which has to be answered by every minion.
func (g *gateway) call(tb testing.TB, token string, i int) string {
	body := fmt.Sprintf(`{"client": "local", "tgt": "*", "fun": "test.echo", "arg": ["call %d"], "full_return": true}`, i)
	req, err := http.NewRequest(http.MethodPost, g.url+"/", strings.NewReader(body))
	if err != nil {
		tb.Error(err)
		return ""
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Auth-Token", token)
	resp, err := g.client.Do(req)
	if err != nil {
		tb.Error(err)
		return ""
	}
	defer resp.Body.Close() //nolint:errcheck // it is decoded whole
	var answer struct {
		Return []map[string]struct{ Ret, JID string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != http.StatusOK || len(answer.Return) != 1 {
		tb.Errorf("call %d: status %d, %v", i, resp.StatusCode, err)
		return ""
	}
	for _, id := range minions {
		if got := answer.Return[0][id].Ret; got != fmt.Sprintf("call %d", i) {
			tb.Errorf("call %d: %s returned %q", i, id, got)
		}
	}
	return answer.Return[0][minions[0]].JID
}

// reader is one reader of /events.
type reader struct {
	resp *http.Response

	mu   sync.Mutex
	rets map[string]bool // the tags of returns
	err  error

	last uint64 // number of the last event, of run alone
}

func (g *gateway) read(tb testing.TB, token string) *reader {
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, g.url+"/events", nil)
	if err != nil {
		tb.Error(err)
		return nil
	}
	req.Header.Set("X-Auth-Token", token)
	resp, err := g.client.Do(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		tb.Errorf("GET /events: %v %v", resp, err)
		return nil
	}
	r := &reader{resp: resp, rets: make(map[string]bool)}
	go r.run()
	tb.Cleanup(func() { _ = resp.Body.Close() })
	return r
}

// run reads the stream: every event has to be numbered after the one before.
func (r *reader) run() {
	lines := bufio.NewScanner(r.resp.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		name, value, _ := bytes.Cut(lines.Bytes(), []byte(": "))
		switch string(name) {
		case "id":
			r.number(value)
		case "tag":
			if bytes.HasPrefix(value, []byte("salt/job/")) && bytes.Contains(value, []byte("/ret/")) {
				r.mu.Lock()
				r.rets[string(value)] = true
				r.mu.Unlock()
			}
		case "event":
			r.fail(fmt.Errorf("the stream says %q", value))
		}
	}
	r.fail(fmt.Errorf("the stream ended: %w", io.ErrUnexpectedEOF))
}

func (r *reader) number(id []byte) {
	_, digits, _ := bytes.Cut(id, []byte("-"))
	n, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		r.fail(fmt.Errorf("id %q: %w", id, err))
		return
	}
	if r.last != 0 && n != r.last+1 {
		r.fail(fmt.Errorf("event %d came after %d", n, r.last))
	}
	r.last = n
}

func (r *reader) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
}

// await waits until the reader has seen these tags. There are more of returns
// where the gateway asked after a job that took long.
func (r *reader) await(tb testing.TB, tags []string) {
	tb.Helper()
	require.NotNil(tb, r)
	missing := ""
	all := func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, missing = range tags {
			if !r.rets[missing] {
				return r.err != nil
			}
		}
		return true
	}
	for end := time.Now().Add(patience); !all(); time.Sleep(20 * time.Millisecond) {
		require.True(tb, time.Now().Before(end), "no %s", missing)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	require.NoError(tb, r.err)
}
