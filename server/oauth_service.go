package server

import (
	"context"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
)

// TokenService gives out tokens and tells what they are worth. *issuer.Service
// is one, and its errors are what the doors know how to answer.
type TokenService interface {
	tokenExchange
	tokenAdmin
	tokenAccounts
	tokenDevices
}

var _ TokenService = (*issuer.Service)(nil)

// tokenExchange is for who holds a secret.
type tokenExchange interface {
	Check(ctx context.Context, secret string, from issuer.Origin) (*issuer.Principal, bool, error)
	Exchange(ctx context.Context, secret string, req issuer.Request) (*issuer.Exchange, error)
	Details(ctx context.Context, secret string, from issuer.Origin) (t apitoken.Record, user string, ok bool, err error)
	RevokeSecret(ctx context.Context, secret string, from issuer.Origin) error
}

// tokenAdmin is for who manages tokens by their ids.
type tokenAdmin interface {
	Register(ctx context.Context, c issuer.Caller, n issuer.NewToken) (apitoken.Record, error)
	IssueInitialSecret(ctx context.Context, c issuer.Caller, id string, req issuer.Request) (*issuer.Exchange, error)
	Get(ctx context.Context, c issuer.Caller, id string) (apitoken.Record, error)
	List(ctx context.Context, c issuer.Caller, q issuer.Query) (page []apitoken.Record, next string, err error)
	Revoke(ctx context.Context, c issuer.Caller, id string) error
	Introspect(ctx context.Context, c issuer.Caller, secret string) (issuer.Introspection, error)
}

// tokenAccounts is for who manages service accounts.
type tokenAccounts interface {
	CreateAccount(ctx context.Context, c issuer.Caller, n issuer.NewAccount) (issuer.Account, error)
	Account(ctx context.Context, c issuer.Caller, id string) (issuer.Account, error)
	Accounts(ctx context.Context, c issuer.Caller) ([]issuer.Account, error)
	UpdateAccount(ctx context.Context, c issuer.Caller, id string, n issuer.NewAccount) (issuer.Account, error)
	RevokeAccount(ctx context.Context, c issuer.Caller, id string) (issuer.Account, error)
	DeleteAccount(ctx context.Context, c issuer.Caller, id string) error
}

// tokenDevices lets programs in that have no credential yet (RFC 8628).
type tokenDevices interface {
	BeginDevice(ctx context.Context, clientID string, from issuer.Origin) (issuer.DeviceCode, error)
	DeviceAccount(ctx context.Context, c issuer.Caller, userCode string) (issuer.Account, error)
	AnswerDevice(ctx context.Context, c issuer.Caller, userCode string, yes bool) error
	ExchangeDevice(ctx context.Context, secret, clientID string, req issuer.Request) (*issuer.Exchange, error)
}
