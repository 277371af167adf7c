package web

import (
	"cmp"
	"net/http"
	"net/netip"
	"slices"

	"github.com/go-chi/chi/v5/middleware"

	"github.com/saltern-api/saltern/internal/fair"
)

// ClientAddr determines the address of a request: the peer's, or behind one of
// the trusted proxies the one that it gives in X-Forwarded-For.
func ClientAddr(proxies []netip.Prefix, next http.Handler) http.Handler {
	noted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := ExchangeOf(r.Context())
		x.Remote = middleware.GetClientIPAddr(r.Context())
		if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && !x.Remote.IsValid() {
			x.Remote = peer.Addr().Unmap()
		}
		x.From = fair.Prefix(x.Remote)
		x.Spool.For(x.From)
		next.ServeHTTP(w, r.WithContext(fair.WithPrefix(r.Context(), x.From)))
	})
	if len(proxies) == 0 {
		return noted
	}
	prefixes := make([]string, len(proxies))
	for i, p := range proxies {
		prefixes[i] = p.String()
	}
	return middleware.ClientIPFromXFF(prefixes...)(noted)
}

// IsIn reports whether one of the prefixes contains an address.
func IsIn(prefixes []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(addr.Unmap()) })
}

// URLs describes the gateway's URLs as clients see them.
type URLs struct {
	Public  string         // the beginning of URLs in responses, with the prefix; "" stands for the host that a request names
	Root    string         // the prefix of every path, "" for none; see RootPrefix
	Proxies []netip.Prefix // the trusted ones
}

// Base returns the beginning of this gateway's URLs, as the client sees them.
// Without a public URL that is the host that the client has sent: no cache
// keeps these responses for others.
func (u URLs) Base(r *http.Request) string {
	if u.Public != "" {
		return u.Public
	}
	scheme := "http"
	if u.IsSecure(r) {
		scheme = "https"
	}
	return scheme + "://" + r.Host + u.Root
}

// Path returns what the paths of this gateway's URLs begin with, as the client sees
// them, or the beginning of its URLs if that is set.
func (u URLs) Path() string { return cmp.Or(u.Public, u.Root) }

// IsSecure reports whether the client uses TLS, to us or to a trusted proxy.
func (u URLs) IsSecure(r *http.Request) bool {
	return r.TLS != nil || u.trustedPeer(r) && r.Header.Get("X-Forwarded-Proto") == "https"
}

// trustedPeer reports whether the request comes from a trusted proxy.
func (u URLs) trustedPeer(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && IsIn(u.Proxies, peer.Addr())
}
