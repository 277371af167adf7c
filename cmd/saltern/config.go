package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os/user"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/reminder"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
	"github.com/saltern-api/saltern/server"
)

// Where the configuration is when nothing else is said.
const (
	defaultMasterDir = "/etc/salt"
	defaultSettings  = "/etc/saltern/saltern.yaml"
)

// where names the two places of the configuration.
type where struct {
	master   string // folder of the master's file
	settings string // Saltern's own file
	given    bool   // settings was named, so it has to be there
}

func (w *where) flags(f *flag.FlagSet) {
	f.StringVar(&w.master, "c", defaultMasterDir, "")
	f.StringVar(&w.settings, "config", "", "")
}

// config is the whole configuration, read and checked.
type config struct {
	master    *masterconf.Config
	set       *settings.Settings
	listeners []server.ListenerSpec
	surface   server.MainOptions
	tokens    tokenFiles
	reminders []reminder.Sender
	warnings  []string
}

// load reads both files and plans the listeners. Its error joins every
// problem that there is.
func (w *where) load() (*config, error) {
	var c config
	w.given = w.settings != ""
	if !w.given {
		w.settings = defaultSettings
	}
	mc, warnings, masterErr := masterconf.Load(w.master)
	for _, warning := range warnings {
		c.warnings = append(c.warnings, warning.String())
	}
	set, setErr := settings.Load(w.settings)
	if errors.Is(setErr, fs.ErrNotExist) && !w.given {
		set, setErr = settings.Default(), nil
	}
	if masterErr == nil {
		c.warnings = append(c.warnings, clientsWarning(mc)...)
	}
	specs, planWarnings, planErr := plan(mc, masterErr, set, setErr)
	c.master, c.set, c.listeners = mc, set, specs
	c.warnings = append(c.warnings, planWarnings...)
	var surfaceErr, tokensErr, remindersErr error
	if setErr == nil && masterErr == nil {
		c.warnings = append(c.warnings, publicURLWarnings(mc, set)...)
	}
	if setErr == nil {
		c.warnings = append(c.warnings, stateDirWarnings(set.StateDir)...)
		c.tokens, tokensErr = readTokenFiles(set.Tokens)
		c.reminders, remindersErr = reminderSenders(set.Tokens.Reminders)
	}
	var resultsErr error
	if masterErr == nil && setErr == nil {
		resultsErr = checkResults(mc, set.Results)
		c.warnings = append(c.warnings, tokenWarnings(mc, set.Tokens)...)
		c.surface, surfaceErr = mainOptions(mc.RestCherryPy, set)
		if _, err := eventsACL(&c); err != nil {
			surfaceErr = errors.Join(surfaceErr, fmt.Errorf("events_acl: %w", err))
		}
		surfaceErr = errors.Join(surfaceErr, checkDeciding(mc, set.Auth.Deciding))
	}
	return &c, errors.Join(masterErr, setErr, planErr, surfaceErr, tokensErr, remindersErr, resultsErr)
}

// plan plans the listeners with what is good of the two files, so that their
// problems show together with all others.
func plan(mc *masterconf.Config, masterErr error, set *settings.Settings, setErr error) ([]server.ListenerSpec, []string, error) {
	var from server.Sections
	if masterErr == nil {
		from = sections(mc)
	}
	if setErr != nil {
		set = settings.Default()
	}
	return server.Plan(from, set)
}

// sections is what the master's file says of listeners.
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

// tornadoOptions is what rest_tornado says of its listener.
func tornadoOptions(mc *masterconf.Config) server.TornadoOptions {
	r := mc.RestTornado
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

// clientsWarning tells what every operator of salt-api 3006 or newer meets
// first: no client is enabled until the configuration names it.
func clientsWarning(mc *masterconf.Config) []string {
	if mc.NetapiEnableClientsSet {
		return nil
	}
	if mc.RestTornado != nil && mc.RestCherryPy == nil && mc.RestWSGI == nil {
		return nil // rest_tornado has its clients without
	}
	return []string{"netapi_enable_clients is not set, so every client is disabled, as in salt-api since 3006.0; " +
		"add for example: netapi_enable_clients: [local, local_async, runner]"}
}

// publicURLWarnings tells of URLs that clients would not come back with.
func publicURLWarnings(mc *masterconf.Config, set *settings.Settings) []string {
	switch prefix := rootPrefix(mc); {
	case set.PublicURL == "" && len(set.TrustedProxies) > 0:
		return []string{"public_url is not set: behind a proxy, URLs in answers of OAuth begin with the host that it passes on"}
	case set.PublicURL != "" && prefix != "" && !strings.HasSuffix(set.PublicURL, prefix):
		return []string{"public_url does not end with root_prefix: URLs in answers of OAuth begin with it as it is"}
	}
	return nil
}

// rootPrefix is rest_cherrypy's root_prefix without a slash at its end.
func rootPrefix(mc *masterconf.Config) string {
	if mc.RestCherryPy == nil {
		return ""
	}
	return strings.TrimRight(mc.RestCherryPy.RootPrefix, "/")
}

// processUser is the name under which publish requests are sent, as Salt's
// own clients send theirs.
func processUser(mc *masterconf.Config) string {
	me, err := user.Current()
	if err != nil {
		return mc.User
	}
	return me.Username
}

// bodyLimit is rest_cherrypy's max_request_body_size where the file has it:
// 0 stands for not set.
func bodyLimit(mc *masterconf.Config) int64 {
	if mc.RestCherryPy == nil || !mc.RestCherryPy.MaxRequestBodySizeSet {
		return 0
	}
	return mc.RestCherryPy.MaxRequestBodySize
}
