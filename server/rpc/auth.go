package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/web"
)

// Accounts has the roles and users of the store of API tokens. *issuer.Service is one.
type Accounts interface {
	Roles(ctx context.Context, c issuer.Caller) ([]role.Role, error)
	Users(ctx context.Context, c issuer.Caller) ([]issuer.User, error)
	RightsOf(ctx context.Context, user, eauth string, groups []string) (roles []string, permissions []role.Permission, err error)
	RolesOfGroup(group, eauth string) []string
}

var _ Accounts = (*issuer.Service)(nil)

func authMethods() []*Method {
	accounts := func(a *API) bool { return a.Accounts != nil }
	roles := []role.Permission{role.RoleRead, role.RoleWrite}
	users := []role.Permission{role.UserRead, role.UserWrite}
	return []*Method{
		method(about{
			name: "auth.get_jwt", doc: "Return a token for the caller. It is good for 30 minutes, and not longer than the credential of this request.",
			returns: "`{jwt, expires}`", served: func(a *API) bool { return a.JWTs != nil },
		}, getJWT),
		method(about{
			name: "auth.get_all_roles", doc: "Return all roles.", returns: "an object with `{name, desc, uuid, perms}` for each role, in the order of their names",
			needs: roles, served: accounts,
		}, getAllRoles),
		method(about{
			name: "auth.get_role", doc: "Return one role, by its name or its uuid.", returns: "an object with `{name, desc, uuid, perms}` for the role",
			needs: roles, served: accounts,
		}, getRole),
		method(about{
			name: "auth.get_all_users", doc: "Return the users that are known here: those with API tokens. Their names and passwords are those of the master's eauth modules.",
			returns: "`{count, results}`, a row for each user", needs: users, served: accounts,
		}, getAllUsers),
		method(about{
			name: "auth.get_user", doc: "Return one user, by uuid, or by name and eauth module.", returns: "a user, with groups, roles and permissions",
			needs: users, served: accounts,
		}, getUser),
		method(about{
			name: "auth.get_all_groups", doc: "Return the groups that users with API tokens had at their last login.",
			returns: "`{count, results}`, a row for each group", needs: users, served: accounts,
		}, getAllGroups),
		method(about{
			name: "auth.get_group", doc: "Return one group, by uuid, or by name and eauth module.", returns: "a row as of get_all_groups",
			needs: users, served: accounts,
		}, getGroup),
	}
}

func getJWT(_ context.Context, c *call, _ none) (any, error) {
	text, expires, err := c.api.JWTs.Issue(c.caller())
	if err != nil {
		return nil, err
	}
	c.by.keep = true // a session of this request ends otherwise, and the token with it
	return map[string]string{"jwt": text, "expires": timeText(expires)}, nil
}

// shownRole is a role.
type shownRole struct {
	Name  string            `json:"name"`
	Desc  string            `json:"desc"`
	UUID  string            `json:"uuid"`
	Perms []role.Permission `json:"perms"`
}

func showRole(r role.Role) shownRole {
	return shownRole{r.Name, r.Description, uuidOf("role", r.Name), append([]role.Permission{}, r.Permissions...)}
}

// showRoles returns an object of roles in their order.
func showRoles(all []role.Role) json.RawMessage {
	var b bytes.Buffer
	before := "{"
	for _, r := range all {
		b.WriteString(before)
		b.Write(web.JSON(r.Name))
		b.WriteString(":")
		b.Write(web.JSON(showRole(r)))
		before = ","
	}
	if before == "{" {
		return json.RawMessage("{}")
	}
	b.WriteString("}")
	return b.Bytes()
}

type getAllRolesParams struct {
	SortOrder string `rpc:"sort_order" default:"ASC" enum:"ASC|DESC" doc:"The order of the names."`
}

func getAllRoles(ctx context.Context, c *call, p getAllRolesParams) (any, error) {
	all, err := c.api.Accounts.Roles(ctx, c.caller().Issuer())
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b role.Role) int {
		if p.SortOrder == "DESC" {
			a, b = b, a
		}
		return strings.Compare(a.Name, b.Name)
	})
	return showRoles(all), nil
}

type getRoleParams struct {
	Name string `rpc:"role_name" doc:"The name."`
	UUID string `rpc:"role_uuid" format:"uuid" doc:"The uuid, in place of the name."`
}

