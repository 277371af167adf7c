package certs_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/certtest"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

func TestSelfSigned(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state")
	in := func(c *server.Config) {
		servertest.OverTLS(server.KeyPair{})(c)
		c.Settings.StateDir = dir
	}
	s := servertest.Start(t, servertest.Answering("1"), in)
	certs, err := servertest.Handshake(t, s, nil)
	require.NoError(t, err)
	first := certs[0]
	require.NoError(t, first.VerifyHostname("localhost"))
	require.NoError(t, first.VerifyHostname("127.0.0.1"))
	require.NoError(t, first.VerifyHostname("::1"))
	host, err := os.Hostname()
	require.NoError(t, err)
	require.NoError(t, first.VerifyHostname(host))
	sum := sha256.Sum256(first.Raw)
	logged := s.Log.Lines(t, "TLS certificate in use", 1)[0]["sha256"].(string)
	require.Equal(t, fmt.Sprintf("%X", sum), strings.ReplaceAll(logged, ":", ""))
	s.Log.Lines(t, "self-signed certificate made; clients have to be told to trust it", 1)

	for name, mode := range map[string]os.FileMode{".": 0o700, "self-signed.key": 0o600, "self-signed.crt": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), name)
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2)

	certs, err = servertest.Handshake(t, servertest.Start(t, servertest.Answering("1"), in), nil)
	require.NoError(t, err)
	require.True(t, first.Equal(certs[0]), "the next start uses the same certificate")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "self-signed.key"), []byte("garbage"), 0o600))
	again := servertest.Start(t, servertest.Answering("1"), in)
	certs, err = servertest.Handshake(t, again, nil)
	require.NoError(t, err)
	require.False(t, first.Equal(certs[0]), "an unusable one is made anew")
	again.Log.Lines(t, "the self-signed certificate cannot be used and is made anew", 1)
}

func TestSelfSignedNowhere(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	cfg := server.Config{Gateway: servertest.Answering("1")}
	servertest.OverTLS(server.KeyPair{})(&cfg)
	cfg.Settings = &settings.Settings{StateDir: filepath.Join(file, "state")}
	_, err := server.Listen(t.Context(), cfg)
	require.ErrorContains(t, err, "state_dir")
}

func TestTLSReload(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one, two := certtest.New(t, nil, servertest.CommonName("one")), certtest.New(t, nil, servertest.CommonName("two"))
	pair := servertest.WritePair(t, dir, one)
	s := servertest.Start(t, servertest.Answering("1"), servertest.OverTLS(pair))
	shown := func() string {
		certs, err := servertest.Handshake(t, s, nil)
		require.NoError(t, err)
		return certs[0].Subject.CommonName
	}
	require.Equal(t, "one", shown())

	// The new certificate is written before its key: the old pair stays in use.
	require.NoError(t, os.WriteFile(pair.Cert, two.CertPEM(), 0o600))
	require.Eventually(t, func() bool {
		return shown() == "one" && strings.Contains(s.Log.String(), "the old one stays")
	}, servertest.Timeout, 50*time.Millisecond)
	require.NoError(t, os.WriteFile(pair.Key, two.KeyPEM(t), 0o600))
	require.Eventually(t, func() bool { return shown() == "two" }, servertest.Timeout, 50*time.Millisecond)
	s.Log.Lines(t, "TLS certificate in use", 2)
	s.Log.Lines(t, "the new TLS certificate cannot be used, the old one stays", 1)

	require.NoError(t, os.Remove(pair.Key))
	require.Eventually(t, func() bool {
		return shown() == "two" && strings.Count(s.Log.String(), "the old one stays") == 2
	}, servertest.Timeout, 50*time.Millisecond)
}

func TestTLSChain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	root := certtest.New(t, nil, servertest.CommonName("root"))
	middle := certtest.New(t, root, servertest.CommonName("intermediate"), servertest.Intermediate)
	leaf := certtest.New(t, middle, servertest.CommonName("leaf"))
	pair := servertest.WritePair(t, dir, leaf)
	pair.Chain = filepath.Join(dir, "chain.pem")
	// A full chain, with the leaf included.
	require.NoError(t, os.WriteFile(pair.Chain, append(leaf.CertPEM(), middle.CertPEM()...), 0o600))

	s := servertest.Start(t, servertest.Answering("1"), servertest.OverTLS(pair))
	roots := x509.NewCertPool()
	roots.AddCert(root.Cert)
	certs, err := servertest.Handshake(t, s, func(c *tls.Config) { c.InsecureSkipVerify = false; c.RootCAs = roots; c.ServerName = "localhost" })
	require.NoError(t, err)
	require.Len(t, certs, 2)

	require.NoError(t, os.Chmod(pair.Key, 0o644))
	open := servertest.Start(t, servertest.Answering("1"), servertest.OverTLS(pair))
	require.Contains(t, open.Log.String(), "is open to every user of this machine (mode 0644)")
}
