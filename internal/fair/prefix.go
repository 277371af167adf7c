package fair

import (
	"context"
	"net/netip"
)

// Prefix returns the network that an address belongs to: for an IPv4 address
// its /32, for an IPv6 address its /64, since a host commonly has all of that
// for itself. IPv4 addresses written as IPv6 are IPv4, and zones are ignored.
// An invalid address has the zero prefix.
func Prefix(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	p, _ := addr.Prefix(bits) // fails only for the zero address
	return p
}

type prefixKey struct{}

// WithPrefix returns a context of a request from p.
func WithPrefix(ctx context.Context, p netip.Prefix) context.Context {
	return context.WithValue(ctx, prefixKey{}, p)
}

// PrefixOf returns the prefix in a context, or the zero prefix.
func PrefixOf(ctx context.Context) netip.Prefix {
	p, _ := ctx.Value(prefixKey{}).(netip.Prefix)
	return p
}
