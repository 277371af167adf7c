package certs

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxPEM is far more than any chain of certificates.
const maxPEM = 1 << 20

// KeyPair names the PEM files of a certificate. The zero value stands for the
// self-signed pair in the state directory.
type KeyPair struct {
	Cert  string // Salt's ssl_crt
	Key   string // Salt's ssl_key
	Chain string // Salt's ssl_chain: intermediate certificates; may be ""
}

// IsSelfSigned reports whether the pair is the self-signed one.
func (p KeyPair) IsSelfSigned() bool { return p == KeyPair{} }

// Load reads the files and checks that they belong together.
func (p KeyPair) Load() (*tls.Certificate, error) {
	cert, err := readPEM(p.Cert)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	key, err := readPEM(p.Key)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s with key %s: %w", p.Cert, p.Key, err)
	}
	if p.Chain != "" {
		chain, err := readPEM(p.Chain)
		if err != nil {
			return nil, fmt.Errorf("certificate chain: %w", err)
		}
		if err := appendChain(&pair, chain); err != nil {
			return nil, fmt.Errorf("certificate chain %s: %w", p.Chain, err)
		}
	}
	return &pair, nil
}

// appendChain adds the certificates that are missing in the pair: a "full
// chain" file begins with the server's own.
func appendChain(pair *tls.Certificate, chain []byte) error {
	for block, rest := pem.Decode(chain); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" || holds(pair.Certificate, block.Bytes) {
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return err
		}
		pair.Certificate = append(pair.Certificate, block.Bytes)
	}
	return nil
}

func holds(certs [][]byte, der []byte) bool {
	for _, c := range certs {
		if bytes.Equal(c, der) {
			return true
		}
	}
	return false
}

func readPEM(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, maxPEM))
}

// PermissionWarning returns a warning if others than owner and group have
// access to the key, or "".
func (p KeyPair) PermissionWarning() string {
	info, err := os.Stat(p.Key)
	if err != nil || info.Mode().Perm()&0o007 == 0 {
		return ""
	}
	return fmt.Sprintf("the private key %s is open to every user of this machine (mode %04o)",
		p.Key, info.Mode().Perm())
}

// version returns a text that changes with the pair's files.
func (p KeyPair) version() string { return versionOf(p.Cert, p.Key, p.Chain) }

// versionOf returns a text that changes with the files' sizes and times.
func versionOf(files ...string) string {
	var b strings.Builder
	for _, file := range files {
		if info, err := os.Stat(file); err == nil {
			fmt.Fprintln(&b, file, info.Size(), info.ModTime().UnixNano())
		}
	}
	return b.String()
}

// fingerprint returns the certificate's SHA-256 in the form of openssl x509
// -fingerprint.
func fingerprint(cert *tls.Certificate) string {
	sum := sha256.Sum256(cert.Certificate[0])
	return strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}
