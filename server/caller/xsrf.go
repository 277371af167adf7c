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

	// xsrfHeader is written in capitals over HTTP/1.1. Scripts look for it by
	// programs that care for case.
	xsrfHeader = "X-XSRFTOKEN"
)

// xsrfToken matches a cookie that goes on as it is: ours, or that of a Tornado
// server that was here before.
var xsrfToken = regexp.MustCompile(`^[0-9A-Za-z|_-]{16,128}$`)

// IssueXSRF hands out a token against cross-site requests, in a header and a
// cookie, which is sent over TLS only where secure says so. A client that has one
// keeps it, so that several of its pages agree.
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
// Basic): the page of another site can make a browser send that, but cannot read
// the cookie. A client that sends a token without need has to send the right one.
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
		return nil // there is nothing to compare with
	}
	return &web.Error{Status: http.StatusForbidden, Text: "the X-XSRFTOKEN header and the _xsrf cookie do not agree"}
}

// SetCookie gives a browser the session's cookie; an empty id takes it away. No
// script can read it and no other site's page can have it sent.
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
