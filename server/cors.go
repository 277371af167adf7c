package server

import (
	"net/http"
	"slices"
	"strings"
)

// cors lets pages of other origins use the API, by the setting cors_origin.
// Without an origin it adds nothing, and a preflight is a request like others.
//
// salt-api lets every origin in with the user's cookie. Here an origin has
// that only if it is listed by name; "*" lets in whoever brings a token.
type cors struct {
	listed []string // trusted with the user's cookie
	plain  []string // not trusted with it
	any    bool
}

// What a preflight is told.
const (
	corsMethods = "GET, POST, OPTIONS"
	corsHeaders = "Content-Type, X-Auth-Token, X-Requested-With, Authorization, Last-Event-ID"
	corsMaxAge  = "1400" // seconds; salt-api's
)

// newCORS takes "*" and origins as browsers send them: scheme://host[:port].
// The plain ones have no cookie, and are compared as they are.
func newCORS(origins, plain []string) *cors {
	c := &cors{plain: plain, any: slices.Contains(plain, "*")}
	for _, o := range origins {
		if o = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(o), "/")); o == "*" {
			c.any = true
		} else if o != "" {
			c.listed = append(c.listed, o)
		}
	}
	return c
}

// allows reports whether pages of the origin may use the API.
func (c *cors) allows(origin string) bool {
	return origin != "" && (c.any || c.trusts(origin) || origin != "null" && slices.Contains(c.plain, origin))
}

// trusts reports whether pages of the origin may use the API with the user's
// cookie. "null" is the origin of any sandboxed page, so it is never trusted.
func (c *cors) trusts(origin string) bool {
	return origin != "null" && slices.Contains(c.listed, origin)
}

// wrap adds the headers to whatever next answers, refusals included, and
// answers preflights itself.
func (c *cors) wrap(next http.Handler) http.Handler {
	if !c.any && len(c.listed) == 0 && len(c.plain) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if len(c.listed) > 0 || len(c.plain) > 0 {
			h.Add("Vary", "Origin")
		}
		origin := r.Header.Get("Origin")
		if !c.allows(origin) {
			next.ServeHTTP(w, r)
			return
		}
		switch {
		case c.trusts(origin):
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Allow-Credentials", "true")
		case c.any:
			h.Set("Access-Control-Allow-Origin", "*")
		default:
			h.Set("Access-Control-Allow-Origin", origin)
		}
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			h.Set("Access-Control-Allow-Methods", corsMethods)
			h.Set("Access-Control-Allow-Headers", corsHeaders)
			h.Set("Access-Control-Max-Age", corsMaxAge)
			w.WriteHeader(http.StatusNoContent)
			return
		}
		h.Set("Access-Control-Expose-Headers", "X-Auth-Token")
		next.ServeHTTP(w, r)
	})
}
