package crowd

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/mastertest"
)

// manyReaders is how many connections BenchmarkReaders reads /events from.
const manyReaders = 10_000

// kinds are the ways in which a reader comes.
var kinds = []string{"plain", "TLS"}

// BenchmarkReaders prints how much memory each of 10,000 readers takes that
// have a connection of their own and have seen an event: at once, and settled,
// when garbage was collected once more. Up to half of what is not a stack is
// garbage at any time.
func BenchmarkReaders(b *testing.B) {
	for _, kind := range kinds {
		b.Run(kind, func(b *testing.B) {
			for range b.N {
				before, now, settled := readMany(b, kind, manyReaders, true)
				b.ReportMetric(before, "MB-idle")
				b.ReportMetric((now-before)*1e6/manyReaders, "B/reader")
				b.ReportMetric((settled-before)*1e6/manyReaders, "B/reader-settled")
			}
		})
	}
}

// TestReaders has the same done by fewer.
func TestReaders(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			const n = 200
			before, now, _ := readMany(t, kind, n, false)
			t.Logf("%.1f MB for %d readers", now-before, n)
		})
	}
}

// readMany opens so many readers, has each see an event, and returns what the
// gateway has resident before, then, and when that has settled, in MB.
func readMany(tb testing.TB, kind string, n int, settle bool) (before, now, settled float64) {
	tb.Helper()
	master := mastertest.Start(tb, mastertest.Options{Minions: []mastertest.Minion{{ID: minions[0]}, {ID: minions[1]}}})
	g := startGateway(tb, master, fmt.Sprintf(
		"limits: {connections: %[1]d, connections_per_address: %[1]d}\nevents: {streams_per_user: %[1]d, streams_per_session: %[1]d}\n", n+100),
		map[string]any{"rest_cherrypy": map[string]any{"disable_ssl": kind == "plain"}})
	if kind != "plain" {
		g.url = strings.Replace(g.url, "http:", "https:", 1)
	}
	token := g.login(tb)
	before, _ = g.memory(tb)

	all := make([]stream, n)
	var opening sync.WaitGroup
	for part := range 8 {
		opening.Go(func() {
			for i := part; i < n; i += 8 {
				all[i] = g.open(tb, kind, token)
			}
		})
	}
	opening.Wait()
	if tb.Failed() {
		tb.FailNow()
	}
	tag := "salt/job/" + g.call(tb, token, 0) + "/ret/" + minions[0]
	for _, s := range all {
		s.await(tb, tag)
	}
	require.Eventually(tb, func() bool {
		count, err := strconv.Atoi(g.figure(tb, "go_goroutines"))
		return err == nil && count < n
	}, patience, 100*time.Millisecond, "each reader has a goroutine")
	now, _ = g.memory(tb)
	if settle {
		g.settle(tb)
		settled, _ = g.memory(tb)
	}
	return before, now, settled
}

// settle waits for a collection of garbage that comes a minute after the one before, or
// later, after which the gateway gives back what it does not need, and until that is done.
// It waits no longer than such a collection takes: streams are kept alive, which is garbage
// enough for more of them.
func (g *gateway) settle(tb testing.TB) {
	tb.Helper()
	last := func() float64 {
		seconds, err := strconv.ParseFloat(g.figure(tb, "go_memstats_last_gc_time_seconds"), 64)
		require.NoError(tb, err)
		return seconds
	}
	before := last()
	for end := time.Now().Add(2 * patience); time.Now().Before(end); time.Sleep(time.Second) {
		now := last()
		if now-before >= time.Minute.Seconds() {
			break
		}
		before = now
	}
	time.Sleep(5 * time.Second)
}

// stream is a connection that reads /events.
type stream struct {
	conn  net.Conn
	lines *bufio.Reader
}

// open has a connection read /events.
func (g *gateway) open(tb testing.TB, kind, token string) stream {
	s := g.get(tb, kind, token, "/events", "text/event-stream")
	if s.conn != nil {
		s.until(tb, "retry: 400\n")
	}
	return s
}

// get sends a request on a connection of its own. A client on another machine would have the kernel send keep-alive
// probes; here those of all connections would come at the same time, and overflow the one queue of the loopback interface.
func (g *gateway) get(tb testing.TB, kind, token, path, accept string) stream {
	_, address, _ := strings.Cut(g.url, "://")
	conn, err := (&net.Dialer{KeepAlive: -1}).DialContext(tb.Context(), "tcp", address)
	if err != nil {
		tb.Error(err)
		return stream{}
	}
	tb.Cleanup(func() { _ = conn.Close() })
	if kind != "plain" {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	}
	_, err = io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\nX-Auth-Token: "+token+"\r\nAccept: "+accept+"\r\n\r\n")
	if err != nil {
		tb.Error(err)
	}
	return stream{conn, bufio.NewReaderSize(conn, 512)}
}

// await reads on until the event with this tag has come.
func (s stream) await(tb testing.TB, tag string) { s.until(tb, "tag: "+tag+"\n") }

func (s stream) until(tb testing.TB, want string) {
	_ = s.conn.SetReadDeadline(time.Now().Add(patience))
	for {
		line, err := s.lines.ReadString('\n')
		if err != nil {
			tb.Errorf("no %s: %v", want, err)
			return
		}
		if line == want {
			return
		}
	}
}

// runtime is what Go's runtime has in objects and in stacks, in bytes.
func (g *gateway) runtime(tb testing.TB) (heap, stack float64) {
	tb.Helper()
	for name, to := range map[string]*float64{"go_memstats_heap_alloc_bytes": &heap, "go_memstats_stack_inuse_bytes": &stack} {
		n, err := strconv.ParseFloat(g.figure(tb, name), 64)
		require.NoError(tb, err)
		*to = n
	}
	return heap, stack
}

// figure is the text of a metric.
func (g *gateway) figure(tb testing.TB, name string) string {
	tb.Helper()
	resp, err := http.Get(g.admin + "/metrics")
	require.NoError(tb, err)
	defer resp.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(resp.Body)
	require.NoError(tb, err)
	_, rest, ok := strings.Cut(string(text), "\n"+name+" ")
	require.True(tb, ok, name)
	value, _, _ := strings.Cut(rest, "\n")
	return value
}
