package crowd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/mastertest"
)

// holders is how many connections one address holds, as many as the gateway
// takes at once.
const holders = 1000

// What a holder sends of a request before it waits: nothing, half a head, or a
// head and a part of the body, which it goes on with byte by byte.
var beginnings = []string{
	"",
	"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-",
	"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{",
}

// TestHeldConnections has 127.0.0.2 hold as many connections as it can, and
// open another one whenever one is closed; meanwhile 127.0.0.1 logs in and
// runs commands as if there was nobody.
func TestHeldConnections(t *testing.T) {
	master := mastertest.Start(t, mastertest.Options{Minions: []mastertest.Minion{{ID: minions[0]}, {ID: minions[1]}}})
	g := startGateway(t, master, "", nil)
	began := time.Now()

	ctx, cancel := context.WithCancel(t.Context())
	var holding sync.WaitGroup
	defer holding.Wait()
	defer cancel()
	var tried, held atomic.Int64
	for i := range holders {
		holding.Go(func() {
			for ctx.Err() == nil {
				hold(ctx, strings.TrimPrefix(g.url, "http://"), beginnings[i%len(beginnings)], &tried, &held)
			}
		})
	}
	require.Eventually(t, func() bool { return tried.Load() >= holders && g.refused(t) > 0 }, patience, 20*time.Millisecond)

	token := g.login(t)
	for i := range 20 {
		require.NotEmpty(t, g.call(t, token, i))
	}
	require.Eventually(t, func() bool { return held.Load() == holders/4 }, patience, 20*time.Millisecond,
		"%d connections are held, which should be a quarter of what there is", held.Load())
	said := strings.Count(g.text(t), "connections are refused")
	require.Positive(t, said)
	require.LessOrEqual(t, said, 1+int(time.Since(began)/time.Minute), "the log says it once a minute")
}

// hold opens a connection from another address and keeps it, as long as it is
// left open.
func hold(ctx context.Context, address, beginning string, tried, held *atomic.Int64) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return
	}
	defer conn.Close() //nolint:errcheck // it is given up
	tried.Add(1)
	if _, err := io.WriteString(conn, beginning); err == nil && isOpen(conn) {
		held.Add(1)
		for ctx.Err() == nil && isOpen(conn) {
			if strings.HasSuffix(beginning, "{") {
				_, _ = io.WriteString(conn, " ") // a closed one shows when it is read
			}
		}
		held.Add(-1)
	}
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
	}
}

// isOpen waits for a while, and reports whether the gateway has left the
// connection open.
func isOpen(conn net.Conn) bool {
	_ = conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	_, err := conn.Read(make([]byte, 1<<10))
	return err == nil || errors.Is(err, os.ErrDeadlineExceeded)
}

// refused is how many connections the gateway says to have refused.
func (g *gateway) refused(tb testing.TB) (n int) {
	tb.Helper()
	resp, err := http.Get(g.admin + "/metrics")
	require.NoError(tb, err)
	defer resp.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(resp.Body)
	require.NoError(tb, err)
	_, value, ok := bytes.Cut(text, []byte("\nsaltern_http_connections_refused_total "))
	require.True(tb, ok)
	_, err = fmt.Sscan(string(value), &n)
	require.NoError(tb, err)
	return n
}

// text is what the gateway has logged.
func (g *gateway) text(tb testing.TB) string {
	tb.Helper()
	text, err := os.ReadFile(g.log)
	require.NoError(tb, err)
	return string(text)
}
