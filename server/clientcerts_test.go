package server_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/certtest"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

func named(names ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.Subject = pkix.Name{}
		for _, n := range names {
			c.Subject.ExtraNames = append(c.Subject.ExtraNames, pkix.AttributeTypeAndValue{Type: []int{2, 5, 4, 3}, Value: n})
		}
	}
}

func TestClientCertificates(t *testing.T) {
	t.Parallel()
	ca, other := certtest.New(t, nil, servertest.CommonName("ca")), certtest.New(t, nil, servertest.CommonName("ca"))
	between := certtest.New(t, ca, servertest.CommonName("intermediate"), servertest.Intermediate)
	long := func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(-3*time.Hour), time.Now().Add(-time.Hour)
	}
	soon := func(c *x509.Certificate) {
		c.NotBefore = time.Now().Add(time.Hour)
		c.NotAfter = time.Now().Add(2 * time.Hour)
	}
	ofServer := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }
	ofClient := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }
	chain := servertest.ClientCert(t, between)
	chain.Certificate = append(chain.Certificate, between.Cert.Raw)
	foreignKey := servertest.ClientCert(t, ca)
	foreignKey.PrivateKey = other.Key

	const none, optional, required = server.ClientCertNone, server.ClientCertOptional, server.ClientCertRequired
	for name, c := range map[string]struct {
		cert  *tls.Certificate
		names []string
		want  map[server.ClientCertMode]int
	}{
		"none":                {nil, nil, map[server.ClientCertMode]int{none: 200, optional: 200, required: servertest.NoTLS}},
		"good":                {servertest.ClientCert(t, ca), nil, map[server.ClientCertMode]int{none: 200, optional: 200, required: 200}},
		"for clients":         {servertest.ClientCert(t, ca, ofClient), nil, map[server.ClientCertMode]int{required: 200}},
		"for servers":         {servertest.ClientCert(t, ca, ofServer), nil, map[server.ClientCertMode]int{optional: servertest.NoTLS, required: servertest.NoTLS}},
		"chain":               {chain, nil, map[server.ClientCertMode]int{optional: 200, required: 200}},
		"chain with a gap":    {servertest.ClientCert(t, between), nil, map[server.ClientCertMode]int{optional: servertest.NoTLS, required: servertest.NoTLS}},
		"of another CA":       {servertest.ClientCert(t, other), nil, map[server.ClientCertMode]int{none: 200, optional: servertest.NoTLS, required: servertest.NoTLS}},
		"self-signed":         {servertest.ClientCert(t, nil), nil, map[server.ClientCertMode]int{optional: servertest.NoTLS, required: servertest.NoTLS}},
		"with another's key":  {foreignKey, nil, map[server.ClientCertMode]int{optional: servertest.NoTLS, required: servertest.NoTLS}},
		"expired":             {servertest.ClientCert(t, ca, long), nil, map[server.ClientCertMode]int{none: 200, optional: servertest.NoTLS, required: servertest.NoTLS}},
		"not yet valid":       {servertest.ClientCert(t, ca, soon), nil, map[server.ClientCertMode]int{optional: servertest.NoTLS, required: servertest.NoTLS}},
		"right name":          {servertest.ClientCert(t, ca), []string{"a", "proxy.example"}, map[server.ClientCertMode]int{none: 403, optional: 200, required: 200}},
		"wrong name":          {servertest.ClientCert(t, ca, named("proxy")), []string{"proxy.example"}, map[server.ClientCertMode]int{none: 403, optional: 403, required: 403}},
		"name in other case":  {servertest.ClientCert(t, ca, named("PROXY.example")), []string{"proxy.example"}, map[server.ClientCertMode]int{required: 403}},
		"two names":           {servertest.ClientCert(t, ca, named("proxy.example", "proxy.example")), []string{"proxy.example"}, map[server.ClientCertMode]int{required: 403}},
		"no name":             {servertest.ClientCert(t, ca, named()), []string{"proxy.example", ""}, map[server.ClientCertMode]int{required: 403}},
		"no name, none asked": {servertest.ClientCert(t, ca, named()), nil, map[server.ClientCertMode]int{required: 200}},
		"none, with names":    {nil, []string{"proxy.example", ""}, map[server.ClientCertMode]int{none: 403, optional: 403, required: servertest.NoTLS}},
	} {
		for mode, want := range c.want {
			t.Run(fmt.Sprintf("%s, mode %d", name, mode), func(t *testing.T) {
				t.Parallel()
				s := servertest.StartForClients(t, t.TempDir(), ca, mode, c.names)
				for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
					for _, http2 := range []bool{false, true} {
						require.Equal(t, want, servertest.StatusOf(t, s, servertest.ClientTLS(version, c.cert), http2),
							"%s, HTTP/2: %t", tls.VersionName(version), http2)
					}
				}
			})
		}
	}
}

func TestClientNameRefusal(t *testing.T) {
	t.Parallel()
	ca := certtest.New(t, nil, servertest.CommonName("ca"))
	s := servertest.StartForClients(t, t.TempDir(), ca, server.ClientCertRequired, []string{"other"})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: servertest.ClientTLS(tls.VersionTLS13, servertest.ClientCert(t, ca))}}
	for _, path := range []string{"/", "/nosuch", "/hook", "/openapi.yaml", "/oauth/token"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+s.Addr(0)+path, strings.NewReader("{}"))
		require.NoError(t, err)
		resp, body := servertest.Do(t, client, req)
		require.Equal(t, http.StatusForbidden, resp.StatusCode)
		require.Equal(t, `{"status": 403, "return": "Client certificate CN not allowed"}`, body)
	}
}
