package rpc

import (
	"context"
	"errors"
	"slices"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

// Accounts has the roles, users and groups of the store of API tokens. *issuer.Service
// is one. What is changed is an event of its own there.
type Accounts interface {
	Limits

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

	RightsOf(ctx context.Context, user, eauth string, groups []string) (roles []string, permissions []role.Permission, err error)
	RolesOfGroup(ctx context.Context, group, eauth string) ([]string, error)
}

var _ Accounts = (*issuer.Service)(nil)

// hasAccounts reports whether there are roles, users and groups.
func hasAccounts(a *API) bool { return a.Accounts != nil }

func authMethods() []*Method {
	return slices.Concat(
		[]*Method{method(about{
			name: "auth.get_jwt", doc: "Return a token for the caller. It is good for 30 minutes, and not longer than the credential of this request.",
			returns: "`{jwt, expires}`", served: func(a *API) bool { return a.JWTs != nil },
		}, getJWT)},
		roleMethods(), userMethods(), groupMethods(), transferMethods(),
	)
}

func getJWT(_ context.Context, c *call, _ none) (any, error) {
	text, expires, err := c.api.JWTs.Issue(c.caller())
	if err != nil {
		return nil, err
	}
	if err := c.api.keepUntil(c.by, expires); err != nil {
		return nil, err
	}
	c.note(issuer.Issued, "jwt until "+timeText(expires))
	return map[string]string{"jwt": text, "expires": timeText(expires)}, nil
}

// elsewhere returns the error for what SaltStack Config does and Saltern does not.
func elsewhere(parameter, message string) *Error {
	return &Error{Code: CodeElsewhere, Message: message, Parameter: parameter}
}

// accountError returns the error of a call for one of the accounts. name is what is not
// there.
func accountError(err error, name string) error {
	if errors.Is(err, issuer.NotFound) {
		return &Error{Code: CodeNotFound, Message: "there is no such " + name}
	}
	if e, ok := errors.AsType[*issuer.Error](err); ok {
		switch e.Kind {
		case issuer.Invalid:
			return &Error{Code: CodeInvalidParameter, Message: e.ClientText(), Err: err}
		case issuer.Conflict:
			return &Error{Code: CodeConflict, Message: e.ClientText(), Err: err}
		case issuer.Forbidden:
			if e.Text != "" {
				return &Error{Code: CodeForbidden, Message: e.Text, Err: err}
			}
		}
	}
	return err
}
