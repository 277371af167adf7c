package netapi

import (
	"bytes"
	"fmt"
	"net/http"
	"time"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/web"
)

// TextLoginFailed is salt-api's text for a refused login.
const TextLoginFailed = "Could not authenticate using provided credentials"

// pleaseLogIn answers GET /login. The status is null, as in salt-api.
func (s *CherryPy) pleaseLogIn(x *web.Exchange, _ *http.Request) error {
	x.Header().Set("Www-Authenticate", "Session")
	x.WriteJSON(http.StatusOK, []byte(`{"status": 200, "return": "Please log in"}`))
	return nil
}

// login answers POST /login. The body is an object, or a list with one.
func (s *CherryPy) login(x *web.Exchange, r *http.Request) error {
	c, err := s.readChunk(x, r)
	if err != nil {
		return err
	}
	creds := loginCredentials(c, x)
	audit.Of(x).Note(audit.LoginEntry(creds))
	if !s.ACL.Allows(creds.Username, x.Remote) {
		return caller.ErrNoPermission()
	}
	sess, ok, err := s.Sessions.Login(r.Context(), creds)
	if err != nil {
		return err
	}
	if !ok {
		return &web.Error{Status: http.StatusUnauthorized, Text: TextLoginFailed}
	}
	audit.Of(x).SetUser(sess.User, sess.Eauth)
	x.Header().Set("X-Auth-Token", sess.ID)
	x.Header().Set("Cache-Control", "no-store")
	caller.SetCookie(x, sess.ID, sess.Expire, s.URLs.IsSecure(r))
	x.WriteJSON(http.StatusOK, s.loginAnswer(sess))
	return nil
}

// loginAnswer returns the response to a login, with its keys in salt-api's
// order.
func (s *CherryPy) loginAnswer(sess *session.Session) []byte {
	var b bytes.Buffer
	b.WriteString(`{"return": [{"token": ` + web.JSONText(sess.ID))
	b.WriteString(`, "expire": ` + web.UnixSeconds(sess.Expire) + `, "start": ` + web.UnixSeconds(sess.Start))
	b.WriteString(`, "user": ` + web.JSONText(sess.User) + `, "eauth": ` + web.JSONText(sess.Eauth))
	b.WriteString(`, "perms": `)
	b.Write(s.Perms(sess))
	b.WriteString(`}]}`)
	return b.Bytes()
}

// loginCredentials takes the keys of a login from a chunk. All others are
// ignored: Salt once let clients choose the PAM service that way
// (CVE-2016-3176). Values that are not text count as absent.
func loginCredentials(c lowstate.Chunk, x *web.Exchange) eauth.Credentials {
	creds := eauth.Credentials{RemoteAddr: x.Remote}
	creds.Username, _ = c.Text("username")
	creds.Password, _ = c.Text("password")
	creds.Eauth, _ = c.Text("eauth")
	// It is used only where token_expire_user_override allows it: elsewhere
	// salt-api ignores any value.
	if seconds, ok := c.Number("token_expire"); ok {
		seconds = max(1, min(seconds, maxTokenLife.Seconds()))
		creds.TokenExpire = time.Duration(seconds * float64(time.Second))
	}
	return creds
}

// maxTokenLife is the longest token_expire of a login: a hundred years.
const maxTokenLife = 100 * 365 * 24 * time.Hour

// The responses to a logout: of a session or an access token, in salt-api's
// words, and of an API token.
const (
	textLoggedOut = "Your token has been cleared"
	textStaysGood = "An API token stays good until its owner revokes it"

	// textLeft is said beside the first one, which clients may know.
	textLeft = "The token could not be removed from the master's store: it is refused here, and the master takes it until %s"
)

// logout answers POST /logout: the session and its Salt token end.
func (s *CherryPy) logout(x *web.Exchange, r *http.Request) error {
	sender, _, release, err := s.authorize(x, r)
	if err != nil {
		return err
	}
	defer release()
	audit.Of(x).Note(audit.Entry{Event: audit.Logout})
	text := textLoggedOut
	var left time.Time
	switch {
	case sender.Principal == nil:
		left, err = s.Sessions.Logout(r.Context(), sender.Credential.Text)
	case sender.Principal.Kind == apitoken.KindAccess:
		err = s.Tokens.RevokeSecret(r.Context(), sender.Credential.Text, sender.From)
	default:
		// An API token is more than a session: to end it, its owner revokes it.
		text = textStaysGood
	}
	if err != nil {
		return err
	}
	caller.SetCookie(x, "", time.Unix(0, 0), s.URLs.IsSecure(r))
	note := ""
	if !left.IsZero() {
		note = `, "note": ` + web.JSONText(fmt.Sprintf(textLeft, left.UTC().Format(time.RFC3339)))
	}
	x.WriteJSON(http.StatusOK, []byte(`{"return": `+web.JSONText(text)+note+`}`))
	return nil
}
