package server_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server"
)

// person returns a client's certificate, which change may alter before it is
// signed.
func person(t *testing.T, parent *issued, change func(*x509.Certificate)) *tls.Certificate {
	t.Helper()
	i := issueChanged(t, "proxy.example", parent, func(c *x509.Certificate) {
		c.IsCA = false
		if change != nil {
			change(c)
		}
	})
	return &tls.Certificate{Certificate: [][]byte{i.cert.Raw}, PrivateKey: i.key}
}

func named(names ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.Subject = pkix.Name{}
		for _, n := range names {
			c.Subject.ExtraNames = append(c.Subject.ExtraNames, pkix.AttributeTypeAndValue{Type: []int{2, 5, 4, 3}, Value: n})
		}
	}
}

// refusedTLS stands for a failed handshake.
const refusedTLS = 0

func TestClientCertificates(t *testing.T) {
	t.Parallel()
	ca, other := issue(t, "ca", nil), issue(t, "ca", nil)
	between := issue(t, "intermediate", ca)
	long := func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(-3*time.Hour), time.Now().Add(-time.Hour)
	}
	soon := func(c *x509.Certificate) {
		c.NotBefore = time.Now().Add(time.Hour)
		c.NotAfter = time.Now().Add(2 * time.Hour)
	}
	ofServer := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }
	ofClient := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }
	chain := person(t, between, nil)
	chain.Certificate = append(chain.Certificate, between.cert.Raw)
	foreignKey := person(t, ca, nil)
	foreignKey.PrivateKey = other.key

	const none, optional, required = server.ClientCertNone, server.ClientCertOptional, server.ClientCertRequired
	for name, c := range map[string]struct {
		cert  *tls.Certificate
		names []string
		want  map[server.ClientCertMode]int
	}{
		"none":                {nil, nil, map[server.ClientCertMode]int{none: 200, optional: 200, required: refusedTLS}},
		"good":                {person(t, ca, nil), nil, map[server.ClientCertMode]int{none: 200, optional: 200, required: 200}},
		"for clients":         {person(t, ca, ofClient), nil, map[server.ClientCertMode]int{required: 200}},
		"for servers":         {person(t, ca, ofServer), nil, map[server.ClientCertMode]int{optional: refusedTLS, required: refusedTLS}},
		"chain":               {chain, nil, map[server.ClientCertMode]int{optional: 200, required: 200}},
		"chain with a gap":    {person(t, between, nil), nil, map[server.ClientCertMode]int{optional: refusedTLS, required: refusedTLS}},
		"of another CA":       {person(t, other, nil), nil, map[server.ClientCertMode]int{none: 200, optional: refusedTLS, required: refusedTLS}},
		"self-signed":         {person(t, nil, nil), nil, map[server.ClientCertMode]int{optional: refusedTLS, required: refusedTLS}},
		"with another's key":  {foreignKey, nil, map[server.ClientCertMode]int{optional: refusedTLS, required: refusedTLS}},
		"expired":             {person(t, ca, long), nil, map[server.ClientCertMode]int{none: 200, optional: refusedTLS, required: refusedTLS}},
		"not yet valid":       {person(t, ca, soon), nil, map[server.ClientCertMode]int{optional: refusedTLS, required: refusedTLS}},
		"right name":          {person(t, ca, nil), []string{"a", "proxy.example"}, map[server.ClientCertMode]int{none: 403, optional: 200, required: 200}},
		"wrong name":          {person(t, ca, named("proxy")), []string{"proxy.example"}, map[server.ClientCertMode]int{none: 403, optional: 403, required: 403}},
		"name in other case":  {person(t, ca, named("PROXY.example")), []string{"proxy.example"}, map[server.ClientCertMode]int{required: 403}},
		"two names":           {person(t, ca, named("proxy.example", "proxy.example")), []string{"proxy.example"}, map[server.ClientCertMode]int{required: 403}},
		"no name":             {person(t, ca, named()), []string{"proxy.example", ""}, map[server.ClientCertMode]int{required: 403}},
		"no name, none asked": {person(t, ca, named()), nil, map[server.ClientCertMode]int{required: 200}},
		"none, with names":    {nil, []string{"proxy.example", ""}, map[server.ClientCertMode]int{none: 403, optional: 403, required: refusedTLS}},
	} {
		for mode, want := range c.want {
			t.Run(fmt.Sprintf("%s, mode %d", name, mode), func(t *testing.T) {
				t.Parallel()
				s := demanding(t, t.TempDir(), ca, mode, c.names)
				for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
					for _, http2 := range []bool{false, true} {
						require.Equal(t, want, statusWith(t, s, clientConfig(version, c.cert), http2),
							"%s, HTTP/2: %t", tls.VersionName(version), http2)
					}
				}
			})
		}
	}
}

