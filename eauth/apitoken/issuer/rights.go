package issuer

import (
	"context"
	"fmt"
	"net/netip"
	"path"
	"slices"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

// Origin is the client that a request comes from.
type Origin struct {
	Addr  netip.Addr
	Agent string // its User-Agent
}

// Caller is the caller of a [Service]. The zero Caller may do nothing.
type Caller struct {
	User, Eauth string
	Groups      []string

	// LoggedIn is set for a caller with a session of this gateway. Without it,
	// Principal or Operator the caller has no rights.
	LoggedIn bool

	// Principal is set for a caller with an API token or access token. The fields
	// above are ignored then.
	Principal *Principal

	// Operator is set for a caller on the gateway's host that may read its files.
	// The operator may do everything and owns nothing: requests name the owner.
	Operator bool

	From Origin
}

// owner returns the owner of the caller's own tokens.
func (c Caller) owner() apitoken.Owner {
	switch {
	case c.Operator:
		return apitoken.Owner{}
	case c.Principal != nil:
		return c.Principal.Owner
	}
	return apitoken.Owner{Eauth: c.Eauth, User: c.User}
}

// Name returns the caller's name for logs.
func (c Caller) Name() string {
	switch {
	case c.Operator:
		return "operator"
	case c.Principal != nil:
		return c.Principal.User
	}
	return c.User
}

// Assignment gives roles to users.
type Assignment struct {
	// Users and Groups are patterns with *, ? and [a-z]. The roles are for users
	// with a matching name or in a matching group.
	Users, Groups []string

	// Eauth are names of eauth modules. If there are any, the roles are only for
	// users of these modules.
	Eauth []string

	Roles []string
}

func checkAssignments(all []Assignment) error {
	for i, a := range all {
		for _, pattern := range slices.Concat(a.Users, a.Groups) {
			if _, err := path.Match(pattern, ""); err != nil {
				return fmt.Errorf("assignment %d: %q is not a pattern", i+1, pattern)
			}
		}
		if len(a.Users) == 0 && len(a.Groups) == 0 {
			return fmt.Errorf("assignment %d: needs users or groups", i+1)
		}
	}
	return nil
}

func (a Assignment) isFor(user, eauth string, groups []string) bool {
	if len(a.Eauth) > 0 && !slices.Contains(a.Eauth, eauth) {
		return false
	}
	matches := func(patterns []string, name string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool {
			ok, _ := path.Match(p, name)
			return ok
		})
	}
	return matches(a.Users, user) || slices.ContainsFunc(groups, func(g string) bool { return matches(a.Groups, g) })
}

// everybody is the role of a login where [Options.LoginRoles] is nil.
const everybody = "User"

// LoginRights returns the rights of a user with a login.
func (s *Service) LoginRights(ctx context.Context, user, eauth string, groups []string) (*role.Set, error) {
	return s.rightsOf(ctx, user, eauth, groups)
}

// rightsOf returns the rights of a user with a login.
func (s *Service) rightsOf(ctx context.Context, user, eauth string, groups []string) (*role.Set, error) {
	has, err := s.rolesOf(ctx, user, eauth, groups)
	if err != nil {
		return nil, err
	}
	return s.loginSet(ctx, has.names, has.permissions)
}

// held is what a user has with a login: the names of roles, and permissions beside
// those of the roles.
type held struct {
	names       []string
	permissions []role.Permission
}

// rolesOf returns the roles of a user with a login: by the settings, by what is saved of
// the user, and by the groups that are saved. Names without a role are left out.
func (s *Service) rolesOf(ctx context.Context, user, eauth string, groups []string) (held, error) {
	u, err := s.savedUser(ctx, eauth, user)
	if err != nil {
		return held{}, err
	}
	return s.rolesWith(ctx, u, user, eauth, groups)
}

// rolesWith is rolesOf for what is saved of the user.
func (s *Service) rolesWith(ctx context.Context, u SavedUser, user, eauth string, groups []string) (held, error) {
	b, err := s.acquireRoles(ctx)
	if err != nil {
		return held{}, err
	}
	defer b.release()
	names := tidy(slices.Concat(s.configured(user, eauth, groups), u.Roles, b.rolesOfGroups(eauth, groups), b.rolesOfSaved(eauth, u.Groups)))
	names = slices.DeleteFunc(names, func(name string) bool {
		_, ok := b.roles.Get(name)
		return !ok // access lists may still name it
	})
	return held{names, u.Permissions}, nil
}

// configured returns the roles of a user by the settings.
func (s *Service) configured(user, eauth string, groups []string) []string {
	names := slices.Clone(s.opts.LoginRoles)
	if s.opts.LoginRoles == nil {
		names = append(names, everybody)
		if s.opts.Unrestricted != nil && s.opts.Unrestricted(user, eauth, groups) {
			names = append(names, superuser)
		}
	}
	for _, a := range s.opts.Assignments {
		if a.isFor(user, eauth, groups) {
			names = append(names, a.Roles...)
		}
	}
	return names
}

// all are the rights of the operator on the host.
var all = role.Compile(role.Options{Login: true}, role.Role{Permissions: []role.Permission{role.Superuser}})

// may returns [Forbidden] where the caller has none of the permissions. It is an
// [LoginRequired] where no credential of the caller's kind could have one.
func (s *Service) may(ctx context.Context, c Caller, one ...role.Permission) error {
	var has func(role.Permission) bool
	switch {
	case c.Operator:
		has = all.May
	case c.Principal != nil:
		has = c.Principal.May
	case c.LoggedIn:
		set, err := s.rightsOf(ctx, c.User, c.Eauth, c.Groups)
		if err != nil {
			return err
		}
		has = set.May
	default:
		return refuse(LoginRequired) // a Salt token: no other caller gets here
	}
	switch {
	case slices.ContainsFunc(one, has):
		return nil
	case c.Principal != nil && !slices.ContainsFunc(one, func(p role.Permission) bool { return !c.Principal.Scopes.Never(p) }):
		return refuse(LoginRequired)
	}
	return refuse(Forbidden)
}

// May returns [Forbidden] where the caller does not have a permission.
func (s *Service) May(ctx context.Context, c Caller, p role.Permission) error {
	return s.may(ctx, c, p)
}

// mayActAs returns an error where the caller may not extend what a service account
// can be used for: by issuing a token for it, by approving a device or by adding
// scopes. The account acts as a user, so only that user may, and a Superuser, as
// for the creation of the account.
func (s *Service) mayActAs(ctx context.Context, c Caller, a Account) error {
	if (apitoken.Owner{Eauth: a.Eauth, User: a.User}) == c.owner() {
		return nil
	}
	return s.may(ctx, c, role.Superuser)
}

// mayIssue returns an error where the caller may not get secrets of an owner's
// tokens.
func (s *Service) mayIssue(ctx context.Context, c Caller, o apitoken.Owner) error {
	err := s.mayManage(ctx, c, o)
	if err != nil || o.ServiceAccount == "" {
		return err
	}
	a, err := s.account(ctx, o.ServiceAccount)
	if err != nil {
		return err
	}
	return s.mayActAs(ctx, c, a)
}

// mayManage returns an error where the caller may not see and revoke all tokens of
// an owner.
func (s *Service) mayManage(ctx context.Context, c Caller, o apitoken.Owner) error {
	switch {
	case c.Operator:
		return nil
	case o.ServiceAccount != "":
		return s.may(ctx, c, role.ServiceAccountWrite)
	case o != c.owner():
		return refuse(Forbidden)
	}
	return s.may(ctx, c, role.TokenManage)
}
