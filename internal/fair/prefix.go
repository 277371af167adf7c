package fair

import (
	"context"
	"net/netip"
)

// Prefix returns the network that an address counts for: an IPv4 address is
// alone in its own (/32), an IPv6 address stands for its /64, since a host
// commonly has all of that for itself. IPv4 addresses written as IPv6 are IPv4,
// and zones do not matter. An address that is not valid has the zero prefix.
func Prefix(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	p, _ := addr.Prefix(bits) // fails for the zero address alone
	return p
}

type prefixKey struct{}

// WithPrefix returns a context of a request that comes from p.
func WithPrefix(ctx context.Context, p netip.Prefix) context.Context {
	return context.WithValue(ctx, prefixKey{}, p)
}

// PrefixOf returns the prefix that a context was given, or the zero prefix.
func PrefixOf(ctx context.Context) netip.Prefix {
	p, _ := ctx.Value(prefixKey{}).(netip.Prefix)
	return p
}
