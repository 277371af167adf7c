package accounts

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/rpc/method"
)

func (a *API) userMethods() []*method.Method {
	see := []role.Permission{role.UserRead, role.UserWrite}
	write := []role.Permission{role.UserWrite}
	return []*method.Method{
		declare(a, method.About{
			Name: "auth.get_all_users", Doc: "Return the users that are known here: those with API tokens, those that have logged in at /account/login or by this API, and those that were saved. " +
				"Their names and passwords are those of the master's eauth modules.",
			Returns: "`{count, results}`, a row for each user", Needs: see, Served: a.Accounts != nil,
		}, getAllUsers),
		declare(a, method.About{
			Name: "auth.get_user", Doc: "Return one user, by uuid, or by name and eauth module.", Returns: "a user, with groups, roles and permissions",
			Needs: see, Served: a.Accounts != nil,
		}, getUser),
		declare(a, method.About{
			Name: "auth.save_user", Doc: "Save what a user has: roles, permissions and groups. What is not given stays as it is. " +
				"Nobody gives what they do not have. The user itself is one of the eauth module.",
			Returns: "the uuid", Needs: write, Served: a.Accounts != nil,
		}, saveUser),
		declare(a, method.About{
			Name: "auth.save_user_link", Doc: "Save a user of a directory, without any roles, unless it is saved already.", Returns: "null",
			Needs: write, Served: a.Accounts != nil,
		}, saveUserLink),
		declare(a, method.About{
			Name: "auth.delete_user", Doc: "Take from a user what was saved: roles, permissions and groups. The user itself is one of the eauth module; its tokens stay.",
			Returns: "null", Needs: []role.Permission{role.UserDelete}, Served: a.Accounts != nil,
		}, deleteUser),
		declare(a, method.About{
			Name: "auth.change_password", Doc: "Not supported: passwords are those of the master's eauth modules, and are changed there.", Returns: "nothing",
			Needs: write, Served: a.Accounts != nil,
		}, changePassword),
	}
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
	CustomData json.RawMessage   `json:"custom_data,omitzero"`
}

// customData returns custom data, {} for none.
func customData(data json.RawMessage) json.RawMessage {
	if len(data) == 0 {
		return json.RawMessage("{}")
	}
	return data
}

func (a *API) showUser(u issuer.User, roles, perms, groups, custom bool) shownUser {
	s := shownUser{
		UUID: method.UserUUID(u.Eauth, u.User), ConfigName: a.Logins.ConfigName(u.Eauth), Username: u.User, RemoteUID: method.Pointer(u.Saved.RemoteUID),
	}
	if roles {
		s.Roles = append([]string{}, u.Roles...)
	}
	if perms {
		s.Perms = append([]role.Permission{}, u.Permissions...)
		for _, p := range u.Saved.Permissions {
			if !slices.Contains(s.Perms, p) {
				s.Perms = append(s.Perms, p) // one that allows nothing here
			}
		}
	}
	if groups {
		s.Groups = append([]string{}, u.Groups...)
	}
	if custom {
		s.CustomData = customData(u.Saved.CustomData)
	}
	return s
}

type getAllUsersParams struct {
	ConfigName string `rpc:"config_name" doc:"The eauth module; internal is the default one."`
	Roles      bool   `rpc:"include_roles" default:"false" doc:"Return the roles, too: the user's own and those of its groups."`
	Inherited  bool   `rpc:"include_inherited_roles" default:"false" doc:"The same."`
	Perms      bool   `rpc:"include_perms" default:"false" doc:"Return the permissions, too."`
	Groups     bool   `rpc:"include_groups" default:"false" doc:"Return the groups, too."`
	CustomData bool   `rpc:"include_custom_data" default:"false" doc:"Return custom data, too."`
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
	shown := method.Sorted(users, func(u issuer.User) string { return u.User }, p.Reverse, p.Page, p.Limit)
	roles := p.Roles || p.Inherited
	if roles || p.Perms {
		if err := c.api.Accounts.AddRights(ctx, shown.Results); err != nil {
			return nil, err
		}
	}
	rows := make([]shownUser, len(shown.Results))
	for i, u := range shown.Results {
		rows[i] = c.api.showUser(u, roles, p.Perms, p.Groups, p.CustomData)
	}
	return method.Page[shownUser]{Count: shown.Count, Results: rows}, nil
}

