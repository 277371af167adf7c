package transport

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/saltern-api/saltern/saltmaster/masterconf"
)

// tlsConfig returns the client's side of the option ssl, nil for nil. The files are read at each handshake, so that
// renewed ones are taken.
//
// The peer is the master when it shows the certificate of certfile itself, which lies on this machine. Salt's own
// clients check less, or the name as well, from release to release; a certificate that ca_certs has signed for the
// name of the address is the master's too, for a master_uri that leads elsewhere.
func tlsConfig(ssl *masterconf.SSL, address string) *tls.Config {
	if ssl == nil {
		return nil
	}
	host, _, _ := net.SplitHostPort(address)
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection checks it
		VerifyConnection: func(state tls.ConnectionState) error {
			return verify(ssl, host, state.PeerCertificates)
		},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return clientCertificate(ssl)
		},
	}
}

var errNotTheMaster = errors.New("the peer shows neither the certificate of ssl's certfile nor one that its ca_certs has signed for this address")

func verify(ssl *masterconf.SSL, host string, shown []*x509.Certificate) error {
	if len(shown) == 0 {
		return errNotTheMaster
	}
	text, err := os.ReadFile(ssl.CertFile)
	if err != nil {
		return fmt.Errorf("ssl's certfile: %w", err)
	}
	if own := firstCertificate(text); own != nil && bytes.Equal(own, shown[0].Raw) {
		return nil
	}
	if ssl.CACerts == "" {
		return errNotTheMaster
	}
	text, err = os.ReadFile(ssl.CACerts)
	if err != nil {
		return fmt.Errorf("ssl's ca_certs: %w", err)
	}
	opts := x509.VerifyOptions{DNSName: host, Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool()}
	opts.Roots.AppendCertsFromPEM(text)
	for _, c := range shown[1:] {
		opts.Intermediates.AddCert(c)
	}
	if _, err := shown[0].Verify(opts); err != nil {
		return fmt.Errorf("%w: %w", errNotTheMaster, err)
	}
	return nil
}

// firstCertificate returns the DER of a file's first certificate, which is the one that a server shows for itself. It
// is nil when there is none.
func firstCertificate(text []byte) []byte {
	for {
		block, rest := pem.Decode(text)
		if block == nil || block.Type == "CERTIFICATE" {
			if block == nil {
				return nil
			}
			return block.Bytes
		}
		text = rest
	}
}

// clientCertificate returns what Salt's own clients show: the master's certificate.
func clientCertificate(ssl *masterconf.SSL) (*tls.Certificate, error) {
	key := ssl.KeyFile
	if key == "" {
		key = ssl.CertFile
	}
	pair, err := tls.LoadX509KeyPair(ssl.CertFile, key)
	if err != nil {
		return nil, fmt.Errorf("ssl's certfile and keyfile: %w", err)
	}
	return &pair, nil
}
