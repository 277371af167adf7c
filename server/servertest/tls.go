package servertest

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/certtest"
	"github.com/saltern-api/saltern/server"
)

// OverTLS makes the main surface the only listener, with TLS. The zero pair
// stands for a self-signed one.
func OverTLS(pair server.KeyPair) func(*server.Config) {
	return func(c *server.Config) {
		c.Listeners = []server.ListenerSpec{{Surface: server.Main, Address: "127.0.0.1:0", TLS: true, Pair: pair}}
	}
}

// WritePair writes a pair into a folder.
func WritePair(t *testing.T, dir string, p *certtest.Pair) server.KeyPair {
	t.Helper()
	pair := server.KeyPair{Cert: filepath.Join(dir, "crt.pem"), Key: filepath.Join(dir, "key.pem")}
	p.Write(t, pair.Cert, pair.Key)
	return pair
}

// CommonName sets the subject of a certificate, for [certtest.New].
func CommonName(name string) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: name} }
}

// Intermediate makes a certificate sign others, for [certtest.New].
func Intermediate(c *x509.Certificate) { c.IsCA = true }

// Handshake returns the server's certificates. The client does not verify them
// unless change says so.
func Handshake(t *testing.T, s *Server, change func(*tls.Config)) ([]*x509.Certificate, error) {
	t.Helper()
	cfg := &tls.Config{InsecureSkipVerify: true}
	if change != nil {
		change(cfg)
	}
	conn, err := tls.Dial("tcp", s.Addr(0), cfg)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	return conn.ConnectionState().PeerCertificates, nil
}

// StartForClients starts the main surface with TLS, and with a CA for the
// certificates of clients, which it writes into the file ca.pem of dir.
func StartForClients(
	t *testing.T, dir string, ca *certtest.Pair, mode server.ClientCertMode, names []string,
) *Server {
	t.Helper()
	file := filepath.Join(dir, "ca.pem")
	require.NoError(t, os.WriteFile(file, ca.CertPEM(), 0o600))
	return Start(t, Answering("1"), func(c *server.Config) {
		OverTLS(server.KeyPair{})(c)
		c.Listeners[0].Clients = server.ClientCerts{Mode: mode, CA: file, Names: names}
	})
}

// ClientCert returns a client's certificate with the name proxy.example, unless
// the changes set another.
func ClientCert(t *testing.T, parent *certtest.Pair, changes ...func(*x509.Certificate)) *tls.Certificate {
	t.Helper()
	pair := certtest.New(t, parent, append([]func(*x509.Certificate){CommonName("proxy.example"), func(c *x509.Certificate) {
		c.IsCA = false
	}}, changes...)...).TLS()
	return &pair
}

// ClientTLS returns a client's configuration for one version of TLS. The client
// sends its certificate whatever the server requests.
func ClientTLS(version uint16, cert *tls.Certificate) *tls.Config {
	cfg := &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version}
	if cert != nil {
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return cert, nil }
	}
	return cfg
}

// NoTLS stands for a failed handshake in place of a status.
const NoTLS = 0

// StatusOf returns the status of GET /, or NoTLS.
func StatusOf(t *testing.T, s *Server, cfg *tls.Config, http2 bool) int {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: cfg, ForceAttemptHTTP2: http2}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.Addr(0), nil)
	require.NoError(t, err)
	resp, err := transport.RoundTrip(req)
	if err != nil { // with TLS 1.3 the client may notice only when it writes
		return NoTLS
	}
	defer func() { _ = resp.Body.Close() }()
	require.Equal(t, http2, resp.ProtoMajor == 2)
	return resp.StatusCode
}