func getRole(ctx context.Context, c *call, p getRoleParams) (any, error) {
	if (p.Name == "") == (p.UUID == "") {
		return nil, invalidParameter("role_name", "one of role_name and role_uuid is needed")
	}
	all, err := c.api.Accounts.Roles(ctx, c.caller().Issuer())
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		if r.Name == p.Name || strings.EqualFold(uuidOf("role", r.Name), p.UUID) {
			return showRoles([]role.Role{r}), nil
		}
	}
	return nil, &Error{Code: CodeNotFound, Message: "there is no such role"}
}

// shownUser is a user. The optional members are null where they were not requested.
type shownUser struct {
	UUID       string            `json:"uuid"`
	ConfigName string            `json:"config_name"`
	Username   string            `json:"username"`
	Email      *string           `json:"email"`
	RemoteUID  *string           `json:"remote_uid"`
	Roles      []string          `json:"roles,omitzero"`
	Perms      []role.Permission `json:"perms,omitzero"`
	Groups     []string          `json:"groups,omitzero"`
	CustomData map[string]string `json:"custom_data,omitzero"`
}

func (a *API) showUser(u issuer.User, roles, perms, groups, custom bool) shownUser {
	s := shownUser{UUID: userUUID(u.Eauth, u.User), ConfigName: a.Logins.ConfigName(u.Eauth), Username: u.User}
	if roles {
		s.Roles = append([]string{}, u.Roles...)
	}
	if perms {
		s.Perms = append([]role.Permission{}, u.Permissions...)
	}
	if groups {
		s.Groups = append([]string{}, u.Groups...)
	}
	if custom {
		s.CustomData = map[string]string{}
	}
	return s
}

