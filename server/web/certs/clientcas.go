package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
)

// ClientCertMode is whether a listener requests certificates of clients.
type ClientCertMode int

// The modes, as in Salt's ssl_cert_reqs.
const (
	ClientCertNone     ClientCertMode = iota // CERT_NONE
	ClientCertOptional                       // CERT_OPTIONAL: a certificate that is sent has to be valid
	ClientCertRequired                       // CERT_REQUIRED
)

// ClientCerts are a listener's requirements for the certificates of clients.
type ClientCerts struct {
	Mode ClientCertMode
	CA   string // PEM file of trust anchors, or a directory of them under OpenSSL's hashed names; Salt's ssl_ca_certs

	// Names are the common names that are accepted; without any, the name does
	// not matter. They are checked for each request (403), as in salt-api, so
	// that with Names a client without a certificate gets only 403s.
	Names []string
}

// ClientCAs are the trust anchors for certificates of clients, reloaded when
// their files change.
type ClientCAs struct{ current *reloaded[*x509.CertPool] }

// NewClientCAs reads the trust anchors at path.
func NewClientCAs(path string, log *slog.Logger, m *Metrics) (*ClientCAs, error) {
	current, err := newReloaded(&caSource{path: path, log: log, metrics: m})
	if err != nil {
		return nil, err
	}
	return &ClientCAs{current}, nil
}

// caSource is the files of trust anchors.
type caSource struct {
	path    string
	log     *slog.Logger
	metrics *Metrics
}

func (s *caSource) version() string {
	files, err := caFiles(s.path)
	if err != nil {
		return err.Error()
	}
	return versionOf(files...)
}

func (s *caSource) load() (*x509.CertPool, error) { return loadClientCAs(s.path) }

func (s *caSource) changed(_ *x509.CertPool, err error) {
	s.metrics.reloaded(err)
	if err != nil {
		s.log.Warn("the new trust anchors for client certificates cannot be used, the old ones stay", slog.Any("error", err))
		return
	}
	s.log.LogAttrs(context.Background(), slog.LevelInfo, "trust anchors for client certificates in use",
		slog.String("file", s.path))
}

// hashedName matches OpenSSL's names of certificates in a directory; OpenSSL
// ignores other files.
var hashedName = regexp.MustCompile(`^[0-9a-f]{8}\.[0-9]+$`)

// caFiles returns the files of trust anchors at path.
func caFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if hashedName.MatchString(e.Name()) {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s has no certificate under a hashed name; run openssl rehash on it", path)
	}
	return files, nil
}

// CheckClientCAs returns the error in the trust anchors at path, if any.
func CheckClientCAs(path string) error {
	_, err := loadClientCAs(path)
	return err
}

func loadClientCAs(path string) (*x509.CertPool, error) {
	files, err := caFiles(path)
	if err != nil {
		return nil, fmt.Errorf("client CA: %w", err)
	}
	pool := x509.NewCertPool()
	for _, file := range files {
		text, err := readPEM(file)
		if err != nil {
			return nil, fmt.Errorf("client CA: %w", err)
		}
		if !pool.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("client CA: %s holds no certificate", file)
		}
	}
	return pool, nil
}

// Demand makes the handshakes of a listener check the certificates of clients.
// VerifyConnection is called for resumed sessions too, so that a session ticket
// is no way in for a certificate that has expired since, or of a CA that is no
// longer trusted.
func (c *ClientCAs) Demand(cfg *tls.Config, mode ClientCertMode) {
	cfg.ClientAuth = tls.RequestClientCert
	if mode == ClientCertRequired {
		cfg.ClientAuth = tls.RequireAnyClientCert
	}
	cfg.VerifyConnection = func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) == 0 {
			if mode == ClientCertRequired {
				return errors.New("the client has shown no certificate")
			}
			return nil
		}
		return verifyClient(state.PeerCertificates, c.current.get())
	}
}

func verifyClient(chain []*x509.Certificate, roots *x509.CertPool) error {
	between := x509.NewCertPool()
	for _, cert := range chain[1:] {
		between.AddCert(cert)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return err
}
