package server

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/server/web"
)

// doorCaller is who asks at a door: either somebody who has logged in, or the
// bearer of a token of ours.
type doorCaller struct {
	issuer.Caller
	credential string
	session    *session.Session // nil for a token
}

func (c *doorCaller) user() string {
	if c.Principal != nil {
		return c.Principal.User
	}
	return c.User
}

func (c *doorCaller) eauth() string {
	if c.Principal != nil {
		return c.Principal.Eauth
	}
	return c.Eauth
}

// headerCredential is a credential that no browser sends by itself. VCD's
// clients send the same one in two headers, or twice in one.
func headerCredential(r *http.Request) (string, error) {
	all := slices.Concat(r.Header["X-Vmware-Vcloud-Access-Token"], r.Header["X-Auth-Token"])
	for _, value := range r.Header["Authorization"] {
		if scheme, token, _ := strings.Cut(value, " "); strings.EqualFold(scheme, "Bearer") {
			all = append(all, strings.TrimSpace(token))
		}
	}
	found := ""
	for _, text := range all {
		switch {
		case text == "" || text == found:
		case found != "":
			return "", invalidRequest("there are two credentials")
		default:
			found = text
		}
	}
	return found, nil
}

// notLoggedIn is for who shows no credential, or none that is good.
func notLoggedIn(err error) error {
	return &web.Error{Status: http.StatusUnauthorized, Code: web.CodeInvalidToken, Err: err,
		Text: "there is no credential, or it is not valid"}
}

// callerOf demands a good credential in a header. Cookies do not count: what
// has no use for browsers need not be guarded against their other pages.
func (d *doors) callerOf(x *exchange, r *http.Request) (*doorCaller, error) {
	text, err := headerCredential(r)
	if err != nil {
		return nil, err
	}
	if text == "" {
		return nil, notLoggedIn(nil)
	}
	return d.whoIs(x, r, credential{text: text})
}

// whoIs finds out whom a credential stands for.
func (d *doors) whoIs(x *exchange, r *http.Request, c credential) (*doorCaller, error) {
	x.recorder.SetShown()
	from := bearerClient(x, r)
	if !c.cookie && apitoken.LooksLike(c.text) {
		p, ok, err := d.tokens.Check(r.Context(), c.text, from)
		if errors.Is(err, issuer.ErrIdle) {
			return nil, &web.Error{Status: http.StatusUnauthorized, Code: web.CodeInvalidToken, Text: web.TextIdle, Err: err}
		}
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, notLoggedIn(nil)
		}
		x.recorder.SetPrincipal(p)
		x.Header().Set(expiresHeader, expiryText(p.Expires))
		return &doorCaller{Caller: p.Caller(from), credential: c.text}, nil
	}
	sess, ok, err := d.sessions.Resolve(r.Context(), c.text)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, notLoggedIn(nil)
	}
	x.recorder.SetUser(sess.User, sess.Eauth)
	return &doorCaller{credential: c.text, session: sess, Caller: issuer.Caller{
		User: sess.User, Eauth: sess.Eauth, Groups: sess.Groups, From: from,
		LoggedIn: sess.ID != "", // a Salt token is worth less
	}}, nil
}

// expiryText is when a credential expires, for [expiresHeader].
func expiryText(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}
