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
)

// TestALPN is for what a client offers, and what it then speaks.
func TestALPN(t *testing.T) {
	t.Parallel()
	s := start(t, answering("1"), overTLS(server.KeyPair{}))
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
			cfg := clientConfig(version, nil)
			cfg.NextProtos = c.offered
			conn, err := tls.Dial("tcp", s.addr(0), cfg)
			require.NoError(t, err)
			require.Equal(t, c.chosen, conn.ConnectionState().NegotiatedProtocol, "of %v", c.offered)
			require.NoError(t, conn.Close())
		}
		require.Equal(t, http.StatusOK, statusWith(t, s, clientConfig(tls.VersionTLS13, nil), c.chosen == "h2"))
	}
}

// TestMalformedInTLS is for the answers that net/http gives by itself: they are
// as they are without TLS, and end the connection.
func TestMalformedInTLS(t *testing.T) {
	t.Parallel()
	s := start(t, answering("1"), overTLS(server.KeyPair{}))
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		conn := inTLS(s.addr(0), clientConfig(version, nil))(t)
		_, err := io.WriteString(conn, "nonsense\r\n\r\n")
		require.NoError(t, err)
		text, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.Equal(t, "HTTP/1.1 400 Bad Request\r\nServer: Saltern\r\nContent-Type: text/plain; charset=utf-8\r\n"+
			"Connection: close\r\n\r\n400 Bad Request", string(text))
		require.NoError(t, conn.Close())
	}
}

// TestStalledHandshakes opens connections that do not go on with the handshake,
// at its start or in the middle: others are answered, and these are closed in
// the end.
func TestStalledHandshakes(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*server.Config){
		"others are answered": overTLS(server.KeyPair{}),
		"they are closed":     func(c *server.Config) { overTLS(server.KeyPair{})(c); briefHeaders(c) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, answering("1"), change)
			var stalled []net.Conn
			for range 20 {
				silent, begun := s.dial(t, 0), s.dial(t, 0)
				_, err := io.WriteString(begun, "\x16\x03\x01\x02\x00\x01")
				require.NoError(t, err)
				stalled = append(stalled, silent, begun)
			}
			if name == "others are answered" {
				require.Equal(t, http.StatusOK, statusWith(t, s, clientConfig(tls.VersionTLS13, nil), true))
				require.Equal(t, http.StatusOK, statusWith(t, s, clientConfig(tls.VersionTLS12, nil), false))
				return // that the server then stops is a part of it
			}
			for _, conn := range stalled {
				ended(t, bufio.NewReader(conn))
			}
		})
	}
}

// TestHandshakesCount: a connection in its handshake has a place, as any other
// has, and gives it back.
func TestHandshakesCount(t *testing.T) {
	t.Parallel()
	s := start(t, answering("1"), func(c *server.Config) {
		overTLS(server.KeyPair{})(c)
		c.Settings.Limits.Connections, c.Settings.Limits.ConnectionsPerAddress = 4, 2
	})
	first, second := s.dial(t, 0), s.dial(t, 0)
	ended(t, s.dial(t, 0)) // beyond the share of its address
	require.NoError(t, first.Close())
	require.NoError(t, second.Close())
	require.Eventually(t, func() bool {
		return statusWith(t, s, clientConfig(tls.VersionTLS13, nil), true) == http.StatusOK
	}, patience, brief)
}
