package server

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
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// ClientCertMode says whether a listener asks clients for a certificate.
type ClientCertMode int

// The modes, as in Salt's ssl_cert_reqs.
const (
	ClientCertNone     ClientCertMode = iota // CERT_NONE
	ClientCertOptional                       // CERT_OPTIONAL: one that is shown has to be good
	ClientCertRequired                       // CERT_REQUIRED
)

// ClientCerts is what a listener demands of the certificates of clients.
type ClientCerts struct {
	Mode ClientCertMode
	CA   string // PEM file of trust anchors, or a folder with such under OpenSSL's hashed names; Salt's ssl_ca_certs

	// Names are the common names that are let in; without any, the name does
	// not matter. They are checked for each request (403), as in salt-api, so
	// that with them a client without a certificate gets nothing.
	Names []string
}

// clientCAs are the trust anchors for certificates of clients, read again when
// their files change. The zero value is not usable.
type clientCAs struct {
	path    string
	log     *slog.Logger
	metrics *metrics
	current atomic.Pointer[x509.CertPool]

	mu      sync.Mutex // held by the one handshake that looks
	looked  time.Time
	version string // of the last attempt to read, good or bad
}

func newClientCAs(path string, log *slog.Logger, m *metrics) (*clientCAs, error) {
	c := &clientCAs{path: path, log: log, metrics: m, looked: time.Now(), version: caStamp(path)}
	pool, err := loadClientCAs(path)
	if err != nil {
		return nil, err
	}
	c.current.Store(pool)
	return c, nil
}

// pool returns the trust anchors in force.
func (c *clientCAs) pool() *x509.CertPool {
	if c.mu.TryLock() {
		c.look()
		c.mu.Unlock()
	}
	return c.current.Load()
}

// look reads the files if they have changed. Files that cannot be used leave
// the old ones in their place, as with key pairs.
func (c *clientCAs) look() {
	if time.Since(c.looked) < reloadEvery {
		return
	}
	c.looked = time.Now()
	version := caStamp(c.path)
	if version == c.version {
		return
	}
	c.version = version
	pool, err := loadClientCAs(c.path)
	if err != nil {
		c.metrics.reloads.WithLabelValues("failed").Inc()
		c.log.Warn("the new trust anchors for client certificates cannot be used, the old ones stay", slog.Any("error", err))
		return
	}
	c.metrics.reloads.WithLabelValues("ok").Inc()
	c.current.Store(pool)
	c.log.LogAttrs(context.Background(), slog.LevelInfo, "trust anchors for client certificates in use",
		slog.String("file", c.path))
}

// hashedName is the name that OpenSSL gives a certificate in a folder of them:
// it looks at no others.
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

// caStamp tells one version of the files at path from another.
func caStamp(path string) string {
	files, err := caFiles(path)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, file := range files {
		if info, err := os.Stat(file); err == nil {
			fmt.Fprintln(&b, file, info.Size(), info.ModTime().UnixNano())
		}
	}
	return b.String()
}

// demand makes the handshakes of a listener check the certificates of clients.
// VerifyConnection is called for resumed sessions too, so that neither a
// certificate that has expired since nor one of a CA that is no longer trusted
// gets in by a session ticket.
func (c *clientCAs) demand(cfg *tls.Config, mode ClientCertMode) {
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
		return verifyClient(state.PeerCertificates, c.pool())
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
