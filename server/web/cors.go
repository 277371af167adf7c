package web

import (
	"net/http"
	"slices"
	"strings"
)

// CORS allows pages of other origins to use the API, by the setting
// cors_origin. Without an origin it adds nothing, and a preflight is an
// ordinary request.
//
// salt-api allows every origin with the user's cookie. Here only an origin that
// is listed by name is allowed that; "*" allows any page that sends a token.
type CORS struct {
	listed []string // trusted with the user's cookie
	plain  []string // not trusted with it
	any    bool
}

// The answer to a preflight.
const (
	corsMethods = "GET, POST, OPTIONS"
	corsHeaders = "Content-Type, X-Auth-Token, X-Requested-With, Authorization, Last-Event-ID"
	corsMaxAge  = "1400" // seconds; salt-api's
)

// NewCORS returns the rules for origins. It takes "*" and origins as browsers send them: scheme://host[:port].
// The plain ones are not trusted with the cookie, and are compared literally.
func NewCORS(origins, plain []string) *CORS {
	c := &CORS{plain: plain, any: slices.Contains(plain, "*")}
	for _, o := range origins {
		if o = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(o), "/")); o == "*" {
			c.any = true
		} else if o != "" {
			c.listed = append(c.listed, o)
		}
	}
	return c
}

// Origins returns the origins that are listed by name.
func (c *CORS) Origins() []string { return c.listed }

// Allows reports whether pages of the origin may use the API.
func (c *CORS) Allows(origin string) bool {
	return origin != "" && (c.any || c.Trusts(origin) || origin != "null" && slices.Contains(c.plain, origin))
}

// Trusts reports whether pages of the origin may use the API with the user's
// cookie. "null" is the origin of any sandboxed page, so it is never trusted.
func (c *CORS) Trusts(origin string) bool {
	return origin != "null" && slices.Contains(c.listed, origin)
}

// Wrap adds the headers to the responses of next, errors included, and answers
// preflights itself.
func (c *CORS) Wrap(next http.Handler) http.Handler {
	if !c.any && len(c.listed) == 0 && len(c.plain) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if len(c.listed) > 0 || len(c.plain) > 0 {
			h.Add("Vary", "Origin")
		}
		origin := r.Header.Get("Origin")
		if !c.Allows(origin) {
			next.ServeHTTP(w, r)
			return
		}
		switch {
		case c.Trusts(origin):
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
