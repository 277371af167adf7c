package netapi

import (
	"net/http"
	"strings"

	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/web"
)

// token answers POST /token: a Salt token for each set of credentials, in a
// bare list. salt-api runs a runner for it, whose events show the password and
// the token to every reader of the bus; the gateway fires no such event.
func (s *CherryPy) token(x *web.Exchange, r *http.Request) error {
	chunks, err := s.readChunks(x, r)
	if err != nil {
		return err
	}
	for _, c := range chunks {
		if !hasKeys(c, "username", "password", "eauth") {
			return &web.Error{Status: http.StatusBadRequest,
				Text: `Require "username", "password", and "eauth" params`}
		}
	}
	made := make([]string, 0, len(chunks))
	for _, c := range chunks {
		creds := loginCredentials(c, x)
		login := audit.Of(x).Note(audit.LoginEntry(creds))
		sess, ok, err := s.Sessions.Token(r.Context(), creds)
		if err != nil {
			return err
		}
		if !ok {
			return &web.Error{Status: http.StatusUnauthorized, Text: TextLoginFailed}
		}
		login.User, login.Eauth, login.ClaimedUser, login.Outcome = sess.User, sess.Eauth, "", audit.OK
		made = append(made, tokenText(sess))
	}
	x.Header().Set("Cache-Control", "no-store")
	x.WriteJSON(http.StatusOK, []byte("["+strings.Join(made, ", ")+"]"))
	return nil
}

func tokenText(sess *session.Session) string {
	return `{"start": ` + web.UnixSeconds(sess.Start) + `, "expire": ` + web.UnixSeconds(sess.Expire) +
		`, "name": ` + web.JSONText(sess.User) + `, "eauth": ` + web.JSONText(sess.Eauth) +
		`, "token": ` + web.JSONText(sess.Token) + `}`
}

func hasKeys(c lowstate.Chunk, keys ...string) bool {
	for _, key := range keys {
		if _, ok := c.Get(key); !ok {
			return false
		}
	}
	return true
}
