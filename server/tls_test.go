package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/server"
)

// overTLS makes the main surface use TLS with the given pair.
func overTLS(pair server.KeyPair) func(*server.Config) {
	return func(c *server.Config) {
		c.Listeners = []server.ListenerSpec{{Surface: server.Main, Address: "127.0.0.1:0", TLS: true, Pair: pair}}
	}
}

// handshake returns the server's certificates.
func handshake(t *testing.T, s *running, change func(*tls.Config)) ([]*x509.Certificate, error) {
	t.Helper()
	cfg := &tls.Config{InsecureSkipVerify: true}
	if change != nil {
		change(cfg)
	}
	conn, err := tls.Dial("tcp", s.addr(0), cfg)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	return conn.ConnectionState().PeerCertificates, nil
}

// issued is a certificate and its key.
type issued struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issue makes a certificate signed by the parent, or by itself.
func issue(t *testing.T, cn string, parent *issued) *issued {
	t.Helper()
	return issueChanged(t, cn, parent, func(*x509.Certificate) {})
}

// issueChanged is issue with a change to the template.
func issueChanged(t *testing.T, cn string, parent *issued, change func(*x509.Certificate)) *issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: cn},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, BasicConstraintsValid: true, IsCA: parent == nil || cn == "intermediate",
	}
	change(template)
	signer := &issued{cert: template, key: key}
	if parent != nil {
		signer = parent
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer.cert, key.Public(), signer.key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &issued{cert: cert, key: key}
}

func (i *issued) certPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.cert.Raw})
}

func (i *issued) keyPEM(t *testing.T) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// write puts the pair into dir.
func (i *issued) write(t *testing.T, dir string) server.KeyPair {
	t.Helper()
	pair := server.KeyPair{Cert: filepath.Join(dir, "crt.pem"), Key: filepath.Join(dir, "key.pem")}
	require.NoError(t, os.WriteFile(pair.Cert, i.certPEM(), 0o600))
	require.NoError(t, os.WriteFile(pair.Key, i.keyPEM(t), 0o600))
	return pair
}

func TestHTTP2(t *testing.T) {
	t.Parallel()
	s := start(t, answering(pong), overTLS(server.KeyPair{}))
	roots := x509.NewCertPool()
	certs, err := handshake(t, s, nil)
	require.NoError(t, err)
	roots.AddCert(certs[0])

	for _, name := range []string{"127.0.0.1", "localhost"} {
		transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: name}}
		client := &http.Client{Transport: transport}
		for range 2 {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+s.addr(0), strings.NewReader(ping))
			require.NoError(t, err)
			req.Header.Set("Content-Type", asJSON)
			resp, body := do(t, client, req)
			require.Equal(t, "HTTP/2.0", resp.Proto)
			require.Equal(t, http.StatusOK, resp.StatusCode)
			require.Equal(t, `{"return": [`+pong+`]}`, body)
			require.EqualValues(t, 89, resp.ContentLength)
		}
		transport.CloseIdleConnections()
	}
}

// The limits hold on HTTP/2 streams, and the connection survives them.
func TestHTTP2Limits(t *testing.T) {
	t.Parallel()
	s := start(t, answering("1"), func(c *server.Config) {
		overTLS(server.KeyPair{})(c)
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
		{strings.NewReader(chunkOf(1001)), http.StatusRequestEntityTooLarge},
		{io.MultiReader(strings.NewReader(chunkOf(1001))), http.StatusRequestEntityTooLarge}, // of unknown length
		{stalled, http.StatusRequestTimeout},
		{strings.NewReader(ping), http.StatusOK},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+s.addr(0), c.body)
		require.NoError(t, err)
		req.Header.Set("Content-Type", asJSON)
		resp, _ := do(t, client, req)
		require.Equal(t, c.status, resp.StatusCode)
		require.Equal(t, "HTTP/2.0", resp.Proto)
	}
}

func TestTLSVersions(t *testing.T) {
	t.Parallel()
	s := start(t, answering("1"), overTLS(server.KeyPair{}))
	_, err := handshake(t, s, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS11; c.MinVersion = tls.VersionTLS10 })
	require.ErrorContains(t, err, "protocol version")
	_, err = handshake(t, s, func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 })
	require.NoError(t, err)
}