type getAllUsersParams struct {
	ConfigName string `rpc:"config_name" doc:"The eauth module; internal is the default one."`
	Roles      bool   `rpc:"include_roles" default:"false" doc:"Return the roles, too."`
	Inherited  bool   `rpc:"include_inherited_roles" default:"false" doc:"The same: roles are assigned to users and groups, and returned together."`
	Perms      bool   `rpc:"include_perms" default:"false" doc:"Return the permissions, too."`
	Groups     bool   `rpc:"include_groups" default:"false" doc:"Return the groups, too."`
	CustomData bool   `rpc:"include_custom_data" default:"false" doc:"Return custom data, of which there are none."`
	Deleted    bool   `rpc:"include_deleted_user" default:"false" doc:"There is no such user: this changes nothing."`
	SortBy     string `rpc:"sort_by" enum:"username|email" doc:"The column to sort by."`
	Reverse    bool   `rpc:"reverse" default:"false" doc:"The largest first."`
	Limit      int    `rpc:"limit" default:"50" min:"-1" doc:"The rows of a page; 0 and -1 stand for all."`
	Page       int    `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
}

func getAllUsers(ctx context.Context, c *call, p getAllUsersParams) (any, error) {
	users, err := c.users(ctx, p.ConfigName)
	if err != nil {
		return nil, err
	}
	rows := make([]shownUser, len(users))
	for i, u := range users {
		rows[i] = c.api.showUser(u, p.Roles || p.Inherited, p.Perms, p.Groups, p.CustomData)
	}
	slices.SortStableFunc(rows, func(a, b shownUser) int {
		if p.Reverse {
			a, b = b, a
		}
		return strings.Compare(a.Username, b.Username)
	})
	from, to := span(p.Page, p.Limit)
	return page[shownUser]{len(rows), slice(rows, from, to)}, nil
}

// users returns the users of an eauth module, or of all.
func (c *call) users(ctx context.Context, configName string) ([]issuer.User, error) {
	users, err := c.api.Accounts.Users(ctx, c.caller().Issuer())
	if err != nil || configName == "" {
		return users, err
	}
	module := c.api.Logins.Module(configName)
	return slices.DeleteFunc(users, func(u issuer.User) bool { return u.Eauth != module }), nil
}

type getUserParams struct {
	UUID       string `rpc:"account_uuid" format:"uuid" doc:"The uuid."`
	Username   string `rpc:"username" doc:"The name, in place of the uuid; it needs config_name."`
	ConfigName string `rpc:"config_name" doc:"The eauth module; internal is the default one."`
}

func getUser(ctx context.Context, c *call, p getUserParams) (any, error) {
	switch {
	case (p.UUID == "") == (p.Username == ""):
		return nil, invalidParameter("account_uuid", "one of account_uuid and username is needed")
	case p.Username != "" && p.ConfigName == "":
		return nil, invalidParameter("config_name", "it is needed beside username")
	}
	users, err := c.users(ctx, p.ConfigName)
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		if u.User == p.Username || strings.EqualFold(userUUID(u.Eauth, u.User), p.UUID) {
			return c.api.showUser(u, true, true, true, true), nil
		}
	}
	return nil, &Error{Code: CodeNotFound, Message: "there is no such user"}
}

// shownGroup is a group.
type shownGroup struct {
	UUID       string            `json:"uuid"`
	ConfigName string            `json:"config_name"`
	RemoteUID  *string           `json:"remote_uid"`
	Name       string            `json:"name"`
	Desc       string            `json:"desc"`
	Roles      []string          `json:"roles"`
	Users      []shownUser       `json:"users,omitzero"`
	CustomData map[string]string `json:"custom_data,omitzero"`
}

// groups returns the groups of users, in the order of their names.
func (c *call) groups(ctx context.Context, configName string, withUsers, custom bool) ([]shownGroup, error) {
	users, err := c.users(ctx, configName)
	if err != nil {
		return nil, err
	}
	type key struct{ module, name string }
	at := make(map[key]int)
	groups := []shownGroup{}
	for _, u := range users {
		for _, name := range u.Groups {
			k := key{u.Eauth, name}
			i, ok := at[k]
			if !ok {
				i = len(groups)
				at[k] = i
				g := shownGroup{
					UUID: uuidOf("group", u.Eauth+"\x00"+name), ConfigName: c.api.Logins.ConfigName(u.Eauth), Name: name,
					Roles: append([]string{}, c.api.Accounts.RolesOfGroup(name, u.Eauth)...),
				}
				if withUsers {
					g.Users = []shownUser{}
				}
				if custom {
					g.CustomData = map[string]string{}
				}
				groups = append(groups, g)
			}
			if withUsers {
				groups[i].Users = append(groups[i].Users, c.api.showUser(u, true, true, true, false))
			}
		}
	}
	slices.SortStableFunc(groups, func(a, b shownGroup) int { return strings.Compare(a.Name, b.Name) })
	return groups, nil
}

type getAllGroupsParams struct {
	ConfigName string `rpc:"config_name" doc:"The eauth module; internal is the default one."`
	Users      bool   `rpc:"include_users" default:"false" doc:"Return the users, too."`
	CustomData bool   `rpc:"include_custom_data" default:"false" doc:"Return custom data, of which there are none."`
	SortBy     string `rpc:"sort_by" enum:"name" doc:"The column to sort by."`
	Reverse    bool   `rpc:"reverse" default:"false" doc:"The largest first."`
	Limit      int    `rpc:"limit" default:"50" min:"-1" doc:"The rows of a page; 0 and -1 stand for all."`
	Page       int    `rpc:"page" default:"0" min:"0" doc:"The number of the page; the first one is 0."`
}

func getAllGroups(ctx context.Context, c *call, p getAllGroupsParams) (any, error) {
	groups, err := c.groups(ctx, p.ConfigName, p.Users, p.CustomData)
	if err != nil {
		return nil, err
	}
	if p.Reverse {
		slices.Reverse(groups)
	}
	from, to := span(p.Page, p.Limit)
	return page[shownGroup]{len(groups), slice(groups, from, to)}, nil
}

type getGroupParams struct {
	ConfigName string `rpc:"config_name" doc:"The eauth module; internal is the default one."`
	Name       string `rpc:"group_name" doc:"The name; it needs config_name."`
	UUID       string `rpc:"group_uuid" format:"uuid" doc:"The uuid, in place of the name."`
	Users      bool   `rpc:"include_users" default:"false" doc:"Return the users, too."`
}

func getGroup(ctx context.Context, c *call, p getGroupParams) (any, error) {
	switch {
	case (p.UUID == "") == (p.Name == ""):
		return nil, invalidParameter("group_uuid", "one of group_uuid and group_name is needed")
	case p.Name != "" && p.ConfigName == "":
		return nil, invalidParameter("config_name", "it is needed beside group_name")
	}
	groups, err := c.groups(ctx, p.ConfigName, p.Users, true)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		if g.Name == p.Name || strings.EqualFold(g.UUID, p.UUID) {
			return g, nil
		}
	}
	return nil, &Error{Code: CodeNotFound, Message: "there is no such group"}
}
