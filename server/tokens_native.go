package server

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/netapi"
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
func (s *shared) nativeRoutes(m *web.Mux) {
	r := m.Router()
	wrap := func(h handler) http.HandlerFunc {
		return m.Handler(web.Acceptable(h), web.Errors(netapi.WriteError), web.BodyLimit(maxNativeBody)).ServeHTTP
	}
	r.Get("/v1/audit", wrap(s.readAudit))
	r.Head("/v1/audit", wrap(s.readAudit))
	(&native{s.tokens}).routes(r, func(h nativeHandler, body bool) http.HandlerFunc {
		return wrap(func(x *exchange, r *http.Request) error { return s.native(x, r, h, body) })
	})
}

func (s *shared) native(x *exchange, r *http.Request, h nativeHandler, body bool) error {
	who, err := s.resolver.Caller(x, r, caller.CredentialsOf(r))
	if err != nil {
		return err
	}
	x.Header().Set("Cache-Control", "no-store")
	c := &nativeCall{Context: r.Context(), Request: r, caller: who.Issuer()}
	if body {
		if c.body, err = nativeBody(x, r); err != nil {
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
	x.WriteJSON(a.status, compact(a.value))
	return nil
}

func nativeBody(x *exchange, r *http.Request) (jsonobject.Object, error) {
	if r.ContentLength != 0 && !web.IsJSON(r.Header) {
		return nil, &web.Error{Status: http.StatusUnsupportedMediaType, Reason: "type", Close: true,
			Text: "The body has to be application/json"}
	}
	body, err := x.ReadBody(r)
	if err != nil {
		return nil, err
	}
	list, err := nativeObject(body)
	if err != nil {
		return nil, &web.Error{Status: http.StatusBadRequest, Reason: "malformed", Text: err.Error()}
	}
	return list, nil
}
