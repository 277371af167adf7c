package server_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

// requireServed sends a request and expects a response.
func requireServed(t *testing.T, c net.Conn) {
	t.Helper()
	_, err := c.Write([]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
	require.NoError(t, err)
	resp, _ := servertest.ReadResponse(t, bufio.NewReader(c))
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

// requireClosed expects the server to close the connection.
func requireClosed(t *testing.T, c net.Conn) {
	t.Helper()
	_, err := c.Read(make([]byte, 1))
	require.Error(t, err)
	timeout, ok := err.(net.Error)
	require.False(t, ok && timeout.Timeout(), "%v", err)
}

func TestOneAddressHasItsShareOfConnections(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering("1"), func(c *server.Config) {
		c.Settings.Limits.Connections, c.Settings.Limits.ConnectionsPerAddress = 5, 2
		c.Settings.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.1.0/24")}
	})
	held := []net.Conn{s.DialFrom(t, "127.0.0.2"), s.DialFrom(t, "127.0.0.2")}
	for range 20 {
		requireClosed(t, s.DialFrom(t, "127.0.0.2"))
	}
	requireServed(t, s.DialFrom(t, "127.0.0.1"))
	for range 2 { // a proxy may have both that are left, although it has had some
		requireServed(t, s.DialFrom(t, "127.0.1.1"))
	}
	require.Len(t, s.Log.Lines(t, "connections are refused: an address has its share (limits.connections_per_address), "+
		"or a proxy is missing in trusted_proxies", 1), 1)

	require.NoError(t, held[0].Close())
	require.Eventually(t, func() bool {
		c := s.DialFrom(t, "127.0.0.2")
		_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		_, err := c.Read(make([]byte, 1))
		timeout, ok := err.(net.Error)
		return ok && timeout.Timeout()
	}, servertest.Timeout, time.Millisecond, "a closed connection makes room")
}

// At the limit, the next connection waits and does not fail.
func TestConnectionLimit(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering("1"), func(c *server.Config) { c.Settings.Limits.Connections = 1 })
	first, second := s.Dial(t, 0), s.Dial(t, 0)
	length := fmt.Sprintf("Content-Length: %d", len(servertest.Ping))
	servertest.Post(t, first, servertest.Ping, length)
	resp, _ := servertest.ReadResponse(t, bufio.NewReader(first))
	require.Equal(t, http.StatusOK, resp.StatusCode)

	servertest.Post(t, second, servertest.Ping, length)
	require.NoError(t, second.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err := second.Read(make([]byte, 1))
	require.Error(t, err)

	require.NoError(t, first.Close())
	require.NoError(t, second.SetReadDeadline(time.Now().Add(servertest.Timeout)))
	resp, _ = servertest.ReadResponse(t, bufio.NewReader(second))
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

// The kernel's table of connections has when it probes each one.
func TestConnectionsAreProbedAtDifferentTimes(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering("1"), nil)
	for range 20 {
		requireServed(t, s.DialFrom(t, "127.0.0.1"))
	}
	address, err := netip.ParseAddrPort(s.Addr(0))
	require.NoError(t, err)
	// Of the server's side: local and remote address, state (established), queues, kind of timer (keep-alive, once what
	// was sent is acknowledged) and the hundredths of a second that are left.
	row := regexp.MustCompile(fmt.Sprintf(`0100007F:%04X \S+ 01 \S+ 02:([0-9A-F]{8})`, address.Port()))
	var rows [][][]byte
	require.Eventually(t, func() bool {
		table, err := os.ReadFile("/proc/self/net/tcp")
		rows = row.FindAllSubmatch(table, -1)
		return err == nil && len(rows) == 20
	}, servertest.Timeout, 10*time.Millisecond)
	var left []time.Duration
	for _, row := range rows {
		n, err := strconv.ParseInt(string(row[1]), 16, 64)
		require.NoError(t, err)
		left = append(left, time.Duration(n)*10*time.Millisecond)
	}
	require.LessOrEqual(t, slices.Max(left), 46*time.Second)
	require.Greater(t, slices.Max(left)-slices.Min(left), 5*time.Second)
}
