package server_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

func TestHTTP2(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering(servertest.Pong), servertest.OverTLS(server.KeyPair{}))
	roots := x509.NewCertPool()
	certs, err := servertest.Handshake(t, s, nil)
	require.NoError(t, err)
	roots.AddCert(certs[0])

	for _, name := range []string{"127.0.0.1", "localhost"} {
		transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: name}}
		client := &http.Client{Transport: transport}
		for range 2 {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+s.Addr(0), strings.NewReader(servertest.Ping))
			require.NoError(t, err)
			req.Header.Set("Content-Type", servertest.JSON)
			resp, body := servertest.Do(t, client, req)
			require.Equal(t, "HTTP/2.0", resp.Proto)
			require.Equal(t, http.StatusOK, resp.StatusCode)
			require.Equal(t, `{"return": [`+servertest.Pong+`]}`, body)
			require.EqualValues(t, 89, resp.ContentLength)
		}
		transport.CloseIdleConnections()
	}
}

// The limits hold on HTTP/2 streams, and the connection survives them.
func TestHTTP2Limits(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering("1"), func(c *server.Config) {
		servertest.OverTLS(server.KeyPair{})(c)
		c.Settings.Limits.BodyTimeout = time.Second
		c.BodyLimit = 1000
	})
	transport := &http.Transport{ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	stalled, never := io.Pipe()
	defer func() { _ = never.Close() }()
	for _, c := range []struct {
		body   io.Reader
		status int
	}{
		{strings.NewReader(servertest.LowstateOf(1001)), http.StatusRequestEntityTooLarge},
		{io.MultiReader(strings.NewReader(servertest.LowstateOf(1001))), http.StatusRequestEntityTooLarge}, // of unknown length
		{stalled, http.StatusRequestTimeout},
		{strings.NewReader(servertest.Ping), http.StatusOK},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+s.Addr(0), c.body)
		require.NoError(t, err)
		req.Header.Set("Content-Type", servertest.JSON)
		resp, _ := servertest.Do(t, client, req)
		require.Equal(t, c.status, resp.StatusCode)
		require.Equal(t, "HTTP/2.0", resp.Proto)
	}
}

func TestTLSVersions(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering("1"), servertest.OverTLS(server.KeyPair{}))
	_, err := servertest.Handshake(t, s, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS11; c.MinVersion = tls.VersionTLS10 })
	require.ErrorContains(t, err, "protocol version")
	_, err = servertest.Handshake(t, s, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 })
	require.NoError(t, err)
}

// A client without TLS gets a response that explains it.
func TestPlainToTLS(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering("1"), servertest.OverTLS(server.KeyPair{}))
	conn := s.Dial(t, 0)
	_, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	require.NoError(t, err)
	got, _ := io.ReadAll(conn)
	require.Contains(t, string(got), "Client sent an HTTP request to an HTTPS server")
}