// users returns the users of an eauth module, or of all, without their rights.
func (c *call) users(ctx context.Context, configName string) ([]issuer.User, error) {
	users, err := c.api.Accounts.Users(ctx, c.Caller.Issuer())
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
		return nil, method.InvalidParameter("account_uuid", "one of account_uuid and username is needed")
	case p.Username != "" && p.ConfigName == "":
		return nil, method.InvalidParameter("config_name", "it is needed beside username")
	}
	users, err := c.users(ctx, p.ConfigName)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(users, func(u issuer.User) bool {
		return p.UUID == "" && u.User == p.Username || strings.EqualFold(method.UserUUID(u.Eauth, u.User), p.UUID)
	})
	if i < 0 {
		return nil, errNoUser()
	}
	if err := c.api.Accounts.AddRights(ctx, users[i:i+1]); err != nil {
		return nil, err
	}
	return c.api.showUser(users[i], true, true, true, true), nil
}

func errNoUser() *method.Error {
	return &method.Error{Code: method.CodeNotFound, Message: "there is no such user"}
}

// userNamed returns the eauth module and the name of a user, who does not have to be
// known unless a uuid names it.
func (c *call) userNamed(ctx context.Context, configName, name, uuid string) (eauth, user string, err error) {
	switch {
	case uuid == "" && (configName == "" || name == ""):
		return "", "", method.InvalidParameter("username", "account_uuid is needed, or config_name and username")
	case uuid == "":
		return c.api.Logins.Module(configName), name, nil
	}
	users, err := c.api.Accounts.Users(ctx, c.Caller.Issuer())
	if err != nil {
		return "", "", err
	}
	i := slices.IndexFunc(users, func(u issuer.User) bool { return strings.EqualFold(method.UserUUID(u.Eauth, u.User), uuid) })
	switch {
	case i < 0 && name != "" && configName != "" && strings.EqualFold(method.UserUUID(c.api.Logins.Module(configName), name), uuid):
		return c.api.Logins.Module(configName), name, nil
	case i < 0:
		return "", "", errNoUser()
	case name != "" && name != users[i].User, configName != "" && c.api.Logins.Module(configName) != users[i].Eauth:
		return "", "", elsewhere("username", "username: users have the names that their eauth module knows, and cannot be renamed here")
	}
	return users[i].Eauth, users[i].User, nil
}

type saveUserParams struct {
	ConfigName string        `rpc:"config_name" doc:"The eauth module; internal is the default one."`
	Username   string        `rpc:"username" doc:"The name. It cannot be changed."`
	UUID       string        `rpc:"account_uuid" format:"uuid" doc:"The uuid of a user that is known, in place of the name."`
	Perms      []string      `rpc:"perms" doc:"The user's own permissions, in place of those before."`
	Roles      []string      `rpc:"roles" doc:"The user's own roles, by names or uuids, in place of those before."`
	Groups     []string      `rpc:"groups" doc:"The groups of the same eauth module that the user is put into, by names or uuids, in place of those before. They must be saved."`
	Password   string        `rpc:"password" doc:"Not supported: passwords are those of the eauth module."`
	RemoteUID  string        `rpc:"remote_uid" doc:"The user's id in a directory."`
	CustomData method.Object `rpc:"custom_data" doc:"Any object."`
}

