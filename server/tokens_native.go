package server

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/server/web"
)

// maxNativeBody is more than any body of /v1 has, but for a role with a long
// list of rules.
const maxNativeBody = 64 << 10

// native is the API for tokens, roles and service accounts. It is the same on
// the main surface, for users, and on the operator's socket.
type native struct {
	tokens Tokens
}

// nativeCall is a request to it.
type nativeCall struct {
	context.Context
	*http.Request
	caller issuer.Caller
	body   jsonobject.Object
}

// nativeAnswer is what it is answered with: a value to be written as JSON, or
// nil for none.
type nativeAnswer struct {
	status int
	value  any
}

type nativeHandler func(c *nativeCall) (nativeAnswer, error)

// routes adds the endpoints. wrap makes a handler one of net/http's; it reads
// a body only where it is told that there is one.
func (n *native) routes(r chi.Router, wrap func(h nativeHandler, body bool) http.HandlerFunc) {
	get := func(pattern string, h nativeHandler) {
		r.Get(pattern, wrap(h, false))
		r.Head(pattern, wrap(h, false))
	}
	get("/v1/tokens", n.listTokens)
	r.Post("/v1/tokens", wrap(n.createToken, true))
	get("/v1/tokens/{id}", n.token)
	r.Delete("/v1/tokens/{id}", wrap(n.revokeToken, false))
	r.Post("/v1/tokens/{id}/regenerate", wrap(n.regenerateToken, false))

	get("/v1/roles", n.listRoles)
	r.Post("/v1/roles", wrap(n.createRole, true))
	get("/v1/roles/{name}", n.role)
	r.Put("/v1/roles/{name}", wrap(n.putRole, true))
	r.Delete("/v1/roles/{name}", wrap(n.deleteRole, false))

	get("/v1/service-accounts", n.listAccounts)
	r.Post("/v1/service-accounts", wrap(n.createAccount, true))
	get("/v1/service-accounts/{id}", n.account)
	r.Put("/v1/service-accounts/{id}", wrap(n.updateAccount, true))
	r.Post("/v1/service-accounts/{id}/revoke", wrap(n.revokeAccount, false))
	r.Delete("/v1/service-accounts/{id}", wrap(n.deleteAccount, false))
}

// nativeRoutes adds the API to the main surface.
func (s *mainSurface) nativeRoutes(r chi.Router, b *bearers, tokens Tokens) {
	r.Get("/v1/audit", s.handle(acceptable(s.readAudit)))
	r.Head("/v1/audit", s.handle(acceptable(s.readAudit)))
	(&native{tokens}).routes(r, func(h nativeHandler, body bool) http.HandlerFunc {
		return s.handle(acceptable(func(x *exchange, r *http.Request) error {
			return s.native(x, r, b, h, body)
		}))
	})
}

func (s *mainSurface) native(x *exchange, r *http.Request, b *bearers, h nativeHandler, body bool) error {
	caller, err := s.nativeCaller(x, r, b)
	if err != nil {
		return err
	}
	x.Header().Set("Cache-Control", "no-store")
	c := &nativeCall{Context: r.Context(), Request: r, caller: caller}
	if body {
		if c.body, err = s.nativeBody(x, r); err != nil {
			return err
		}
	}
	a, err := h(c)
	if err != nil {
		return err
	}
	if a.value == nil {
		x.WriteHeader(a.status)
		return nil
	}
	writeJSON(x, a.status, compact(a.value))
	return nil
}

// nativeCaller is who asks: a user who has logged in, or the holder of a token,
// who may see some things and change none.
func (s *mainSurface) nativeCaller(x *exchange, r *http.Request, b *bearers) (issuer.Caller, error) {
	creds := credentialsOf(r)
	from := bearerClient(x, r)
	if len(creds) > 0 && isToken(creds[0]) {
		p, err := b.principal(x, r, creds[0])
		if err != nil {
			return issuer.Caller{}, err
		}
		return p.Caller(from), nil
	}
	sess, _, err := s.resolve(x, r, creds)
	if err != nil {
		return issuer.Caller{}, err
	}
	return issuer.Caller{
		User: sess.User, Eauth: sess.Eauth, Groups: sess.Groups, From: from,
		LoggedIn: sess.ID != "", // a Salt token is not enough
	}, nil
}

func (s *mainSurface) nativeBody(x *exchange, r *http.Request) (jsonobject.Object, error) {
	if r.ContentLength != 0 && !isJSON(r.Header) {
		return nil, &web.Error{Status: http.StatusUnsupportedMediaType, Reason: "type", Close: true,
			Text: "The body has to be application/json"}
	}
	small := s.surface
	small.bodyLimit = min(s.bodyLimit, maxNativeBody)
	body, err := small.readBody(x, r)
	if err != nil {
		return nil, err
	}
	list, err := nativeObject(body)
	if err != nil {
		return nil, &web.Error{Status: http.StatusBadRequest, Reason: "malformed", Text: err.Error()}
	}
	return list, nil
}
