package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

// usersCollection is the collection of users with roles of their own.
const usersCollection = "users"

// User is a user that is known here: one with tokens, one that has logged in at an API
// whose users are recorded, or one that was saved.
type User struct {
	User, Eauth string
	Groups      []string // at the last login, and those that were saved

	// LastLogin is zero for a user without a recorded login.
	LastLogin time.Time

	// Roles and Permissions are those that the user has with a login, see
	// [Service.AddRights].
	Roles       []string
	Permissions []role.Permission

	Saved SavedUser

	loginGroups []string // those at the last login
}

// SavedUser is what is saved of a user, beside the name.
type SavedUser struct {
	Roles       []string          `json:"roles,omitempty"`
	Permissions []role.Permission `json:"permissions,omitempty"`
	Groups      []string          `json:"groups,omitempty"` // of the same eauth module
	RemoteUID   string            `json:"remote_uid,omitempty"`
	CustomData  json.RawMessage   `json:"custom_data,omitempty"` // an object
}

// maxUsers bounds the users that are listed.
const maxUsers = 10_000

func userKey(eauth, user string) string { return eauth + "/" + user }

// Users returns the users that are known, in the order of their eauth modules and
// names, 10,000 of each kind at the most. Their rights are added by [Service.AddRights].
func (s *Service) Users(ctx context.Context, c Caller) ([]User, error) {
	if err := s.may(ctx, c, role.UserRead, role.UserWrite); err != nil {
		return nil, err
	}
	at := make(map[string]*User)
	known := func(key string) *User {
		module, name, ok := strings.Cut(key, "/")
		if !ok || name == "" {
			return &User{}
		}
		if at[key] == nil {
			at[key] = &User{User: name, Eauth: module}
		}
		return at[key]
	}
	logins, err := s.documents(ctx, loginsCollection, maxUsers)
	if err != nil {
		return nil, err
	}
	for _, d := range logins {
		var l ownerLogin
		if err := json.Unmarshal(d.Value, &l); err != nil {
			s.log.WarnContext(ctx, "a stored login cannot be read", slog.Any("error", err))
			continue
		}
		u := known(d.Key)
		if u.loginGroups = l.Groups; l.Login {
			u.LastLogin = l.Since
		}
	}
	saved, err := s.documents(ctx, usersCollection, maxUsers)
	if err != nil {
		return nil, err
	}
	for _, d := range saved {
		var u SavedUser
		if err := json.Unmarshal(d.Value, &u); err != nil {
			s.log.WarnContext(ctx, "a saved user cannot be read", slog.Any("error", err))
			u = SavedUser{}
		}
		known(d.Key).Saved = u
	}
	users := make([]User, 0, len(at))
	for _, u := range at {
		u.Groups = tidy(slices.Concat(u.loginGroups, u.Saved.Groups))
		users = append(users, *u)
	}
	slices.SortFunc(users, func(a, b User) int { return strings.Compare(userKey(a.Eauth, a.User), userKey(b.Eauth, b.User)) })
	return users, nil
}

// AddRights sets the roles and permissions of users of [Service.Users].
func (s *Service) AddRights(ctx context.Context, users []User) error {
	for i := range users {
		u := &users[i]
		has, err := s.rolesWith(ctx, u.Saved, u.User, u.Eauth, u.loginGroups)
		if err != nil {
			return err
		}
		if u.Permissions, err = s.permissionsOf(ctx, has); err != nil {
			return err
		}
		u.Roles = has.names
	}
	return nil
}

// PutUser changes what is saved of a user. The caller must have the roles that the user
// did not have before, and the roles of groups that the user was not in. To give one more
// permission the caller must have all that the user has then. Only a superuser joins
// groups itself.
func (s *Service) PutUser(ctx context.Context, c Caller, eauth, user string, change func(*SavedUser)) error {
	if err := s.may(ctx, c, role.UserWrite); err != nil {
		return err
	}
	if err := checkKey("user", eauth, user); err != nil {
		return err
	}
	u, version, err := stored(ctx, s, usersCollection, userKey(eauth, user), SavedUser{})
	if err != nil {
		return err
	}
	before := SavedUser{Roles: slices.Clone(u.Roles), Permissions: slices.Clone(u.Permissions), Groups: slices.Clone(u.Groups)}
	change(&u)
	u.Roles, u.Permissions, u.Groups = tidy(u.Roles), tidy(u.Permissions), tidy(u.Groups)
	if err := s.checkUser(ctx, eauth, u, before); err != nil {
		return err
	}
	names, joined := without(u.Roles, before.Roles), without(u.Groups, before.Groups)
	// Directories take names in upper and lower case, and other modules may have the same users.
	if by := c.actsAs(); len(joined) > 0 && strings.EqualFold(user, by.User) {
		if err := s.mayJoin(ctx, c); err != nil {
			return err
		}
	}
	groups, links, err := s.readGroups(ctx)
	if err != nil {
		return err
	}
	b := roleCache{groups: groups, links: links}
	names = append(names, b.rolesOfSaved(eauth, joined)...)
	var permissions []role.Permission
	if len(without(u.Permissions, before.Permissions)) > 0 {
		permissions = u.Permissions // all of them: two may allow more together than each by itself
	}
	if err := s.mayGive(ctx, c, names, permissions); err != nil {
		return err
	}
	return s.putRecord(ctx, c, usersCollection, userKey(eauth, user), version, u, "user "+userKey(eauth, user))
}

