package gateway

import (
	"errors"
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
	DefaultMasterDir = "/etc/salt"
	DefaultSettings  = "/etc/saltern/saltern.yaml"
)

// Files names the two places of the configuration.
type Files struct {
	MasterDir string // folder of the master's file
	Settings  string // Saltern's own file; "" stands for [DefaultSettings], if it is there
}

// Config is the whole configuration, read and checked.
type Config struct {
	master    *masterconf.Config
	set       *settings.Settings
	listeners []server.ListenerSpec
	surface   server.MainOptions
	tokens    tokenFiles
	reminders []reminder.Sender
	warnings  []string
}

// Load reads both files and plans the listeners. Its error joins every
// problem that there is; [Problems] takes it apart. The Config has warnings
// even then, and is good for nothing else.
func Load(files Files) (*Config, error) {
	var c Config
	given := files.Settings != ""
	if !given {
		files.Settings = DefaultSettings
	}
	mc, warnings, masterErr := masterconf.Load(files.MasterDir)
	for _, warning := range warnings {
		c.warnings = append(c.warnings, warning.String())
	}
	set, setErr := settings.Load(files.Settings)
	if errors.Is(setErr, fs.ErrNotExist) && !given {
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
