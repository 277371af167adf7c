package issuer

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

// User is a user that is known here: one with tokens.
type User struct {
	User, Eauth string
	Groups      []string // at the last login

	// LastLogin is zero for a user without a recorded login.
	LastLogin time.Time

	Roles       []string // that the user has with a login
	Permissions []role.Permission
}

// maxUsers bounds the users that are listed.
const maxUsers = 10_000

// Users returns the users that are known, in the order of their eauth modules and
// names, 10,000 at the most.
func (s *Service) Users(ctx context.Context, c Caller) ([]User, error) {
	if err := s.may(ctx, c, role.UserRead, role.UserWrite); err != nil {
		return nil, err
	}
	documents, err := s.documents(ctx, loginsCollection, maxUsers)
	if err != nil {
		return nil, err
	}
	users := make([]User, 0, len(documents))
	for _, d := range documents {
		module, name, ok := strings.Cut(d.Key, "/")
		var l ownerLogin
		if err := json.Unmarshal(d.Value, &l); err != nil || !ok || name == "" {
			s.log.WarnContext(ctx, "a stored login cannot be read", slog.Any("error", err))
			continue
		}
		u := User{User: name, Eauth: module, Groups: l.Groups}
		if l.Login {
			u.LastLogin = l.Since
		}
		if u.Roles, u.Permissions, err = s.RightsOf(ctx, name, module, l.Groups); err != nil {
			return nil, err
		}
		users = append(users, u)
	}
	return users, nil
}

// RightsOf returns the roles that a user has with a login, and the permissions of
// these together.
func (s *Service) RightsOf(ctx context.Context, user, eauth string, groups []string) ([]string, []role.Permission, error) {
	names := s.rolesOf(user, eauth, groups)
	set, err := s.loginSet(ctx, names, nil)
	if err != nil {
		return nil, nil, err
	}
	var all []role.Permission
	for _, d := range role.Permissions() {
		if set.May(d.Permission) {
			all = append(all, d.Permission)
		}
	}
	return names, all, nil
}

// RolesOfGroup returns the roles that are assigned to a group of an eauth module.
func (s *Service) RolesOfGroup(group, eauth string) []string {
	var names []string
	for _, a := range s.opts.Assignments {
		if (Assignment{Groups: a.Groups, Eauth: a.Eauth}).isFor("", eauth, []string{group}) {
			names = append(names, a.Roles...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
