package masterconf

import (
	"slices"
	"strings"

	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
)

// The values of ssl_cert_reqs, which are names of Python's module ssl.
const (
	CertNone     = "CERT_NONE"
	CertOptional = "CERT_OPTIONAL"
	CertRequired = "CERT_REQUIRED"
)

// clientCerts reads what is demanded of the certificates of clients. Everything
// here only ever restricts, so that a value with no meaning is a problem.
func (r *RestCherryPy) clientCerts(o options) {
	r.SSLCACerts = o.name("ssl_ca_certs", "")
	r.SSLAllowedCN = o.names("ssl_allowed_cn", "common names", "common name")
	r.SSLCertReqs = CertNone
	v, at, _ := o.value("ssl_cert_reqs")
	switch {
	case !truthy(v):
	case v == CertNone, v == CertOptional, v == CertRequired:
		r.SSLCertReqs = keyText(v)
	default:
		o.rep.problem(at, "has to be %s, %s or %s", CertNone, CertOptional, CertRequired)
	}
}

// names reads a list of the only ones that are let in. An entry that is not text
// would never match in Salt; here it is a problem, as the operator meant to let
// someone in. Text is one name: salt-api takes it for all of its parts. The names
// in a mapping are its keys.
func (o options) names(key, things, thing string) []string {
	v, at, _ := o.value(key)
	if m, ok := v.(*yaml11.Map); ok && m.Len() > 0 {
		var keys []any
		for it := range m.All() {
			keys = append(keys, it.Key)
		}
		v = keys
		o.rep.warn(at, "is a mapping and not a list: its keys are the %s", things)
	}
	switch v := v.(type) {
	case []any:
		var names []string
		for _, x := range v {
			s, ok := x.(string)
			if !ok {
				o.rep.problem(at, "has to list %s, not %s", things, kind(x))
				continue
			}
			names = append(names, s)
		}
		return names
	case string:
		if v == "" {
			return nil
		}
		o.rep.warn(at, "is text and not a list: it is taken for one %s", thing)
		return []string{v}
	default:
		if truthy(v) {
			o.rep.problem(at, "has to be a list of %s, not %s", things, kind(v))
		}
		return nil
	}
}

// restrictingWords are in the names of options that keep clients out.
var restrictingWords = []string{
	"acl", "acls", "allow", "allowed", "allowlist", "authorized", "block", "blocked", "blocklist", "cert", "certs",
	"authorised", //nolint:misspell // people write it so too
	"blacklist", "denied", "deny", "forbid", "forbidden", "ip", "ips", "only", "reject", "require", "required",
	"restrict", "restricted", "ssl", "tls", "verify", "whitelist",
}

// unknown reports the keys of a section that are not known, and returns them.
// One that is meant to keep clients out is a problem: salt-api passes over what
// it does not know, and a gateway that does the same is open to the clients that a
// newer Salt, or the right spelling, would refuse.
func (o options) unknown(section string, known []string) []string {
	var keys []string
	for it := range o.set.All() {
		name := keyText(it.Key)
		if slices.Contains(known, name) {
			continue
		}
		keys = append(keys, name)
		at := where{it.File, it.Line, o.prefix + name}
		restricts := slices.ContainsFunc(words(name), func(w string) bool { return slices.Contains(restrictingWords, w) })
		if restricts {
			o.rep.problem(at, "%s has no such option, and by its name it keeps somebody out, which would not happen", section)
			continue
		}
		o.rep.warn(at, "%s has no such option", section)
	}
	return keys
}

// words takes the name of an option apart.
func words(name string) []string {
	return strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r < 'a' || r > 'z' })
}
