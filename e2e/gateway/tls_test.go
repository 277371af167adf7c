package gateway

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/internal/certtest"
)

// TestTLS meets the main listener as clients of several kinds do.
func TestTLS(t *testing.T) {
	t.Parallel()
	g := start(t, options{alone: true})
	for version, ok := range map[uint16]bool{
		tls.VersionTLS10: false, tls.VersionTLS11: false,
		tls.VersionTLS12: true, tls.VersionTLS13: true,
	} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			state, err := g.handshake(t, &tls.Config{MinVersion: version, MaxVersion: version})
			if !ok {
				require.ErrorContains(t, err, "protocol version not supported")
				return
			}
			require.NoError(t, err)
			require.Equal(t, version, state.Version)
		})
	}
	t.Run("ALPN", func(t *testing.T) {
		state, err := g.handshake(t, &tls.Config{NextProtos: []string{"h2", "http/1.1"}})
		require.NoError(t, err)
		require.Equal(t, "h2", state.NegotiatedProtocol)
	})
	for _, major := range []int{1, 2} {
		t.Run(fmt.Sprintf("HTTP %d", major), func(t *testing.T) {
			client := &http.Client{Transport: &http.Transport{
				TLSClientConfig:   g.trust(&tls.Config{}),
				ForceAttemptHTTP2: major == 2,
			}}
			defer client.CloseIdleConnections()
			resp, err := client.Get(g.Main)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, http.StatusOK, resp.StatusCode)
			require.Equal(t, major, resp.ProtoMajor)
		})
	}
	t.Run("no TLS", func(t *testing.T) {
		resp, err := http.Get("http://" + g.address())
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusBadRequest, resp.StatusCode)
	})
}

// TestSelfSigned compares the fingerprint in the log with that of the pair
// that is served, which a restart keeps.
func TestSelfSigned(t *testing.T) {
	t.Parallel()
	g := start(t, options{alone: true})
	first := g.leaf(t)
	require.Contains(t, g.Log(), `"sha256":"`+fingerprint(first)+`"`)
	require.NoError(t, first.VerifyHostname("localhost"))
	require.NoError(t, first.VerifyHostname("127.0.0.1"))
	info, err := os.Stat(filepath.Join(g.StateDir(), "self-signed.key"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	g.close(t)
	g.run(t)
	require.Equal(t, fingerprint(first), fingerprint(g.leaf(t)))
}

// TestReload changes the files of a configured pair under a gateway that runs:
// new connections get the new pair, and a pair that is no good is not taken.
func TestReload(t *testing.T) {
	t.Parallel()
	files := t.TempDir()
	crt, key := filepath.Join(files, "tls.crt"), filepath.Join(files, "tls.key")
	first := writePair(t, crt, key)
	g := start(t, options{alone: true, cherrypy: map[string]any{"ssl_crt": crt, "ssl_key": key}})
	require.Equal(t, fingerprint(first), fingerprint(g.leaf(t)))
	require.NotContains(t, g.Log(), "self-signed")

	second := writePair(t, crt, key)
	envtest.RequireEventually(t, func() bool { return fingerprint(g.leaf(t)) == fingerprint(second) })
	require.Contains(t, g.Log(), `"sha256":"`+fingerprint(second)+`"`)

	require.NoError(t, os.WriteFile(crt, []byte("no certificate"), 0o600))
	envtest.RequireEventually(t, func() bool {
		require.Equal(t, fingerprint(second), fingerprint(g.leaf(t)))
		return strings.Contains(g.Log(), "the old one stays")
	})
	third := writePair(t, crt, key)
	envtest.RequireEventually(t, func() bool { return fingerprint(g.leaf(t)) == fingerprint(third) })
}

// TestReadableKey has a private key that others than its owner can read, of
// which the log warns.
func TestReadableKey(t *testing.T) {
	t.Parallel()
	files := t.TempDir()
	crt, key := filepath.Join(files, "tls.crt"), filepath.Join(files, "tls.key")
	writePair(t, crt, key)
	require.NoError(t, os.Chmod(key, 0o644))
	g := start(t, options{alone: true, cherrypy: map[string]any{"ssl_crt": crt, "ssl_key": key}})
	require.Regexp(t, `"level":"WARN".*tls\.key`, g.Log())
}

// TestClientCertificates obeys the master's file: ssl_cert_reqs, ssl_ca_certs
// and ssl_allowed_cn.
func TestClientCertificates(t *testing.T) {
	t.Parallel()
	files := t.TempDir()
	crt, key := filepath.Join(files, "tls.crt"), filepath.Join(files, "tls.key")
	writePair(t, crt, key)
	pair, err := tls.LoadX509KeyPair(crt, key)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		options    map[string]any
		with, bare int // the status; 0 stands for no connection
	}{
		"required":   {map[string]any{"ssl_cert_reqs": "CERT_REQUIRED"}, http.StatusOK, 0},
		"optional":   {map[string]any{"ssl_cert_reqs": "CERT_OPTIONAL", "ssl_allowed_cn": []string{"localhost"}}, http.StatusOK, http.StatusForbidden},
		"other name": {map[string]any{"ssl_cert_reqs": "CERT_REQUIRED", "ssl_allowed_cn": []string{"proxy"}}, http.StatusForbidden, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.options["ssl_ca_certs"] = crt
			g := start(t, options{alone: true, cherrypy: c.options})
			status := func(cfg *tls.Config) int {
				client := http.Client{Transport: &http.Transport{TLSClientConfig: g.trust(cfg), DisableKeepAlives: true}}
				resp, err := client.Get(g.Main)
				if err != nil {
					return 0
				}
				require.NoError(t, resp.Body.Close())
				return resp.StatusCode
			}
			require.Equal(t, c.with, status(&tls.Config{Certificates: []tls.Certificate{pair}}))
			require.Equal(t, c.bare, status(&tls.Config{}))
		})
	}
}

// address is the host and port of the rest_cherrypy listener.
func (g *running) address() string { return strings.TrimPrefix(g.Main, "https://") }

// handshake opens a connection with the client's word on versions and
// protocols.
func (g *running) handshake(t *testing.T, c *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	conn, err := tls.Dial("tcp", g.address(), g.trust(c))
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer func() { _ = conn.Close() }()
	return conn.ConnectionState(), nil
}

// trust has c take whatever certificate comes: the tests compare it themselves.
func (*running) trust(c *tls.Config) *tls.Config {
	c.InsecureSkipVerify = true
	return c
}

// leaf is the certificate that a new connection gets.
func (g *running) leaf(t *testing.T) *x509.Certificate {
	t.Helper()
	state, err := g.handshake(t, &tls.Config{})
	require.NoError(t, err)
	return state.PeerCertificates[0]
}

// fingerprint is as openssl prints it.
func fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}

// writePair makes a new certificate and its key, the key first.
func writePair(t *testing.T, crt, key string) *x509.Certificate {
	t.Helper()
	pair := certtest.New(t, nil, func(c *x509.Certificate) { c.IsCA = false })
	pair.Write(t, crt, key)
	return pair.Cert
}
