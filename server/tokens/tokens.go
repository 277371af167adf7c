package tokens

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/jsonobject"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/web"
)

// Tokens issues API tokens and manages them. *issuer.Service is one, and the
// errors are those of package issuer.
type Tokens interface {
	Create(ctx context.Context, c issuer.Caller, n issuer.NewToken) (apitoken.Secret, apitoken.Record, error)
	Get(ctx context.Context, c issuer.Caller, id string) (apitoken.Record, error)
	List(ctx context.Context, c issuer.Caller, q issuer.Query) (page []apitoken.Record, next string, err error)
	Regenerate(ctx context.Context, c issuer.Caller, id string) (apitoken.Secret, apitoken.Record, error)
	Revoke(ctx context.Context, c issuer.Caller, id string) error

	Roles(ctx context.Context, c issuer.Caller) ([]role.Role, error)
	Role(ctx context.Context, c issuer.Caller, name string) (role.Role, error)
	PutRole(ctx context.Context, c issuer.Caller, r role.Role, fresh bool) error
	DeleteRole(ctx context.Context, c issuer.Caller, name string) error

	CreateAccount(ctx context.Context, c issuer.Caller, n issuer.NewAccount) (issuer.Account, error)
	Account(ctx context.Context, c issuer.Caller, id string) (issuer.Account, error)
	Accounts(ctx context.Context, c issuer.Caller) ([]issuer.Account, error)
	UpdateAccount(ctx context.Context, c issuer.Caller, id string, n issuer.NewAccount) (issuer.Account, error)
	RevokeAccount(ctx context.Context, c issuer.Caller, id string) (issuer.Account, error)
	DeleteAccount(ctx context.Context, c issuer.Caller, id string) error
}

var _ Tokens = (*issuer.Service)(nil)

// Callers identifies the caller of a request. *caller.Resolver is one.
type Callers interface {
	Caller(x *web.Exchange, r *http.Request, all []caller.Credential) (*caller.Caller, error)
}

var _ Callers = (*caller.Resolver)(nil)

// API is /v1: tokens, roles and service accounts, for users that have logged
// in, and read-only in part for the holders of tokens. Its fields are set once.
type API struct {
	Tokens  Tokens
	Callers Callers
}

// Mount adds the API's routes.
func (api *API) Mount(m *web.Mux) {
	m = m.With(web.Errors(writeError), web.BodyLimit(maxBody), web.Wrap(web.Acceptable))
	(&native{api.Tokens}).routes(func(method, pattern string, h handler, body bool) {
		m.Handle(method, pattern, func(x *web.Exchange, r *http.Request) error { return api.answer(x, r, h, body) })
	})
}

func (api *API) answer(x *web.Exchange, r *http.Request, h handler, body bool) error {
	found, err := api.Callers.Caller(x, r, caller.CredentialsOf(r))
	if err != nil {
		return err
	}
	x.Header().Set("Cache-Control", "no-store")
	c := &call{Context: r.Context(), Request: r, caller: found.Issuer()}
	if body {
		if c.body, err = readBody(x, r); err != nil {
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
	x.WriteJSON(a.status, web.JSON(a.value))
	return nil
}

// writeError writes an error as rest_cherrypy's errors are, since /v1 is on the
// same listener.
func writeError(x *web.Exchange, _ *http.Request, e *web.Error) {
	if e.Status == http.StatusUnauthorized {
		x.Header().Set("Www-Authenticate", cmp.Or(e.Challenge, "Session"))
	}
	x.WriteJSON(e.Status, fmt.Appendf(nil, `{"status": %d, "return": %s}`, e.Status, web.JSONText(e.Text)))
}

// native implements the API for users and for the operator alike.
type native struct{ Tokens Tokens }

// call is a request to the API.
type call struct {
	context.Context
	*http.Request
	caller issuer.Caller
	body   jsonobject.Object
}

// answer is a value that is written as JSON, or nil for none.
type answer struct {
	status int
	value  any
}

type handler func(c *call) (answer, error)

// routes adds the endpoints. A body is read only where there can be one.
func (api *native) routes(add func(method, pattern string, h handler, body bool)) {
	get := func(pattern string, h handler) {
		add(http.MethodGet, pattern, h, false)
		add(http.MethodHead, pattern, h, false)
	}
	get("/v1/tokens", api.listTokens)
	add(http.MethodPost, "/v1/tokens", api.createToken, true)
	get("/v1/tokens/{id}", api.token)
	add(http.MethodDelete, "/v1/tokens/{id}", api.revokeToken, false)
	add(http.MethodPost, "/v1/tokens/{id}/regenerate", api.regenerateToken, false)

	get("/v1/roles", api.listRoles)
	add(http.MethodPost, "/v1/roles", api.createRole, true)
	get("/v1/roles/{name}", api.role)
	add(http.MethodPut, "/v1/roles/{name}", api.putRole, true)
	add(http.MethodDelete, "/v1/roles/{name}", api.deleteRole, false)

	get("/v1/service-accounts", api.listAccounts)
	add(http.MethodPost, "/v1/service-accounts", api.createAccount, true)
	get("/v1/service-accounts/{id}", api.account)
	add(http.MethodPut, "/v1/service-accounts/{id}", api.updateAccount, true)
	add(http.MethodPost, "/v1/service-accounts/{id}/revoke", api.revokeAccount, false)
	add(http.MethodDelete, "/v1/service-accounts/{id}", api.deleteAccount, false)
}
