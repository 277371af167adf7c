package server

import (
	"bytes"
	"net/http"
	"strconv"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/web"
)

const textLoginFailed = "Could not authenticate using provided credentials"

// pleaseLogIn answers GET /login. salt-api says null for the status.
func (s *mainSurface) pleaseLogIn(x *exchange, _ *http.Request) error {
	x.Header().Set("Www-Authenticate", "Session")
	writeJSON(x, http.StatusOK, []byte(`{"status": 200, "return": "Please log in"}`))
	return nil
}

// login answers POST /login: an object, or a list with one.
func (s *mainSurface) login(x *exchange, r *http.Request) error {
	c, err := s.readChunk(x, r)
	if err != nil {
		return err
	}
	creds := loginCredentials(c, x)
	x.recorder.Note(loginEntry(creds))
	if !s.opts.APIACL.allows(creds.Username, x.remote) {
		return errNoPermission()
	}
	sess, ok, err := s.sessions.Login(r.Context(), creds)
	if err != nil {
		return err
	}
	if !ok {
		return &web.Error{Status: http.StatusUnauthorized, Text: textLoginFailed}
	}
	x.recorder.SetUser(sess.User, sess.Eauth)
	x.Header().Set("X-Auth-Token", sess.ID)
	x.Header().Set("Cache-Control", "no-store")
	http.SetCookie(x, s.cookie(r, sess.ID, sess.Expire))
	writeJSON(x, http.StatusOK, s.loginAnswer(sess))
	return nil
}

// loginAnswer has its keys in salt-api's order.
func (s *mainSurface) loginAnswer(sess *session.Session) []byte {
	var b bytes.Buffer
	b.WriteString(`{"return": [{"token": ` + jsonText(sess.ID))
	b.WriteString(`, "expire": ` + unixSeconds(sess.Expire) + `, "start": ` + unixSeconds(sess.Start))
	b.WriteString(`, "user": ` + jsonText(sess.User) + `, "eauth": ` + jsonText(sess.Eauth))
	b.WriteString(`, "perms": `)
	b.Write(s.perms(sess))
	b.WriteString(`}]}`)
	return b.Bytes()
}

// loginCredentials takes from a chunk what a login may have. Every other key
// stays behind: Salt once let clients choose the PAM service that way
// (CVE-2016-3176). What is not text is as good as absent.
func loginCredentials(c lowstate.Chunk, x *exchange) eauth.Credentials {
	creds := eauth.Credentials{RemoteAddr: x.remote}
	creds.Username, _ = c.Text("username")
	creds.Password, _ = c.Text("password")
	creds.Eauth, _ = c.Text("eauth")
	// Only where token_expire_user_override allows it is it looked at: salt-api
	// passes over any value elsewhere.
	if seconds, ok := c.Number("token_expire"); ok {
		seconds = max(1, min(seconds, maxTokenLife.Seconds()))
		creds.TokenExpire = time.Duration(seconds * float64(time.Second))
	}
	return creds
}

// loginEntry is a login for the audit log. Until it has succeeded, the name is
// only what somebody says.
func loginEntry(c eauth.Credentials) audit.Entry {
	return audit.Entry{Event: audit.Login, ClaimedUser: c.Username, Eauth: c.Eauth}
}

// maxTokenLife is the longest that a login may ask for: a hundred years.
const maxTokenLife = 100 * 365 * 24 * time.Hour

// unixSeconds writes a time as Python's time.time() has it.
func unixSeconds(t time.Time) string {
	return strconv.FormatFloat(float64(t.UnixMicro())/1e6, 'f', -1, 64)
}

// What a logout says: of a session or an access token, in salt-api's words, and
// of an API token.
const (
	textLoggedOut = "Your token has been cleared"
	textStaysGood = "An API token stays good until its owner revokes it"
)

// logout answers POST /logout: the session and its Salt token end.
func (s *mainSurface) logout(x *exchange, r *http.Request) error {
	_, c, err := s.resolve(x, r, credentialsOf(r))
	if err != nil {
		return err
	}
	x.recorder.Note(audit.Entry{Event: audit.Logout})
	text := textLoggedOut
	if x.acting != nil {
		ended, err := s.bearers.logout(r.Context(), x.acting.Principal, c.text, bearerClient(x, r))
		if err != nil {
			return err
		}
		if !ended {
			text = textStaysGood
		}
	} else if err := s.sessions.Logout(r.Context(), c.text); err != nil {
		return err
	}
	http.SetCookie(x, s.cookie(r, "", time.Unix(0, 0)))
	writeJSON(x, http.StatusOK, []byte(`{"return": `+jsonText(text)+`}`))
	return nil
}

// cookie is the session's cookie; an empty id takes it away. No script can
// read it and no other site's page can have it sent.
func (s *mainSurface) cookie(r *http.Request, id string, expire time.Time) *http.Cookie {
	c := &http.Cookie{ //nolint:gosec // Secure over plain HTTP would keep browsers from sending it at all
		Name: sessionCookie, Value: id, Path: "/", Expires: expire, MaxAge: -1,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: s.isSecure(r),
	}
	if left := time.Until(expire); left > time.Second {
		c.MaxAge = int(left.Seconds())
	}
	return c
}

// isSecure reports whether the client speaks TLS, to us or to a trusted proxy.
func (s *mainSurface) isSecure(r *http.Request) bool {
	return r.TLS != nil || s.trustedPeer(r) && r.Header.Get("X-Forwarded-Proto") == "https"
}
