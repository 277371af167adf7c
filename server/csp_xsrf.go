package server

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"regexp"

	"github.com/saltern-api/saltern/server/web"
)

const (
	xsrfCookie = "_xsrf"

	// xsrfHeader is written in capitals over HTTP/1.1. Scripts look for it by
	// programs that care for case.
	xsrfHeader = "X-XSRFTOKEN"
)

// xsrfToken is what a cookie that goes on as it is looks like: ours, or of a
// Tornado server that was here before.
var xsrfToken = regexp.MustCompile(`^[0-9A-Za-z|_-]{16,128}$`)

// setXSRF hands out a token against cross-site requests, in a header and a
// cookie. A client that has one keeps it, so that several of its pages agree.
func (s *mainSurface) setXSRF(x *exchange, r *http.Request) {
	token := rand.Text()
	if c, err := r.Cookie(xsrfCookie); err == nil && xsrfToken.MatchString(c.Value) {
		token = c.Value
	}
	x.Header()[xsrfHeader] = []string{token}
	http.SetCookie(x, &http.Cookie{ //nolint:gosec // a script has to read it; Secure over plain HTTP would keep it from being sent
		Name: xsrfCookie, Value: token, Path: "/", SameSite: http.SameSiteStrictMode, Secure: s.isSecure(r),
	})
}

// checkXSRF demands the token of setXSRF from who is known by what a browser
// sends by itself, a cookie or Basic credentials: the page of another site can
// make it do that, but cannot read the cookie. A client that sends a token
// without need has to send the right one.
func checkXSRF(r *http.Request, ambient bool) error {
	given := only(r.Header[http.CanonicalHeaderKey(xsrfHeader)])
	if given == "" && !ambient {
		return nil
	}
	for _, c := range r.CookiesNamed(xsrfCookie) { // there may be two
		if given != "" && subtle.ConstantTimeCompare([]byte(c.Value), []byte(given)) == 1 {
			return nil
		}
	}
	if !ambient && len(r.CookiesNamed(xsrfCookie)) == 0 {
		return nil // there is nothing to compare with
	}
	return &web.Error{Status: http.StatusForbidden, Text: "the X-XSRFTOKEN header and the _xsrf cookie do not agree"}
}
