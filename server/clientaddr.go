package server

import (
	"net/http"
	"net/netip"

	"github.com/go-chi/chi/v5/middleware"

	"github.com/saltern-api/saltern/internal/fair"
)

// clientAddr finds out who is asking: the peer, or behind a trusted proxy the
// address that it tells in X-Forwarded-For.
func (s *Server) clientAddr(next http.Handler) http.Handler {
	noted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r.Context())
		x.remote = middleware.GetClientIPAddr(r.Context())
		if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && !x.remote.IsValid() {
			x.remote = peer.Addr().Unmap()
		}
		x.from = fair.Prefix(x.remote)
		next.ServeHTTP(w, r.WithContext(fair.WithPrefix(r.Context(), x.from)))
	})
	proxies := s.cfg.Settings.TrustedProxies
	if len(proxies) == 0 {
		return noted
	}
	prefixes := make([]string, len(proxies))
	for i, p := range proxies {
		prefixes[i] = p.String()
	}
	return middleware.ClientIPFromXFF(prefixes...)(noted)
}
