package server

import (
	"net/netip"
	"slices"
)

// MainOptions is what the main surface is told by `rest_cherrypy:` and
// saltern.yaml. The zero value is a surface with sessions and nothing else.
type MainOptions struct {
	RootPrefix string // root_prefix; "" and "/" are the same

	// NoSessions takes /login, /logout, /minions and /jobs away, as
	// enable_sessions: False does.
	NoSessions bool

	WebhookURL         string // webhook_url; "" stands for /hook
	WebhookDisableAuth bool   // webhook_disable_auth

	StatsDisableAuth bool // stats_disable_auth

	Static StaticFiles

	APIACL        *APIACL        // api_acl; nil when there is none
	AuthorizedIPs []netip.Prefix // authorized_ips; none lets everybody connect

	// PublicURL is what URLs in answers begin with (public_url), with the
	// prefix; "" stands for the host that a request names.
	PublicURL string

	// CORSOrigins are the origins whose pages may use the API (cors_origin).
	CORSOrigins []string

	plainOrigins []string // of rest_tornado: pages that may use the API without cookies
}

// TornadoOptions is what `rest_tornado:` says of its listener.
type TornadoOptions struct {
	WebhookDisableAuth bool // webhook_disable_auth

	// EnabledClients is netapi_enable_clients, to which rest_tornado pays no
	// heed: nil where it is not set stands for all the clients that
	// rest_tornado has.
	EnabledClients []string

	CORSOrigins []string // cors_origin: pages that may use the API with a token of their own, not with a cookie; "*" is all
}

// clients returns the clients of the listener: those that rest_tornado has, as
// whatever else may be enabled was not to be had at its address.
func (o TornadoOptions) clients() []string {
	clients := []string{"local", "local_async", "runner", "runner_async"}
	if o.EnabledClients == nil {
		return clients
	}
	return slices.DeleteFunc(clients, func(c string) bool { return !slices.Contains(o.EnabledClients, c) })
}

// optionsFor returns the options of a surface. The paths and files of
// rest_cherrypy are not on rest_tornado's listener; whom it keeps out is kept
// out there too.
func (c *Config) optionsFor(s Surface) MainOptions {
	if s != Tornado {
		return c.Main
	}
	return MainOptions{
		WebhookDisableAuth: c.Tornado.WebhookDisableAuth,
		APIACL:             c.Main.APIACL,
		AuthorizedIPs:      c.Main.AuthorizedIPs,
		PublicURL:          c.Main.PublicURL,
		CORSOrigins:        c.Main.CORSOrigins,
		plainOrigins:       c.Tornado.CORSOrigins,
	}
}

// APIACL is rest_cherrypy's api_acl: who may log in from where. A user's name,
// or else "*", gives the addresses; "*" among those is any.
type APIACL struct{ Users map[string][]string }

// allows reports whether user may log in from addr.
func (a *APIACL) allows(user string, addr netip.Addr) bool {
	if a == nil {
		return true
	}
	from, named := a.Users[user]
	if !named {
		from = a.Users["*"]
	}
	return slices.ContainsFunc(from, func(allowed string) bool {
		if allowed == "*" {
			return true
		}
		prefix, err := ParsePrefix(allowed)
		return err == nil && prefix.Contains(addr.Unmap())
	})
}

// ParsePrefix reads an address or a network.
func ParsePrefix(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	return netip.ParsePrefix(s)
}