// demanding starts the main surface with the client certificates of a CA.
func demanding(t *testing.T, dir string, ca *issued, mode server.ClientCertMode, names []string) *running {
	t.Helper()
	file := filepath.Join(dir, "ca.pem")
	require.NoError(t, os.WriteFile(file, ca.certPEM(), 0o600))
	return start(t, answering("1"), func(c *server.Config) {
		overTLS(server.KeyPair{})(c)
		c.Listeners[0].Clients = server.ClientCerts{Mode: mode, CA: file, Names: names}
	})
}

func clientConfig(version uint16, cert *tls.Certificate) *tls.Config {
	cfg := &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version}
	if cert != nil {
		// The client sends its certificate whatever the server requests.
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return cert, nil }
	}
	return cfg
}

// statusWith returns the status of GET /, or refusedTLS.
func statusWith(t *testing.T, s *running, cfg *tls.Config, http2 bool) int {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: cfg, ForceAttemptHTTP2: http2}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.addr(0), nil)
	require.NoError(t, err)
	resp, err := transport.RoundTrip(req)
	if err != nil { // with TLS 1.3 the client may notice only when it writes
		return refusedTLS
	}
	defer func() { _ = resp.Body.Close() }()
	require.Equal(t, http2, resp.ProtoMajor == 2)
	return resp.StatusCode
}

func TestClientNameRefusal(t *testing.T) {
	t.Parallel()
	ca := issue(t, "ca", nil)
	s := demanding(t, t.TempDir(), ca, server.ClientCertRequired, []string{"other"})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: clientConfig(tls.VersionTLS13, person(t, ca, nil))}}
	for _, path := range []string{"/", "/nosuch", "/hook", "/openapi.yaml", "/oauth/token"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+s.addr(0)+path, strings.NewReader("{}"))
		require.NoError(t, err)
		resp, body := do(t, client, req)
		require.Equal(t, http.StatusForbidden, resp.StatusCode)
		require.Equal(t, `{"status": 403, "return": "Client certificate CN not allowed"}`, body)
	}
}

// The file of trust anchors is reloaded when it changes, and a client that is
// no longer trusted is refused even with a session ticket.
func TestClientCAReload(t *testing.T) {
	t.Parallel()
	ca, other := issue(t, "ca", nil), issue(t, "other", nil)
	dir := t.TempDir()
	file := filepath.Join(dir, "ca.pem")
	s := demanding(t, dir, ca, server.ClientCertRequired, nil)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		require.NoError(t, os.WriteFile(file, ca.certPEM(), 0o600))
		old := clientConfig(version, person(t, ca, nil))
		old.ClientSessionCache = tls.NewLRUClientSessionCache(1)
		require.Eventually(t, func() bool { return statusWith(t, s, old, false) == http.StatusOK }, 10*time.Second, 100*time.Millisecond)
		require.True(t, resumes(t, s, old), "the session is resumed while the CA is trusted")

		require.NoError(t, os.WriteFile(file, []byte("none"), 0o600))
		bad := strings.Count(s.log.String(), "the old ones stay")
		require.Eventually(t, func() bool {
			require.Equal(t, http.StatusOK, statusWith(t, s, old, false))
			return strings.Count(s.log.String(), "the old ones stay") > bad
		}, 10*time.Second, 100*time.Millisecond)

		require.NoError(t, os.WriteFile(file, other.certPEM(), 0o600))
		require.Eventually(t, func() bool {
			return statusWith(t, s, clientConfig(version, person(t, other, nil)), false) == http.StatusOK
		},
			10*time.Second, 100*time.Millisecond)
		require.Equal(t, refusedTLS, statusWith(t, s, old, false), "neither resumed nor anew")
	}
}

// resumes reports whether a connection continues an earlier session.
func resumes(t *testing.T, s *running, cfg *tls.Config) bool {
	t.Helper()
	conn, err := tls.Dial("tcp", s.addr(0), cfg)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	return conn.ConnectionState().DidResume
}

// A directory is read as by OpenSSL: certificates under hashed names.
func TestClientCAFolder(t *testing.T) {
	t.Parallel()
	ca, other := issue(t, "ca", nil), issue(t, "other", nil)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "0a1b2c3d.0"), ca.certPEM(), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "other.pem"), other.certPEM(), 0o600))
	s := start(t, answering("1"), func(c *server.Config) {
		overTLS(server.KeyPair{})(c)
		c.Listeners[0].Clients = server.ClientCerts{Mode: server.ClientCertRequired, CA: dir}
	})
	require.Equal(t, http.StatusOK, statusWith(t, s, clientConfig(tls.VersionTLS13, person(t, ca, nil)), false))
	require.Equal(t, refusedTLS, statusWith(t, s, clientConfig(tls.VersionTLS13, person(t, other, nil)), false))
	require.NoError(t, os.Rename(filepath.Join(dir, "other.pem"), filepath.Join(dir, "4e5f6a7b.0")))
	require.Eventually(t, func() bool {
		return statusWith(t, s, clientConfig(tls.VersionTLS13, person(t, other, nil)), false) == http.StatusOK
	}, 10*time.Second, 100*time.Millisecond)
}
