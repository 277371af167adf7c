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

	CollectStats     bool // collect_stats
	StatsDisableAuth bool // stats_disable_auth

	Static StaticFiles

	APIACL        *APIACL        // api_acl; nil when there is none
	AuthorizedIPs []netip.Prefix // authorized_ips; none lets everybody connect

	// CORSOrigins are the origins whose pages may use the API (cors_origin).
	CORSOrigins []string
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