func TestSelfSigned(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	in := func(c *server.Config) {
		overTLS(server.KeyPair{})(c)
		c.Settings.StateDir = dir
	}
	s := start(t, answering("1"), in)
	certs, err := handshake(t, s, nil)
	require.NoError(t, err)
	first := certs[0]
	require.NoError(t, first.VerifyHostname("localhost"))
	require.NoError(t, first.VerifyHostname("127.0.0.1"))
	require.NoError(t, first.VerifyHostname("::1"))
	host, err := os.Hostname()
	require.NoError(t, err)
	require.NoError(t, first.VerifyHostname(host))
	sum := sha256.Sum256(first.Raw)
	logged := s.log.lines(t, "TLS certificate in use", 1)[0]["sha256"].(string)
	require.Equal(t, fmt.Sprintf("%X", sum), strings.ReplaceAll(logged, ":", ""))
	s.log.lines(t, "self-signed certificate made; clients have to be told to trust it", 1)

	for name, mode := range map[string]os.FileMode{".": 0o700, "self-signed.key": 0o600, "self-signed.crt": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), name)
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2)

	certs, err = handshake(t, start(t, answering("1"), in), nil)
	require.NoError(t, err)
	require.True(t, first.Equal(certs[0]), "the next start uses the same certificate")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "self-signed.key"), []byte("garbage"), 0o600))
	again := start(t, answering("1"), in)
	certs, err = handshake(t, again, nil)
	require.NoError(t, err)
	require.False(t, first.Equal(certs[0]), "an unusable one is made anew")
	again.log.lines(t, "the self-signed certificate cannot be used and is made anew", 1)
}

func TestSelfSignedNowhere(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	cfg := server.Config{Gateway: answering("1")}
	overTLS(server.KeyPair{})(&cfg)
	cfg.Settings = &settings.Settings{StateDir: filepath.Join(file, "state")}
	_, err := server.Listen(t.Context(), cfg)
	require.ErrorContains(t, err, "state_dir")
}

func TestTLSReload(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one, two := issue(t, "one", nil), issue(t, "two", nil)
	pair := one.write(t, dir)
	s := start(t, answering("1"), overTLS(pair))
	shown := func() string {
		certs, err := handshake(t, s, nil)
		require.NoError(t, err)
		return certs[0].Subject.CommonName
	}
	require.Equal(t, "one", shown())

	// The new certificate is written before its key: the old pair stays in use.
	require.NoError(t, os.WriteFile(pair.Cert, two.certPEM(), 0o600))
	require.Eventually(t, func() bool {
		return shown() == "one" && strings.Contains(s.log.String(), "the old one stays")
	}, patience, 50*time.Millisecond)
	require.NoError(t, os.WriteFile(pair.Key, two.keyPEM(t), 0o600))
	require.Eventually(t, func() bool { return shown() == "two" }, patience, 50*time.Millisecond)
	s.log.lines(t, "TLS certificate in use", 2)
	s.log.lines(t, "the new TLS certificate cannot be used, the old one stays", 1)

	require.NoError(t, os.Remove(pair.Key))
	require.Eventually(t, func() bool {
		return shown() == "two" && strings.Count(s.log.String(), "the old one stays") == 2
	}, patience, 50*time.Millisecond)
}

func TestTLSChain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	root := issue(t, "root", nil)
	middle := issue(t, "intermediate", root)
	leaf := issue(t, "leaf", middle)
	pair := leaf.write(t, dir)
	pair.Chain = filepath.Join(dir, "chain.pem")
	// A full chain, with the leaf included.
	require.NoError(t, os.WriteFile(pair.Chain, append(leaf.certPEM(), middle.certPEM()...), 0o600))

	s := start(t, answering("1"), overTLS(pair))
	roots := x509.NewCertPool()
	roots.AddCert(root.cert)
	certs, err := handshake(t, s, func(c *tls.Config) { c.InsecureSkipVerify = false; c.RootCAs = roots; c.ServerName = "localhost" })
	require.NoError(t, err)
	require.Len(t, certs, 2)

	require.NoError(t, os.Chmod(pair.Key, 0o644))
	open := start(t, answering("1"), overTLS(pair))
	require.Contains(t, open.log.String(), "is open to every user of this machine (mode 0644)")
}

// A client without TLS gets a response that explains it.
func TestPlainToTLS(t *testing.T) {
	t.Parallel()
	s := start(t, answering("1"), overTLS(server.KeyPair{}))
	conn := s.dial(t, 0)
	_, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	require.NoError(t, err)
	got, _ := io.ReadAll(conn)
	require.Contains(t, string(got), "Client sent an HTTP request to an HTTPS server")
}
