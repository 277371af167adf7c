package accounts

import (
	"context"
	"errors"
	"slices"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/rpc/saved"
	"github.com/saltern-api/saltern/server/tokenapi"
)

// Accounts has the roles, users and groups of the store of API tokens. *issuer.Service
// is one. What is changed is an event of its own there.
type Accounts interface {
	saved.Limits

	Roles(ctx context.Context, c issuer.Caller) ([]role.Role, error)
	PutRole(ctx context.Context, c issuer.Caller, r role.Role, fresh bool) error
	ChangeRole(ctx context.Context, c issuer.Caller, name string, change func(*role.Role)) error
	DeleteRole(ctx context.Context, c issuer.Caller, name string) error

	Users(ctx context.Context, c issuer.Caller) ([]issuer.User, error)
	AddRights(ctx context.Context, users []issuer.User) error
	PutUser(ctx context.Context, c issuer.Caller, eauth, user string, change func(*issuer.SavedUser)) error
	DeleteUser(ctx context.Context, c issuer.Caller, eauth, user string) error

	Groups(ctx context.Context, c issuer.Caller) ([]issuer.Group, error)
	PutGroup(ctx context.Context, c issuer.Caller, k issuer.GroupKey, change func(*issuer.Group)) error
	DeleteGroup(ctx context.Context, c issuer.Caller, k issuer.GroupKey) error
	Links(ctx context.Context, c issuer.Caller) ([]issuer.Link, error)
	PutLink(ctx context.Context, c issuer.Caller, l issuer.Link) error
	DeleteLink(ctx context.Context, c issuer.Caller, l issuer.Link) error

	RolesOfGroup(ctx context.Context, group, eauth string) ([]string, error)
}

var _ Accounts = (*issuer.Service)(nil)

// API is the methods about accounts. Its fields are set once.
type API struct {
	Saved *saved.API

	// Accounts has roles, users and groups. Without it the methods about them are not
	// served.
	Accounts Accounts

	Logins *tokenapi.Logins
	JWTs   *caller.JWTs // Without them auth.get_jwt is not served.
}

// Methods returns the declarations.
func (a *API) Methods() []*method.Method {
	return slices.Concat(
		[]*method.Method{declare(a, method.About{
			Name: "auth.get_jwt", Doc: "Return a token for the caller. It is good for 30 minutes, and not longer than the credential of this request.",
			Returns: "`{jwt, expires}`", Served: a.JWTs != nil,
		}, getJWT)},
		a.roleMethods(), a.userMethods(), a.groupMethods(), a.transferMethods(),
	)
}

// call is a call, with what is saved.
type call struct {
	saved.Call
	api *API
}

// declare declares a method.
func declare[P any](a *API, about method.About, run func(ctx context.Context, c *call, p P) (any, error)) *method.Method {
	return method.New(about, func(ctx context.Context, c *method.Call, p P) (any, error) {
		return run(ctx, &call{a.Saved.Of(c), a}, p)
	})
}

func getJWT(_ context.Context, c *call, _ method.None) (any, error) {
	text, expires, err := c.api.JWTs.Issue(c.Caller)
	if err != nil {
		return nil, err
	}
	if err := c.Request.KeepUntil(expires); err != nil {
		return nil, err
	}
	c.Note(issuer.Issued, "jwt until "+method.TimeText(expires))
	return map[string]string{"jwt": text, "expires": method.TimeText(expires)}, nil
}

// elsewhere returns the error for what SaltStack Config does and Saltern does not.
func elsewhere(parameter, message string) *method.Error {
	return &method.Error{Code: method.CodeElsewhere, Message: message, Parameter: parameter}
}

// accountError returns the error of a call for one of the accounts. name is what is not
// there.
func accountError(err error, name string) error {
	if errors.Is(err, issuer.NotFound) {
		return &method.Error{Code: method.CodeNotFound, Message: "there is no such " + name}
	}
	if e, ok := errors.AsType[*issuer.Error](err); ok {
		switch e.Kind {
		case issuer.Invalid:
			return &method.Error{Code: method.CodeInvalidParameter, Message: e.ClientText(), Err: err}
		case issuer.Conflict:
			return &method.Error{Code: method.CodeConflict, Message: e.ClientText(), Err: err}
		case issuer.Forbidden:
			if e.Text != "" {
				return &method.Error{Code: method.CodeForbidden, Message: e.Text, Err: err}
			}
		}
	}
	return err
}
