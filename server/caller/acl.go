package caller

import (
	"net/netip"
	"slices"
)

// ACL is rest_cherrypy's api_acl: the addresses each user may log in from. The
// addresses are those of the user's name, or else of "*"; "*" among them is
// any.
type ACL struct{ Users map[string][]string }

// Allows reports whether user may log in from addr. A nil ACL allows all.
func (a *ACL) Allows(user string, addr netip.Addr) bool {
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

// ParsePrefix parses an address or a network.
func ParsePrefix(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	return netip.ParsePrefix(s)
}
