package server

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/server/web/certs"
)

// ListenerSpec is one listener to open.
type ListenerSpec struct {
	Surface Surface
	Address string // host:port
	TLS     bool
	Pair    KeyPair // of TLS; the zero value stands for a self-signed pair
	Clients ClientCerts

	// Optional allows the listener to be missing on a machine without this
	// address, such as ::1 where IPv6 is off.
	Optional bool
}

type (
	// KeyPair is a listener's certificate and key.
	KeyPair = certs.KeyPair
	// ClientCerts is what a listener requires of clients' certificates.
	ClientCerts = certs.ClientCerts
	// ClientCertMode is Salt's ssl_cert_reqs.
	ClientCertMode = certs.ClientCertMode
)

// The modes, as in Salt's ssl_cert_reqs.
const (
	ClientCertNone     = certs.ClientCertNone
	ClientCertOptional = certs.ClientCertOptional
	ClientCertRequired = certs.ClientCertRequired
)

// Sections are the listeners' sections of Salt's master config. A missing
// section is nil.
type Sections struct {
	WSGI     *WSGISection
	CherryPy *CherryPySection
	Tornado  *TornadoSection
}

// WSGISection is `rest_wsgi:`.
type WSGISection struct {
	Port int // port
}

// CherryPySection is `rest_cherrypy:`.
type CherryPySection struct {
	Host       string // host; "" stands for 0.0.0.0
	Port       int    // port
	Cert       string // ssl_crt
	Key        string // ssl_key
	Chain      string // ssl_chain
	DisableSSL bool   // disable_ssl

	Clients ClientCerts // ssl_ca_certs, ssl_cert_reqs and ssl_allowed_cn
}

// TornadoSection is `rest_tornado:`.
type TornadoSection struct {
	Address    string // address; "" stands for every address of the machine
	Port       int    // port
	Cert       string // ssl_crt
	Key        string // ssl_key; "" stands for the file of the certificate
	DisableSSL bool   // disable_ssl
}

// defaultAddress is the listener's address if none is configured.
const defaultAddress = "127.0.0.1:8000"

// Plan decides which listeners there are and which of them speak TLS. The
// warnings are for the operator. The error has every problem, a line each.
func Plan(sections Sections, set *settings.Settings) ([]ListenerSpec, []string, error) {
	p := &plan{}
	if sections.WSGI != nil {
		p.wsgi(sections.WSGI)
	}
	if sections.CherryPy != nil {
		p.cherryPy(sections.CherryPy)
	}
	if sections.Tornado != nil {
		p.tornado(sections.Tornado)
	}
	for i, l := range set.Listen {
		p.extra(fmt.Sprintf("listen[%d]", i), l)
	}
	p.warnOtherWays()
	if len(p.specs) == 0 && len(p.problems) == 0 {
		p.add("the default listener", ListenerSpec{Address: defaultAddress})
	}
	p.admin(set.Admin)
	return p.specs, p.warnings, errors.Join(p.problems...)
}

type plan struct {
	specs    []ListenerSpec
	taken    []claim
	warnings []string
	problems []error
}

// claim is an address with the setting that names it.
type claim struct{ where, address string }

func (p *plan) problem(format string, args ...any) {
	p.problems = append(p.problems, fmt.Errorf(format, args...))
}

func (p *plan) warn(format string, args ...any) {
	p.warnings = append(p.warnings, fmt.Sprintf(format, args...))
}

// wsgi plans rest_wsgi, which salt-api always binds to localhost, in the clear.
func (p *plan) wsgi(s *WSGISection) {
	if !p.checkPort("rest_wsgi", s.Port) {
		return
	}
	p.add("rest_wsgi", ListenerSpec{Surface: WSGI, Address: address("localhost", s.Port)})
}

// cherryPy plans rest_cherrypy, which uses TLS unless disable_ssl is set.
func (p *plan) cherryPy(s *CherryPySection) {
	const where = "rest_cherrypy"
	if !p.checkPort(where, s.Port) {
		return
	}
	host := s.Host
	if host == "" {
		host = "0.0.0.0"
	}
	spec := ListenerSpec{Address: address(host, s.Port), TLS: !s.DisableSSL}
	switch {
	case s.DisableSSL:
		p.warnPlain(where+": disable_ssl", spec.Address)
	case (s.Cert == "") != (s.Key == ""):
		p.problem("%s: ssl_crt and ssl_key must be given together", where)
	default:
		spec.Pair = KeyPair{Cert: s.Cert, Key: s.Key, Chain: s.Chain}
		p.checkPair(where, spec.Pair)
	}
	p.clientCerts(where, s.Clients, &spec)
	p.add(where, spec)
}

// tornado plans rest_tornado, which uses TLS unless disable_ssl is set.
func (p *plan) tornado(s *TornadoSection) {
	const where = "rest_tornado"
	if !p.checkPort(where, s.Port) {
		return
	}
	spec := ListenerSpec{Surface: Tornado, Address: address(s.Address, s.Port), TLS: !s.DisableSSL}
	switch {
	case s.DisableSSL:
		p.warnPlain(where+": disable_ssl", spec.Address)
	case s.Cert != "":
		spec.Pair = KeyPair{Cert: s.Cert, Key: cmp.Or(s.Key, s.Cert)}
		p.checkPair(where, spec.Pair)
	case s.Key != "":
		p.problem("%s: has ssl_key without ssl_crt", where)
	}
	p.add(where, spec)
}

