package reach

import (
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"strings"
	"unicode"
)

// Loopback reports whether data sent to a host stays on this machine.
func Loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// TLS returns the configuration for a host whose certificate must be signed by
// one of roots; nil means the system's.
func TLS(host string, roots *x509.CertPool) *tls.Config {
	return &tls.Config{ServerName: host, RootCAs: roots, MinVersion: tls.VersionTLS12}
}

// Line turns a foreign text into one line of at most most bytes.
func Line(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, text)
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}
