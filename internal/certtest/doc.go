// Package certtest makes certificates for tests: self-signed ones for loopback,
// and chains.
//
//	pair := certtest.New(t, nil)
//	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair.TLS()}}
//	client.TLS = &tls.Config{RootCAs: pair.Pool()}
//
// The package imports the standard library only.
package certtest
