package config

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/saltern-api/saltern/internal/settings"
)

// maxSecret is more than any password needs, and maxPEM more than a bundle of
// certificates.
const (
	maxSecret = 4096
	maxPEM    = 4 << 20
)

// secretFile reads a password from a file, without the final newline. The file
// may be readable by the group, since that is how secrets are mounted into
// containers, but not by others. No error contains its content. An empty path
// is no password.
func secretFile(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if mode := info.Mode().Perm(); mode&0o027 != 0 {
		return "", fmt.Errorf("%s: its mode %#o lets others at it", path, mode)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", err
	}
	text = bytes.TrimRight(text, "\r\n")
	if len(text) == 0 || len(text) > maxSecret || bytes.ContainsAny(text, "\r\n\x00") {
		return "", fmt.Errorf("%s: it has to have one line, with the password", path)
	}
	return string(text), nil
}

// clientTLS returns the TLS config for connections to a server; nil is no TLS.
func clientTLS(t settings.ClientTLS) (*tls.Config, error) {
	if !t.On {
		return nil, nil //nolint:nilnil // nil is a configuration too
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CA != "" {
		pool, err := certPool(t.CA)
		if err != nil {
			return nil, err
		}
		c.RootCAs = pool
	}
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// certPool reads trusted certificates.
func certPool(path string) (*x509.CertPool, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	text, err := io.ReadAll(io.LimitReader(f, maxPEM))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New(path + ": there is no certificate in it")
	}
	return pool, nil
}
