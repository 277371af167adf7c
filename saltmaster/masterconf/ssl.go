package masterconf

import (
	"strings"

	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
)

// What Salt's option transport may be.
const (
	TransportZeroMQ = "zeromq"
	TransportTCP    = "tcp"
	TransportWS     = "ws"
)

// SSL is Salt's option ssl, as far as a client of the request channel needs it.
type SSL struct {
	CertFile string // certfile: what the master shows, and what is shown to it
	KeyFile  string // keyfile; empty when certfile has the key too
	CACerts  string // ca_certs; empty when not set
}

// ssl reads the option ssl, of which Salt takes notice with the transports tcp and ws.
func (o options) ssl(transport string) *SSL {
	v, at, ok := o.item("ssl")
	if !ok || v == nil || v == false {
		return nil
	}
	if transport == TransportZeroMQ {
		o.rep.warn(at, "has no effect: the transport zeromq has no TLS")
		return nil
	}
	m, isMap := v.(*yaml11.Map)
	if !isMap {
		o.rep.problem(at, "has to be a mapping with a certfile, not %s", kind(v))
		return nil
	}
	section := options{set: m, prefix: o.prefix + "ssl.", rep: o.rep}
	ssl := &SSL{CertFile: section.path("certfile", ""), KeyFile: section.path("keyfile", ""), CACerts: section.path("ca_certs", "")}
	if ssl.CertFile == "" {
		at.key = section.prefix + "certfile"
		o.rep.problem(at, "is missing: no master serves TLS without a certificate")
	}
	section.constant("cert_reqs", "CERT_")
	section.constant("ssl_version", "PROTOCOL_")
	return ssl
}

// constant checks the name of one of Python's constants, without which Salt does not start.
func (o options) constant(key, prefix string) {
	if text := o.path(key, prefix); !strings.HasPrefix(text, prefix) {
		_, at, _ := o.item(key)
		o.rep.problem(at, "%q does not begin with %s, and Salt does not start with it", text, prefix)
	}
}
