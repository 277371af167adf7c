package certs_test

import (
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/certtest"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

// The file of trust anchors is reloaded when it changes, and a client that is
// no longer trusted is refused even with a session ticket.
func TestClientCAReload(t *testing.T) {
	t.Parallel()
	ca, other := certtest.New(t, nil, servertest.CommonName("ca")), certtest.New(t, nil, servertest.CommonName("other"))
	dir := t.TempDir()
	file := filepath.Join(dir, "ca.pem")
	s := servertest.StartForClients(t, dir, ca, server.ClientCertRequired, nil)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		require.NoError(t, os.WriteFile(file, ca.CertPEM(), 0o600))
		old := servertest.ClientTLS(version, servertest.ClientCert(t, ca))
		old.ClientSessionCache = tls.NewLRUClientSessionCache(1)
		require.Eventually(t, func() bool { return servertest.StatusOf(t, s, old, false) == http.StatusOK }, servertest.Timeout, 100*time.Millisecond)
		require.True(t, resumes(t, s, old), "the session is resumed while the CA is trusted")

		require.NoError(t, os.WriteFile(file, []byte("none"), 0o600))
		bad := strings.Count(s.Log.String(), "the old ones stay")
		require.Eventually(t, func() bool {
			require.Equal(t, http.StatusOK, servertest.StatusOf(t, s, old, false))
			return strings.Count(s.Log.String(), "the old ones stay") > bad
		}, servertest.Timeout, 100*time.Millisecond)

		require.NoError(t, os.WriteFile(file, other.CertPEM(), 0o600))
		require.Eventually(t, func() bool {
			return servertest.StatusOf(t, s, servertest.ClientTLS(version, servertest.ClientCert(t, other)), false) == http.StatusOK
		},
			servertest.Timeout, 100*time.Millisecond)
		require.Equal(t, servertest.NoTLS, servertest.StatusOf(t, s, old, false), "neither resumed nor anew")
	}
}

// resumes reports whether a connection continues an earlier session.
func resumes(t *testing.T, s *servertest.Server, cfg *tls.Config) bool {
	t.Helper()
	conn, err := tls.Dial("tcp", s.Addr(0), cfg)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	return conn.ConnectionState().DidResume
}

// A directory is read as by OpenSSL: certificates under hashed names.
func TestClientCAFolder(t *testing.T) {
	t.Parallel()
	ca, other := certtest.New(t, nil, servertest.CommonName("ca")), certtest.New(t, nil, servertest.CommonName("other"))
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "0a1b2c3d.0"), ca.CertPEM(), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "other.pem"), other.CertPEM(), 0o600))
	s := servertest.Start(t, servertest.Answering("1"), func(c *server.Config) {
		servertest.OverTLS(server.KeyPair{})(c)
		c.Listeners[0].Clients = server.ClientCerts{Mode: server.ClientCertRequired, CA: dir}
	})
	require.Equal(t, http.StatusOK, servertest.StatusOf(t, s, servertest.ClientTLS(tls.VersionTLS13, servertest.ClientCert(t, ca)), false))
	require.Equal(t, servertest.NoTLS, servertest.StatusOf(t, s, servertest.ClientTLS(tls.VersionTLS13, servertest.ClientCert(t, other)), false))
	require.NoError(t, os.Rename(filepath.Join(dir, "other.pem"), filepath.Join(dir, "4e5f6a7b.0")))
	require.Eventually(t, func() bool {
		return servertest.StatusOf(t, s, servertest.ClientTLS(tls.VersionTLS13, servertest.ClientCert(t, other)), false) == http.StatusOK
	}, servertest.Timeout, 100*time.Millisecond)
}
