package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/saltern-api/saltern/server/web"
)

const (
	// selfSignedLife is long because clients pin such a certificate by hand.
	selfSignedLife = 10 * 365 * 24 * time.Hour

	// selfSignedRenewal is how long before its expiry it is replaced.
	selfSignedRenewal = 30 * 24 * time.Hour

	maxSelfSignedAddrs = 64
)

// selfSignedPair returns the pair in dir, creating it if needed.
func selfSignedPair(dir string, log *slog.Logger) (KeyPair, error) {
	pair := KeyPair{
		Cert: filepath.Join(dir, "self-signed.crt"),
		Key:  filepath.Join(dir, "self-signed.key"),
	}
	old, err := pair.Load()
	switch {
	case err == nil && time.Until(old.Leaf.NotAfter) > selfSignedRenewal:
		return pair, nil
	case errors.Is(err, fs.ErrPermission):
		return KeyPair{}, fmt.Errorf("self-signed certificate: %w", err)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		log.Warn("the self-signed certificate cannot be used and is made anew", slog.Any("error", err))
	}
	if err := pair.create(dir); err != nil {
		return KeyPair{}, fmt.Errorf("make a self-signed certificate in state_dir: %w", err)
	}
	log.Info("self-signed certificate made; clients have to be told to trust it", slog.String("file", pair.Cert))
	return pair, nil
}

// create writes a new pair for this machine's names and addresses.
func (p KeyPair) create(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template, err := selfSignedTemplate(time.Now())
	if err != nil {
		return err
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := writePEM(p.Key, "PRIVATE KEY", secret); err != nil {
		return err
	}
	return writePEM(p.Cert, "CERTIFICATE", cert)
}

func selfSignedTemplate(now time.Time) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: web.Clip(host, 60), Organization: []string{"Saltern self-signed"}},
		NotBefore:             now.Add(-time.Hour), // for clients whose clock is slow
		NotAfter:              now.Add(selfSignedLife),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		DNSNames:              []string{"localhost"},
		IPAddresses:           localAddrs(),
	}
	if host != "localhost" {
		template.DNSNames = append(template.DNSNames, host)
	}
	return template, nil
}

// localAddrs returns the machine's addresses that a client may connect to.
func localAddrs() []net.IP {
	addrs := []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	ifaces, err := net.InterfaceAddrs()
	if err != nil {
		return addrs // localhost and the host's name still work
	}
	for _, a := range ifaces {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() && len(addrs) < maxSelfSignedAddrs {
			addrs = append(addrs, n.IP)
		}
	}
	return addrs
}

// writePEM writes a file atomically, readable by its owner only.
func writePEM(path, kind string, der []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // fails after a successful rename
	err = errors.Join(pem.Encode(f, &pem.Block{Type: kind, Bytes: der}), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