// clientCerts plans the requirements for certificates of clients.
func (p *plan) clientCerts(where string, c ClientCerts, spec *ListenerSpec) {
	requested := c.Mode != ClientCertNone
	if !spec.TLS && requested {
		p.warn("%s: ssl_cert_reqs has no effect with disable_ssl: no client is asked for a certificate", where)
		c.Mode, requested = ClientCertNone, false
	}
	switch {
	case requested && c.CA == "":
		p.problem("%s: ssl_cert_reqs needs ssl_ca_certs, without which every client would be refused", where)
	case spec.TLS && c.CA != "":
		if err := certs.CheckClientCAs(c.CA); err != nil {
			p.problem("%s: ssl_ca_certs: %w", where, err)
		}
		if !requested {
			p.warn("%s: ssl_ca_certs has no effect without ssl_cert_reqs, as in salt-api: no client is asked for a certificate", where)
		}
	}
	if len(c.Names) > 0 && !requested {
		p.warn("%s: ssl_allowed_cn refuses every request, as in salt-api, since no client is asked for a certificate", where)
	}
	spec.Clients = c
}

// extra plans a listener of saltern.yaml.
func (p *plan) extra(where string, l settings.Listen) {
	host, _, err := net.SplitHostPort(l.Address)
	if err != nil {
		p.problem("%s: address: %w", where, err)
		return
	}
	spec := ListenerSpec{Address: l.Address}
	switch l.TLS.Mode {
	case settings.TLSOff:
		p.warnPlain(where+": tls: false", l.Address)
	case settings.TLSAuto:
		spec.TLS = !isLoopback(host)
	case settings.TLSOn:
		spec.TLS = true
		spec.Pair = KeyPair{Cert: l.TLS.Cert, Key: l.TLS.Key, Chain: l.TLS.Chain}
		p.checkPair(where, spec.Pair)
	}
	p.add(where, spec)
}

// warnOtherWays warns of listeners that require no certificate beside one that
// does.
func (p *plan) warnOtherWays() {
	demands := func(s ListenerSpec) bool { return s.Clients.Mode == ClientCertRequired || len(s.Clients.Names) > 0 }
	if !slices.ContainsFunc(p.specs, demands) {
		return
	}
	for _, s := range p.specs {
		if !demands(s) && !s.Optional {
			p.warn("clients at %s need no certificate, unlike those of rest_cherrypy", s.Address)
		}
	}
}

// admin checks the admin listener, which has no authentication.
func (p *plan) admin(a settings.Admin) {
	if a.Listen == "" {
		return
	}
	host, _, err := net.SplitHostPort(a.Listen)
	switch {
	case err != nil:
		p.problem("admin.listen: %w", err)
	case isLoopback(host):
	case !a.AllowRemote:
		p.problem("admin.listen: %s is not a loopback address; admin.allow_remote: true would allow it", a.Listen)
	default:
		p.warn("admin.listen: metrics and health are open to anybody who can reach %s", a.Listen)
	}
	p.claim("admin.listen", a.Listen)
}

// add adds a listener to the plan. The name localhost stands for both of its
// addresses: if only one were bound, another local user could listen on the
// other and be sent passwords.
func (p *plan) add(where string, spec ListenerSpec) {
	host, port, err := net.SplitHostPort(spec.Address)
	if err == nil && host == "localhost" {
		spec.Address = net.JoinHostPort("127.0.0.1", port)
		six := spec
		six.Address = net.JoinHostPort("::1", port)
		six.Optional = true
		p.claim(where, spec.Address)
		p.specs = append(p.specs, spec, six)
		return
	}
	p.claim(where, spec.Address)
	p.specs = append(p.specs, spec)
}

func (p *plan) claim(where, address string) {
	for _, other := range p.taken {
		if overlap(address, other.address) {
			p.problem("%s: %s is taken by %s already", where, address, other.where)
			return
		}
	}
	p.taken = append(p.taken, claim{where, address})
}

func (p *plan) checkPort(where string, port int) bool {
	if port < 1 || port > 65535 {
		p.problem("%s: port must be between 1 and 65535", where)
		return false
	}
	return true
}

func (p *plan) checkPair(where string, pair KeyPair) {
	if pair.IsSelfSigned() {
		return
	}
	if _, err := pair.Load(); err != nil {
		p.problem("%s: %w", where, err)
		return
	}
	if warning := pair.PermissionWarning(); warning != "" {
		p.warn("%s: %s", where, warning)
	}
}

func (p *plan) warnPlain(where, address string) {
	if host, _, err := net.SplitHostPort(address); err == nil && !isLoopback(host) {
		p.warn("%s: passwords and tokens travel in clear text to %s", where, address)
	}
}

func address(host string, port int) string {
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// isLoopback does not use the resolver, whose answer may change.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// overlap reports whether two addresses cannot both be bound.
func overlap(a, b string) bool {
	hostA, portA, _ := net.SplitHostPort(a)
	hostB, portB, _ := net.SplitHostPort(b)
	if portA != portB || portA == "0" {
		return false
	}
	return hostA == hostB || isWildcard(hostA) || isWildcard(hostB)
}

func isWildcard(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "" || err == nil && addr.IsUnspecified()
}
