package server

import (
	"errors"
	"net/http"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/web"
)

// shared is what the APIs for tokens have in common.
type shared struct {
	resolver *caller.Resolver
	sessions Sessions
	tokens   Tokens
	urls     web.URLs
	acl      *caller.ACL
	auditLog *auditReader
	mux      *web.Mux
}

type (
	exchange = web.Exchange
	handler  = web.Handler
)

func writeBody(x *exchange, mediaType string, status int, body []byte) {
	x.WriteBody(mediaType, status, body)
}

func compact(v any) []byte { return web.JSON(v) }

func jsonText(text string) string { return web.JSONText(text) }

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

// notLoggedIn is for who shows no credential, or none that is good.
func notLoggedIn(err error) error {
	return &web.Error{Status: http.StatusUnauthorized, Code: web.CodeInvalidToken, Err: err,
		Text: "there is no credential, or it is not valid"}
}

// callerOf demands a good credential in a header. Cookies do not count: what
// has no use for browsers need not be guarded against their other pages.
func (d *doors) callerOf(x *exchange, r *http.Request) (*doorCaller, error) {
	text, err := caller.HeaderCredential(r)
	if err != nil {
		return nil, err
	}
	if text == "" {
		return nil, notLoggedIn(nil)
	}
	return d.whoIs(x, r, caller.Credential{Text: text})
}

// whoIs finds out whom a credential stands for.
func (d *doors) whoIs(x *exchange, r *http.Request, c caller.Credential) (*doorCaller, error) {
	who, ok, err := d.resolver.Lookup(x, r, c)
	if errors.Is(err, issuer.ErrIdle) {
		return nil, &web.Error{Status: http.StatusUnauthorized, Code: web.CodeInvalidToken, Text: web.TextIdle, Err: err}
	}
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, notLoggedIn(nil)
	}
	return &doorCaller{Caller: who.Issuer(), credential: c.Text, session: who.Session}, nil
}
