package config

import (
	"strings"

	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
	"github.com/saltern-api/saltern/server"
)

// plan plans the listeners with the valid parts of the two files, so that their
// problems are reported together with all others.
func (c *Config) plan(masterErr, setErr error) (err error) {
	var from server.Sections
	if masterErr == nil {
		from = sections(c.Master)
	}
	set := c.Settings
	if setErr != nil {
		set = settings.Default()
	}
	var warnings []string
	c.Listeners, warnings, err = server.Plan(from, set)
	c.warn(warnings...)
	return err
}

// sections returns the listeners' sections of the master's file.
func sections(mc *masterconf.Config) server.Sections {
	var s server.Sections
	if w := mc.RestWSGI; w != nil {
		s.WSGI = &server.WSGISection{Port: w.Port}
	}
	if r := mc.RestCherryPy; r != nil {
		s.CherryPy = &server.CherryPySection{
			Host: r.Host, Port: r.Port,
			Cert: r.SSLCrt, Key: r.SSLKey, Chain: r.SSLChain, DisableSSL: r.DisableSSL,
			Clients: server.ClientCerts{Mode: clientCertMode(r.SSLCertReqs), CA: r.SSLCACerts, Names: r.SSLAllowedCN},
		}
	}
	if r := mc.RestTornado; r != nil {
		s.Tornado = &server.TornadoSection{
			Address: r.Address, Port: r.Port, Cert: r.SSLCrt, Key: r.SSLKey, DisableSSL: r.DisableSSL,
		}
	}
	return s
}

// Tornado returns the options of rest_tornado.
func (c *Config) Tornado() server.TornadoOptions {
	mc, r := c.Master, c.Master.RestTornado
	if r == nil {
		return server.TornadoOptions{}
	}
	o := server.TornadoOptions{WebhookDisableAuth: r.WebhookDisableAuth, CORSOrigins: r.CORSOrigins}
	if mc.NetapiEnableClientsSet {
		o.EnabledClients = append([]string{}, mc.NetapiEnableClients...)
	}
	return o
}

func clientCertMode(reqs string) server.ClientCertMode {
	switch reqs {
	case masterconf.CertOptional:
		return server.ClientCertOptional
	case masterconf.CertRequired:
		return server.ClientCertRequired
	}
	return server.ClientCertNone
}

// clientsWarning is about what operators of salt-api 3006 or newer meet first:
// no client is enabled until the configuration lists it.
func clientsWarning(mc *masterconf.Config) []string {
	if mc.NetapiEnableClientsSet {
		return nil
	}
	if mc.RestTornado != nil && mc.RestCherryPy == nil && mc.RestWSGI == nil {
		return nil // rest_tornado's clients need no option
	}
	return []string{"netapi_enable_clients is not set, so every client is disabled, as in salt-api since 3006.0; " +
		"add for example: netapi_enable_clients: [local, local_async, runner]"}
}

// publicURLWarnings are about URLs that clients could not use.
func publicURLWarnings(mc *masterconf.Config, set *settings.Settings) []string {
	switch prefix := rootPrefix(mc); {
	case set.PublicURL == "" && len(set.TrustedProxies) > 0:
		return []string{"public_url is not set: behind a proxy, URLs in answers of OAuth begin with the host that it passes on"}
	case set.PublicURL != "" && prefix != "" && !strings.HasSuffix(set.PublicURL, prefix):
		return []string{"public_url does not end with root_prefix: URLs in answers of OAuth begin with it as it is"}
	}
	return nil
}

// rootPrefix returns rest_cherrypy's root_prefix without a trailing slash.
func rootPrefix(mc *masterconf.Config) string {
	if mc.RestCherryPy == nil {
		return ""
	}
	return strings.TrimRight(mc.RestCherryPy.RootPrefix, "/")
}
