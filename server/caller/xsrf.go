package caller

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"regexp"
	"time"

	"github.com/saltern-api/saltern/server/web"
)

const (
	xsrfCookie = "_xsrf"

	// xsrfHeader is in capitals over HTTP/1.1. Scripts use programs that match
	// header names case-sensitively.
	xsrfHeader = "X-XSRFTOKEN"
)

// xsrfToken matches a cookie that is kept as it is: ours, or that of a Tornado
// server that ran here before.
var xsrfToken = regexp.MustCompile(`^[0-9A-Za-z|_-]{16,128}$`)

// IssueXSRF issues a token against cross-site requests, in a header and a cookie,
// which is sent over TLS only if secure is true. A client that has one keeps it,
// so that several of its pages agree.
func IssueXSRF(x *web.Exchange, r *http.Request, secure bool) {
	token := rand.Text()
	if c, err := r.Cookie(xsrfCookie); err == nil && xsrfToken.MatchString(c.Value) {
		token = c.Value
	}
	x.Header()[xsrfHeader] = []string{token}
	http.SetCookie(x, &http.Cookie{ //nolint:gosec // a script has to read it; Secure over plain HTTP would keep it from being sent
		Name: xsrfCookie, Value: token, Path: "/", SameSite: http.SameSiteStrictMode, Secure: secure,
	})
}

// CheckXSRF requires the XSRF token when the credential is ambient (cookie or
// Basic): the page of another site can make a browser send those, but cannot read
// the cookie. A token that is sent without need has to be valid.
func CheckXSRF(r *http.Request, ambient bool) error {
	given := Only(r.Header[http.CanonicalHeaderKey(xsrfHeader)])
	if given == "" && !ambient {
		return nil
	}
	for _, c := range r.CookiesNamed(xsrfCookie) { // there may be two
		if given != "" && subtle.ConstantTimeCompare([]byte(c.Value), []byte(given)) == 1 {
			return nil
		}
	}
	if !ambient && len(r.CookiesNamed(xsrfCookie)) == 0 {
		return nil // nothing to compare with
	}
	return &web.Error{Status: http.StatusForbidden, Text: "the X-XSRFTOKEN header and the _xsrf cookie do not agree"}
}

// SetCookie sets the session's cookie in a browser; an empty id removes it. No
// script can read it, and no other site's page can make the browser send it.
func SetCookie(x *web.Exchange, id string, expire time.Time, secure bool) {
	c := &http.Cookie{ //nolint:gosec // Secure over plain HTTP would keep browsers from sending it at all
		Name: SessionCookie, Value: id, Path: "/", Expires: expire, MaxAge: -1,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: secure,
	}
	if left := time.Until(expire); left > time.Second {
		c.MaxAge = int(left.Seconds())
	}
	http.SetCookie(x, c)
}
