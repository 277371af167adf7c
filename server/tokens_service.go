package server

import (
	"context"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/netapi"
)

// Tokens gives out API tokens and checks them. *issuer.Service is one, and its
// errors are those of package issuer.
type Tokens interface {
	caller.Tokens
	netapi.Tokens

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

	May(ctx context.Context, c issuer.Caller, p role.Permission) error
}

var _ Tokens = (*issuer.Service)(nil)
