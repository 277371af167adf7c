package masterconf

import (
	"math"
	"strings"
)

// RestCherryPy is the section rest_cherrypy, with the defaults of Salt's module.
type RestCherryPy struct {
	Port int
	Host string

	DisableSSL bool
	SSLCrt     string // empty, as SSLKey, when not set; salt-api does not start without the two unless DisableSSL
	SSLKey     string
	SSLChain   string

	// The options of Salt 3009 for client certificates. SSLCertReqs is one of
	// the Cert constants; no other version of salt-api heeds any of the three.
	SSLCACerts   string   // PEM file or folder; empty when not set
	SSLCertReqs  string   // CertNone when not set
	SSLAllowedCN []string // nil when every name is allowed

	// MaxRequestBodySize is in bytes, 0 for no limit. Without MaxRequestBodySizeSet it is Salt's 1048576, which has no
	// effect there: the limit in force is CherryPy's own 100 MiB.
	MaxRequestBodySize    int64
	MaxRequestBodySizeSet bool

	WebhookURL         string
	WebhookDisableAuth bool
	CollectStats       bool
	StatsDisableAuth   bool
	EnableSessions     bool

	Static     string // folder; empty when not set, as App and Favicon
	StaticPath string
	App        string
	AppPath    string
	Favicon    string
	RootPrefix string

	APIACL        any      // api_acl as written, nil when not set; see package yaml11
	AuthorizedIPs []string // empty when every address may connect

	UnknownKeys []string // in the order of the file
}

// cherryPyKeys are the options that rest_cherrypy documents or reads.
var cherryPyKeys = []string{
	"api_acl", "app", "app_path", "authorized_ips", "collect_stats", "debug", "disable_ssl", "enable_sessions",
	"expire_responses", "favicon", "host", "log_access_file", "log_error_file", "max_request_body_size", "port",
	"queue_size", "root_prefix", "socket_queue_size", "ssl_allowed_cn", "ssl_ca_certs", "ssl_cert_reqs", "ssl_chain",
	"ssl_crt", "ssl_key", "static", "static_path", "stats_disable_auth", "thread_pool", "webhook_disable_auth", "webhook_url",
}

// readRestCherryPy returns nil when there is nothing to start.
func readRestCherryPy(top options, f files) *RestCherryPy {
	o, at, ok := top.section("rest_cherrypy")
	if !ok {
		return nil
	}
	r := &RestCherryPy{
		Port:               o.requiredPort(),
		Host:               o.text("host", "0.0.0.0"),
		DisableSSL:         o.flag("disable_ssl", false),
		WebhookURL:         o.text("webhook_url", "/hook"),
		WebhookDisableAuth: o.flag("webhook_disable_auth", false),
		CollectStats:       o.flag("collect_stats", false),
		StatsDisableAuth:   o.flag("stats_disable_auth", false),
		EnableSessions:     o.enableSessions(),
		Static:             o.text("static", ""),
		StaticPath:         "/static",
		App:                o.text("app", ""),
		AppPath:            o.text("app_path", "/app"),
		Favicon:            o.text("favicon", ""),
		RootPrefix:         o.text("root_prefix", "/"),
		APIACL:             o.raw("api_acl"),
	}
	if r.Static != "" {
		r.StaticPath = o.text("static_path", "/static")
	}
	r.bodySize(o)
	r.ssl(o, at, f)
	r.clientCerts(o)
	r.AuthorizedIPs = o.names("authorized_ips", "addresses", "address")
	o.warnIneffective("rest_cherrypy")
	r.UnknownKeys = o.unknown("rest_cherrypy", cherryPyKeys)
	return r
}

// bodySize warns that the limit holds here.
func (r *RestCherryPy) bodySize(o options) {
	const key = "max_request_body_size"
	r.MaxRequestBodySize = 1 << 20
	v, at, _ := o.item(key)
	if _, isNumber := v.(int64); !isNumber && !truthy(v) {
		return // not set: there was no limit in salt-api, and what is false names none
	}
	r.MaxRequestBodySizeSet = true
	if r.MaxRequestBodySize = o.number(key, 1<<20, 0, math.MaxInt64); r.MaxRequestBodySize > 0 {
		o.rep.warn(at, "is obeyed: a body over %d bytes is refused with 413. salt-api passes the option over and takes 100 MiB",
			r.MaxRequestBodySize)
	}
}

// enableSessions is on unless it is exactly false: Salt compares with "is False".
func (o options) enableSessions() bool {
	v, at, ok := o.item("enable_sessions")
	b, isBool := v.(bool)
	if ok && !isBool {
		o.rep.warn(at, "is %s and not a boolean: sessions stay enabled", kind(v))
	}
	return !isBool || b
}

// ssl reads the certificate and looks whether its files are there.
func (r *RestCherryPy) ssl(o options, section where, f files) {
	r.SSLCrt, r.SSLKey, r.SSLChain = o.text("ssl_crt", ""), o.text("ssl_key", ""), o.name("ssl_chain", "")
	if r.DisableSSL {
		return
	}
	section.key = strings.TrimSuffix(o.prefix, ".")
	switch {
	case r.SSLCrt == "" && r.SSLKey == "":
		o.rep.warn(section, "has neither ssl_crt and ssl_key nor disable_ssl: salt-api does not start it")
	case r.SSLCrt == "":
		o.rep.problem(section, "has ssl_key without ssl_crt")
	case r.SSLKey == "":
		o.rep.problem(section, "has ssl_crt without ssl_key")
	}
	o.filesExist(f, "ssl_crt", "ssl_key", "ssl_chain")
}

// filesExist reports the options that name no file.
func (o options) filesExist(f files, keys ...string) {
	for _, key := range keys {
		v, at, _ := o.item(key)
		name, ok := v.(string)
		if !ok || name == "" || hasSDB(v) {
			continue
		}
		switch info, err := f.Stat(name); {
		case err != nil:
			o.rep.problem(at, "%s: %s", name, reason(err))
		case info.IsDir():
			o.rep.problem(at, "%s is a folder", name)
		}
	}
}
