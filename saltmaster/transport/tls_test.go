package transport

import (
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/certtest"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/reqpool/peertest"
)

// write writes a pair as one file and returns its name.
func write(t *testing.T, dir, name string, pair *certtest.Pair) string {
	t.Helper()
	file := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(file, append(pair.KeyPEM(t), pair.CertPEM()...), 0o600))
	return file
}

func serverTLS(pair *certtest.Pair) *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{pair.Cert.Raw}, PrivateKey: pair.Key}},
		ClientAuth:   tls.RequireAnyClientCert,
	}
}

// request sends one request to a master that shows a certificate, whose option ssl is as given.
func request(t *testing.T, transport string, shown *certtest.Pair, ssl *masterconf.SSL) error {
	t.Helper()
	wire := peertest.NewTCP
	if transport == masterconf.TransportWS {
		wire = peertest.NewWS
	}
	peer := peertest.Listen(t, peertest.Options{Wire: wire, TLS: serverTLS(shown)}, func(c *peertest.Conn, request []byte) {
		_ = c.Reply(request)
	})
	_, text, err := net.SplitHostPort(peer.Addr())
	require.NoError(t, err)
	port, err := strconv.Atoi(text)
	require.NoError(t, err)
	conf := &masterconf.Config{Transport: transport, Interface: "127.0.0.1", RetPort: port, SSL: ssl}
	pool, err := NewPool(conf, reqpool.Options{})
	require.NoError(t, err)
	defer pool.Close()
	_, err = pool.Request(t.Context(), []byte("\x07"))
	return err
}

func TestTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca, own, other := certtest.New(t, nil), certtest.New(t, nil), certtest.New(t, nil)
	signed := certtest.New(t, ca)
	ownFile, caFile := write(t, dir, "own", own), write(t, dir, "ca", ca)
	for name, test := range map[string]struct {
		shown *certtest.Pair
		ssl   masterconf.SSL
		want  string // of the error
	}{
		"the master's own":           {own, masterconf.SSL{CertFile: ownFile}, ""},
		"the key in a file":          {own, masterconf.SSL{CertFile: ownFile, KeyFile: ownFile}, ""},
		"signed by ca_certs":         {signed, masterconf.SSL{CertFile: ownFile, CACerts: caFile}, ""},
		"signed, without ca_certs":   {signed, masterconf.SSL{CertFile: ownFile}, "neither"},
		"another":                    {other, masterconf.SSL{CertFile: ownFile, CACerts: caFile}, "neither"},
		"another, of the same names": {certtest.New(t, nil), masterconf.SSL{CertFile: ownFile}, "neither"},
		"no certfile":                {own, masterconf.SSL{CertFile: filepath.Join(dir, "gone")}, "certfile"},
		"no ca_certs":                {other, masterconf.SSL{CertFile: ownFile, CACerts: filepath.Join(dir, "gone")}, "ca_certs"},
		"a key of another":           {own, masterconf.SSL{CertFile: ownFile, KeyFile: caFile}, "keyfile"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, transport := range []string{masterconf.TransportTCP, masterconf.TransportWS} {
				err := request(t, transport, test.shown, &test.ssl)
				if test.want == "" {
					require.NoError(t, err, transport)
					continue
				}
				var failed *reqpool.Error
				require.ErrorAs(t, err, &failed, transport)
				require.Equal(t, "handshake", failed.Op)
				require.False(t, failed.Sent)
				require.ErrorContains(t, err, test.want, transport)
			}
		})
	}
}

// A renewed certificate is taken without a restart.
func TestRenewedCertificate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	before, after := certtest.New(t, nil), certtest.New(t, nil)
	ssl := &masterconf.SSL{CertFile: write(t, dir, "own", before)}
	require.NoError(t, request(t, masterconf.TransportTCP, before, ssl))
	write(t, dir, "own", after)
	require.NoError(t, request(t, masterconf.TransportTCP, after, ssl))
	require.Error(t, request(t, masterconf.TransportTCP, before, ssl))
}

func TestUnknownTransport(t *testing.T) {
	t.Parallel()
	_, err := NewPool(&masterconf.Config{Transport: "udp", Interface: "127.0.0.1", RetPort: 1}, reqpool.Options{})
	require.ErrorContains(t, err, "udp")
}
