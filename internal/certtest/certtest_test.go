package certtest_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/certtest"
)

func TestSelfSigned(t *testing.T) {
	t.Parallel()
	pair := certtest.New(t, nil)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair.TLS()}}
	server.StartTLS()
	defer server.Close()
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pair.Pool()}}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Get(server.URL)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
}

func TestChainAndFiles(t *testing.T) {
	t.Parallel()
	root := certtest.New(t, nil, func(c *x509.Certificate) { c.Subject.CommonName = "root" })
	leaf := certtest.New(t, root, func(c *x509.Certificate) { c.Subject.CommonName = "leaf" })
	_, err := leaf.Cert.Verify(x509.VerifyOptions{Roots: root.Pool(), DNSName: "localhost"})
	require.NoError(t, err)
	_, err = leaf.Cert.Verify(x509.VerifyOptions{Roots: certtest.New(t, nil).Pool()})
	require.Error(t, err)

	crt, key := filepath.Join(t.TempDir(), "crt"), filepath.Join(t.TempDir(), "key")
	leaf.Write(t, crt, key)
	read, err := tls.LoadX509KeyPair(crt, key)
	require.NoError(t, err)
	require.Equal(t, leaf.Cert.Raw, read.Certificate[0])
}
