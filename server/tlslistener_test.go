package server_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

// TestALPN compares a client's ALPN protocols with the one that is negotiated.
func TestALPN(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering("1"), servertest.OverTLS(server.KeyPair{}))
	for _, c := range []struct {
		offered []string
		chosen  string
	}{
		{nil, ""},
		{[]string{"http/1.1"}, "http/1.1"},
		{[]string{"h2", "http/1.1"}, "h2"},
		{[]string{"http/1.1", "h2"}, "h2"},
		{[]string{"http/1.0", "http/1.1"}, "http/1.1"},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			cfg := servertest.ClientTLS(version, nil)
			cfg.NextProtos = c.offered
			conn, err := tls.Dial("tcp", s.Addr(0), cfg)
			require.NoError(t, err)
			require.Equal(t, c.chosen, conn.ConnectionState().NegotiatedProtocol, "of %v", c.offered)
			require.NoError(t, conn.Close())
		}
		require.Equal(t, http.StatusOK, servertest.StatusOf(t, s, servertest.ClientTLS(tls.VersionTLS13, nil), c.chosen == "h2"))
	}
}

// TestMalformedInTLS is about the responses of net/http itself: they are the
// same as without TLS, and close the connection.
func TestMalformedInTLS(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering("1"), servertest.OverTLS(server.KeyPair{}))
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		conn := inTLS(s.Addr(0), servertest.ClientTLS(version, nil))(t)
		_, err := io.WriteString(conn, "nonsense\r\n\r\n")
		require.NoError(t, err)
		text, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.Equal(t, "HTTP/1.1 400 Bad Request\r\nServer: Saltern\r\nContent-Type: text/plain; charset=utf-8\r\n"+
			"Connection: close\r\n\r\n400 Bad Request", string(text))
		require.NoError(t, conn.Close())
	}
}

// TestStalledHandshakes opens connections that stall before or during the
// handshake: others are served, and these are closed after the timeout.
func TestStalledHandshakes(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*server.Config){
		"others are answered": servertest.OverTLS(server.KeyPair{}),
		"they are closed":     func(c *server.Config) { servertest.OverTLS(server.KeyPair{})(c); briefHeaders(c) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, servertest.Answering("1"), change)
			var stalled []net.Conn
			for range 20 {
				silent, begun := s.Dial(t, 0), s.Dial(t, 0)
				_, err := io.WriteString(begun, "\x16\x03\x01\x02\x00\x01")
				require.NoError(t, err)
				stalled = append(stalled, silent, begun)
			}
			if name == "others are answered" {
				require.Equal(t, http.StatusOK, servertest.StatusOf(t, s, servertest.ClientTLS(tls.VersionTLS13, nil), true))
				require.Equal(t, http.StatusOK, servertest.StatusOf(t, s, servertest.ClientTLS(tls.VersionTLS12, nil), false))
				return // the server may close it meanwhile
			}
			for _, conn := range stalled {
				servertest.RequireEnd(t, bufio.NewReader(conn))
			}
		})
	}
}

// TestHandshakesCount: a connection in its handshake counts as an open one, and
// is released after it.
func TestHandshakesCount(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering("1"), func(c *server.Config) {
		servertest.OverTLS(server.KeyPair{})(c)
		c.Settings.Limits.Connections, c.Settings.Limits.ConnectionsPerAddress = 4, 2
	})
	first, second := s.Dial(t, 0), s.Dial(t, 0)
	servertest.RequireEnd(t, s.Dial(t, 0)) // beyond its address's share
	require.NoError(t, first.Close())
	require.NoError(t, second.Close())
	require.Eventually(t, func() bool {
		return servertest.StatusOf(t, s, servertest.ClientTLS(tls.VersionTLS13, nil), true) == http.StatusOK
	}, servertest.Timeout, brief)
}
