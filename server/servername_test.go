package server_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

// TestServerHeader requires the Server header on every kind of response,
// including those of net/http itself.
func TestServerHeader(t *testing.T) {
	t.Parallel()
	s, _ := servertest.StartWithSessions(t, servertest.Answering("1"), func(c *server.Config) { c.Settings.Admin.Listen = "127.0.0.1:0" })
	within := servertest.Start(t, servertest.Answering("1"), servertest.OverTLS(server.KeyPair{}))
	surfaces := map[string]func(t *testing.T) net.Conn{
		"main":            plainly(s.Addr(0)),
		"wsgi":            plainly(s.Addr(1)),
		"admin":           plainly(s.AdminAddr().String()),
		"main in TLS 1.2": inTLS(within.Addr(0), servertest.ClientTLS(tls.VersionTLS12, nil)),
		"main in TLS 1.3": inTLS(within.Addr(0), servertest.ClientTLS(tls.VersionTLS13, nil)),
	}
	long := strings.Repeat("x", 70<<10)
	for name, request := range map[string]string{
		"welcome":          "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"HTTP/1.0":         "GET / HTTP/1.0\r\n\r\n",
		"HEAD":             "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",
		"no session":       "GET /jobs HTTP/1.1\r\nHost: x\r\n\r\n",
		"no such path":     "GET /nosuch HTTP/1.1\r\nHost: x\r\n\r\n",
		"no such method":   "BREW / HTTP/1.1\r\nHost: x\r\n\r\n",
		"login":            "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}",
		"no file":          "GET /app HTTP/1.1\r\nHost: x\r\n\r\n",
		"health":           "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
		"no HTTP":          "nonsense\r\n\r\n",
		"no host":          "GET / HTTP/1.1\r\n\r\n",
		"a strange host":   "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
		"HTTP/3.0":         "GET / HTTP/3.0\r\nHost: x\r\n\r\n",
		"a header too big": "GET / HTTP/1.1\r\nHost: x\r\nX: " + long + "\r\n\r\n",
		"a bad header":     "GET / HTTP/1.1\r\nHost: x\r\nA B: c\r\n\r\n",
		"a strange coding": "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: odd\r\n\r\n",
		"two lengths":      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
		"an expectation":   "POST / HTTP/1.1\r\nHost: x\r\nExpect: more\r\nContent-Length: 1\r\n\r\nx",
	} {
		for surface, dial := range surfaces {
			t.Run(surface+"/"+name, func(t *testing.T) {
				t.Parallel()
				require.Equal(t, []string{"Saltern"}, rawAnswer(t, dial, request).Header["Server"]) //nolint:bodyclose // rawAnswer closes it
			})
		}
	}
}

func plainly(addr string) func(t *testing.T) net.Conn {
	return func(t *testing.T) net.Conn {
		t.Helper()
		conn, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		return conn
	}
}

func inTLS(addr string, cfg *tls.Config) func(t *testing.T) net.Conn {
	return func(t *testing.T) net.Conn {
		t.Helper()
		conn, err := tls.Dial("tcp", addr, cfg)
		require.NoError(t, err)
		return conn
	}
}

// rawAnswer writes a request unchanged and reads the response's head.
func rawAnswer(t *testing.T, dial func(t *testing.T) net.Conn, request string) *http.Response {
	t.Helper()
	conn := dial(t)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(servertest.Timeout)))
	_, _ = io.WriteString(conn, request) // a server may respond before it has read everything
	method, _, _ := strings.Cut(request, " ")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp
}

// TestServerHeaderPlainOverTLS is for a client without TLS.
func TestServerHeaderPlainOverTLS(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering("1"), func(c *server.Config) { c.Listeners[0].TLS = true })
	resp := rawAnswer(t, plainly(s.Addr(0)), "GET / HTTP/1.1\r\nHost: x\r\n\r\n") //nolint:bodyclose // rawAnswer closes it
	require.Equal(t, 400, resp.StatusCode)
	require.Equal(t, []string{"Saltern"}, resp.Header["Server"])
}
