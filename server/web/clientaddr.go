package web

import (
	"net/http"
	"net/netip"
	"slices"

	"github.com/go-chi/chi/v5/middleware"

	"github.com/saltern-api/saltern/internal/fair"
)

// ClientAddr finds out where a request comes from: the peer, or behind one of
// the trusted proxies the address that it gives in X-Forwarded-For.
func ClientAddr(proxies []netip.Prefix, next http.Handler) http.Handler {
	noted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := ExchangeOf(r.Context())
		x.Remote = middleware.GetClientIPAddr(r.Context())
		if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && !x.Remote.IsValid() {
			x.Remote = peer.Addr().Unmap()
		}
		x.From = fair.Prefix(x.Remote)
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

// IsIn reports whether one of the prefixes has an address.
func IsIn(prefixes []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(addr.Unmap()) })
}

// URLs knows how clients see the gateway.
type URLs struct {
	Public  string         // what URLs in answers begin with, with the prefix; "" stands for the host that a request names
	Root    string         // what comes before every path, "" for nothing; see RootPrefix
	Proxies []netip.Prefix // those that are trusted
}

// Base returns what this gateway's URLs begin with, as the client sees them.
// Without a public URL that is the host which the client itself has named: no
// cache keeps these answers for others.
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

// IsSecure reports whether the client speaks TLS, to us or to a trusted proxy.
func (u URLs) IsSecure(r *http.Request) bool {
	return r.TLS != nil || u.trustedPeer(r) && r.Header.Get("X-Forwarded-Proto") == "https"
}

// trustedPeer reports whether the request comes from a trusted proxy.
func (u URLs) trustedPeer(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && IsIn(u.Proxies, peer.Addr())
}