func (s *Service) checkUser(ctx context.Context, eauth string, u, before SavedUser) error {
	for _, p := range u.Permissions {
		if !p.WellFormed() {
			return invalid("perms: there is no permission %.80q", p)
		}
	}
	for _, g := range u.Groups {
		if err := checkKey("groups", eauth, g); err != nil {
			return err
		}
	}
	if max(len(u.Roles), len(u.Permissions), len(u.Groups)) > maxRolesOf {
		return invalid("more than %d roles, permissions or groups", maxRolesOf)
	}
	if err := checkDetails("", u.RemoteUID, u.CustomData); err != nil {
		return err
	}
	return s.knownRoles(ctx, without(u.Roles, before.Roles))
}

// rolesOfSaved returns the roles of groups that a user was put into.
func (b *roleCache) rolesOfSaved(eauth string, groups []string) (names []string) {
	for _, g := range groups {
		names = append(names, b.groups[GroupKey{eauth, g}].Roles...)
	}
	return names
}

// DeleteUser removes what is saved of a user. It is a [NotFound] where nothing is. The
// user itself is one of the eauth module, and its tokens are not revoked.
func (s *Service) DeleteUser(ctx context.Context, c Caller, eauth, user string) error {
	if err := s.may(ctx, c, role.UserDelete); err != nil {
		return err
	}
	return s.deleteRecord(ctx, c, usersCollection, userKey(eauth, user), "user "+userKey(eauth, user))
}

// savedUser returns what is saved of a user, from the cache if it is there.
func (s *Service) savedUser(ctx context.Context, eauth, user string) (SavedUser, error) {
	key := userKey(eauth, user)
	b, err := s.acquireRoles(ctx)
	if err != nil {
		return SavedUser{}, err
	}
	of := b.of
	u, ok := b.users.Get(key)
	b.release()
	if ok {
		return u, nil
	}
	u, _, err = stored(ctx, s, usersCollection, key, SavedUser{})
	if errors.Is(err, errUnreadable) {
		s.log.WarnContext(ctx, "a saved user cannot be used", slog.Any("error", err))
	} else if err != nil {
		return u, err
	}
	if b, err = s.acquireRoles(ctx); err != nil {
		return u, err
	}
	defer b.release()
	if b.of == of { // nothing has changed since
		b.users.Put(key, u)
	}
	return u, nil
}

// RightsOf returns the roles that a user has with a login, and the permissions of
// these and of the user together.
func (s *Service) RightsOf(ctx context.Context, user, eauth string, groups []string) ([]string, []role.Permission, error) {
	has, err := s.rolesOf(ctx, user, eauth, groups)
	if err != nil {
		return nil, nil, err
	}
	all, err := s.permissionsOf(ctx, has)
	return has.names, all, err
}

// permissionsOf returns all permissions of a login.
func (s *Service) permissionsOf(ctx context.Context, has held) (all []role.Permission, err error) {
	set, err := s.loginSet(ctx, has.names, has.permissions)
	if err != nil {
		return nil, err
	}
	for _, d := range role.Permissions() {
		if set.May(d.Permission) {
			all = append(all, d.Permission)
		}
	}
	return all, nil
}

// RolesOfGroup returns the roles that are assigned to a group of an eauth module, here
// and in the settings.
func (s *Service) RolesOfGroup(ctx context.Context, group, eauth string) ([]string, error) {
	b, err := s.acquireRoles(ctx)
	if err != nil {
		return nil, err
	}
	names := b.rolesOfGroups(eauth, []string{group})
	b.release()
	for _, a := range s.opts.Assignments {
		if (Assignment{Groups: a.Groups, Eauth: a.Eauth}).isFor("", eauth, []string{group}) {
			names = append(names, a.Roles...)
		}
	}
	return tidy(names), nil
}