func saveUser(ctx context.Context, c *call, p saveUserParams) (any, error) {
	if p.Password != "" {
		return nil, elsewhere("password", "password: passwords are those of the master's eauth modules, and are set there")
	}
	eauth, user, err := c.userNamed(ctx, p.ConfigName, p.Username, p.UUID)
	if err != nil {
		return nil, err
	}
	roles, err := c.roleNames(ctx, p.Roles)
	if err != nil {
		return nil, err
	}
	groups, err := c.groupNames(ctx, eauth, p.Groups)
	if err != nil {
		return nil, err
	}
	err = c.api.Accounts.PutUser(ctx, c.Caller.Issuer(), eauth, user, func(u *issuer.SavedUser) {
		if p.Perms != nil {
			u.Permissions = permissionsOf(p.Perms)
		}
		if p.Roles != nil {
			u.Roles = roles
		}
		if p.Groups != nil {
			u.Groups = groups
		}
		if p.RemoteUID != "" {
			u.RemoteUID = p.RemoteUID
		}
		if len(p.CustomData) > 0 {
			u.CustomData = method.Canonical(p.CustomData)
		}
	})
	if err != nil {
		return nil, accountError(err, "user")
	}
	return method.UserUUID(eauth, user), nil
}

// roleNames returns the names of roles, each of which is given by its name or its uuid.
func (c *call) roleNames(ctx context.Context, given []string) ([]string, error) {
	if !slices.ContainsFunc(given, method.IsUUID) {
		return given, nil
	}
	names := make([]string, len(given))
	for i, name := range given {
		names[i] = name
		if !method.IsUUID(name) {
			continue
		}
		r, ok, err := c.role(ctx, "", name)
		if err != nil {
			return nil, err
		}
		if ok {
			names[i] = r.Name
		}
	}
	return names, nil
}

type saveUserLinkParams struct {
	ConfigName string            `rpc:"config_name,required" doc:"The eauth module; internal is the default one."`
	Username   string            `rpc:"username,required" doc:"The name."`
	DN         method.TextOrList `rpc:"user_dn,required" doc:"The user's name in the directory."`
	Enabled    bool              `rpc:"enabled" default:"true" doc:"False is not supported: external_auth decides who may log in."`
}

func saveUserLink(ctx context.Context, c *call, p saveUserLinkParams) (any, error) {
	if !p.Enabled {
		return nil, elsewhere("enabled", "enabled: the master's external_auth decides who may log in")
	}
	eauth, user, err := c.userNamed(ctx, p.ConfigName, p.Username, "")
	if err != nil {
		return nil, err
	}
	return nil, accountError(c.api.Accounts.PutUser(ctx, c.Caller.Issuer(), eauth, user, func(u *issuer.SavedUser) {
		u.RemoteUID = strings.Join(p.DN, "; ")
	}), "user")
}

type deleteUserParams struct {
	ConfigName string `rpc:"config_name" doc:"The eauth module; internal is the default one."`
	Username   string `rpc:"username" doc:"The name; it needs config_name."`
	UUID       string `rpc:"account_uuid" format:"uuid" doc:"The uuid, in place of the name."`
}

func deleteUser(ctx context.Context, c *call, p deleteUserParams) (any, error) {
	eauth, user, err := c.userNamed(ctx, p.ConfigName, p.Username, p.UUID)
	if err != nil {
		return nil, err
	}
	if err := c.api.Accounts.DeleteUser(ctx, c.Caller.Issuer(), eauth, user); err != nil {
		return nil, accountError(err, "user with anything saved")
	}
	c.Warn("the user may still log in, as external_auth says, and its API tokens stay until they are revoked")
	return nil, nil
}

type changePasswordParams struct {
	UUID     string `rpc:"account_uuid,required" format:"uuid" doc:"The user."`
	Password string `rpc:"password,required" doc:"It is not looked at."`
}

func changePassword(context.Context, *call, changePasswordParams) (any, error) {
	return nil, elsewhere("", "passwords are those of the master's eauth modules, and are changed there")
}
