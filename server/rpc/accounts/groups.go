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

func (a *API) groupMethods() []*method.Method {
	see := []role.Permission{role.GroupRead, role.GroupWrite, role.UserRead, role.UserWrite}
	write, remove := []role.Permission{role.GroupWrite}, []role.Permission{role.GroupDelete}
	return []*method.Method{
		declare(a, method.About{
			Name: "auth.get_all_groups", Doc: "Return the groups that are saved, and those that the users who are known here had at their last login. " +
				"With users there is one more row, without a name, for those without a group.",
			Returns: "`{count, results}`, a row for each group", Needs: see, Served: a.Accounts != nil,
		}, getAllGroups),
		declare(a, method.About{
			Name: "auth.get_group", Doc: "Return one group, by uuid, or by name and eauth module.", Returns: "a row as of get_all_groups",
			Needs: see, Served: a.Accounts != nil,
		}, getGroup),
		declare(a, method.About{
			Name: "auth.save_group", Doc: "Save a group with roles. Its members are the users of the eauth module who are in a group of this name there, " +
				"and those that save_user and links put into it. What is not given stays as it is. Nobody gives what they do not have.",
			Returns: "the uuid", Needs: write, Served: a.Accounts != nil,
		}, saveGroup),
		declare(a, method.About{
			Name: "auth.delete_group", Doc: "Delete what is saved of a group, and its links. Its members lose its roles.", Returns: "null",
			Needs: remove, Served: a.Accounts != nil,
		}, deleteGroup),
		declare(a, method.About{
			Name: "auth.get_group_links", Doc: "Find links of groups.", Returns: "a list of links", Needs: see, Served: a.Accounts != nil,
		}, getGroupLinks),
		declare(a, method.About{
			Name: "auth.save_group_link", Doc: "Link a group of some eauth module with a saved one, whose roles its members get. The caller must have these roles.",
			Returns: "null", Needs: write, Served: a.Accounts != nil,
		}, saveGroupLink),
		declare(a, method.About{
			Name: "auth.delete_group_link", Doc: "Delete a link.", Returns: "null", Needs: remove, Served: a.Accounts != nil,
		}, deleteGroupLink),
	}
}

// shownGroup is a group.
type shownGroup struct {
	UUID       *string         `json:"uuid"`
	ConfigName *string         `json:"config_name"`
	RemoteUID  *string         `json:"remote_uid"`
	Name       *string         `json:"name"`
	Desc       string          `json:"desc"`
	Roles      []string        `json:"roles"`
	Users      []shownUser     `json:"users,omitzero"`
	CustomData json.RawMessage `json:"custom_data,omitzero"`

	key   issuer.GroupKey
	saved bool
}

func groupUUID(k issuer.GroupKey) string { return method.UUIDOf("group", k.Eauth+"\x00"+k.Name) }

// groups returns the groups that are saved, and those of users, in the order of their
// names.
func (c *call) groups(ctx context.Context, configName string, withUsers, custom bool) ([]shownGroup, error) {
	saved, err := c.api.Accounts.Groups(ctx, c.Caller.Issuer())
	if err != nil {
		return nil, err
	}
	var users []issuer.User
	if c.May(ctx, role.UserRead, role.UserWrite) == nil {
		if users, err = c.users(ctx, configName); err != nil {
			return nil, err
		}
	}
	if withUsers {
		if err := c.api.Accounts.AddRights(ctx, users); err != nil {
			return nil, err
		}
	}
	at := make(map[issuer.GroupKey]*shownGroup)
	group := func(k issuer.GroupKey) (*shownGroup, error) {
		if g := at[k]; g != nil {
			return g, nil
		}
		roles, err := c.api.Accounts.RolesOfGroup(ctx, k.Name, k.Eauth)
		if err != nil {
			return nil, err
		}
		id, module := groupUUID(k), c.api.Logins.ConfigName(k.Eauth)
		g := &shownGroup{UUID: &id, ConfigName: &module, Name: &k.Name, Roles: append([]string{}, roles...), key: k}
		if withUsers {
			g.Users = []shownUser{}
		}
		if custom {
			g.CustomData = customData(nil)
		}
		at[k] = g
		return g, nil
	}
	for _, s := range saved {
		if configName != "" && c.api.Logins.Module(configName) != s.Eauth {
			continue
		}
		g, err := group(s.GroupKey)
		if err != nil {
			return nil, err
		}
		if g.Desc, g.RemoteUID, g.saved = s.Description, method.Pointer(s.RemoteUID), true; custom {
			g.CustomData = customData(s.CustomData)
		}
	}
	alone := shownGroup{Roles: []string{}, Users: []shownUser{}}
	for _, u := range users {
		var shown shownUser
		if withUsers {
			shown = c.api.showUser(u, true, true, true, false)
		}
		if len(u.Groups) == 0 {
			alone.Users = append(alone.Users, shown)
		}
		for _, name := range u.Groups {
			g, err := group(issuer.GroupKey{Eauth: u.Eauth, Name: name})
			if err != nil {
				return nil, err
			}
			if withUsers {
				g.Users = append(g.Users, shown)
			}
		}
	}
	groups := make([]shownGroup, 0, len(at)+1)
	for _, g := range at {
		groups = append(groups, *g)
	}
	slices.SortFunc(groups, func(a, b shownGroup) int {
		return strings.Compare(a.key.Name+"\x00"+a.key.Eauth, b.key.Name+"\x00"+b.key.Eauth)
	})
	if withUsers && len(alone.Users) > 0 {
		groups = append(groups, alone)
	}
	return groups, nil
}

type getAllGroupsParams struct {
	ConfigName string `rpc:"config_name" doc:"The eauth module; internal is the default one."`
	Users      bool   `rpc:"include_users" default:"false" doc:"Return the users, too."`
	CustomData bool   `rpc:"include_custom_data" default:"false" doc:"Return custom data, too."`
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
	return method.PageOf(groups, p.Page, p.Limit), nil
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
		return nil, method.InvalidParameter("group_uuid", "one of group_uuid and group_name is needed")
	case p.Name != "" && p.ConfigName == "":
		return nil, method.InvalidParameter("config_name", "it is needed beside group_name")
	}
	groups, err := c.groups(ctx, p.ConfigName, p.Users, true)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		if g.Name != nil && (p.UUID == "" && *g.Name == p.Name || strings.EqualFold(*g.UUID, p.UUID)) {
			return g, nil
		}
	}
	return nil, errNoGroup()
}

func errNoGroup() *method.Error {
	return &method.Error{Code: method.CodeNotFound, Message: "there is no such group"}
}

// groupNamed returns the group that a uuid, or a name and an eauth module, name. One
// with a uuid has to be known.
func (c *call) groupNamed(ctx context.Context, configName, name, uuid string) (k issuer.GroupKey, err error) {
	switch {
	case uuid == "" && (configName == "" || name == ""):
		return k, method.InvalidParameter("group_name", "group_uuid is needed, or config_name and group_name")
	case uuid == "":
		return issuer.GroupKey{Eauth: c.api.Logins.Module(configName), Name: name}, nil
	}
	groups, err := c.groups(ctx, "", false, false)
	if err != nil {
		return k, err
	}
	i := slices.IndexFunc(groups, func(g shownGroup) bool { return strings.EqualFold(*g.UUID, uuid) })
	switch {
	case i < 0:
		return k, errNoGroup()
	case name != "" && name != groups[i].key.Name:
		return k, elsewhere("group_name", "group_name: groups have the names that their eauth module knows, and cannot be renamed here")
	}
	return groups[i].key, nil
}

// groupNames returns the names of saved groups of an eauth module, each of which is
// given by its name or its uuid.
func (c *call) groupNames(ctx context.Context, eauth string, given []string) ([]string, error) {
	if len(given) == 0 {
		return given, nil
	}
	groups, err := c.groups(ctx, c.api.Logins.ConfigName(eauth), false, false)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(given))
	for i, name := range given {
		at := slices.IndexFunc(groups, func(g shownGroup) bool { return g.saved && (g.key.Name == name || strings.EqualFold(*g.UUID, name)) })
		if at < 0 {
			return nil, method.InvalidParameter("groups", "there is no saved group of this name, in this eauth module")
		}
		names[i] = groups[at].key.Name
	}
	return names, nil
}

type saveGroupParams struct {
	ConfigName string        `rpc:"config_name" doc:"The eauth module; internal is the default one."`
	Name       string        `rpc:"group_name" doc:"The name. It cannot be changed."`
	UUID       string        `rpc:"group_uuid" format:"uuid" doc:"The uuid of a group that is known, in place of the name."`
	Desc       string        `rpc:"description" doc:"The description."`
	Roles      []string      `rpc:"roles" doc:"The roles of its members, by names or uuids, in place of those before."`
	CustomData method.Object `rpc:"custom_data" doc:"Any object."`
	RemoteUID  string        `rpc:"remote_uid" doc:"The group's id in a directory."`
}

func saveGroup(ctx context.Context, c *call, p saveGroupParams) (any, error) {
	k, err := c.groupNamed(ctx, p.ConfigName, p.Name, p.UUID)
	if err != nil {
		return nil, err
	}
	roles, err := c.roleNames(ctx, p.Roles)
	if err != nil {
		return nil, err
	}
	err = c.api.Accounts.PutGroup(ctx, c.Caller.Issuer(), k, func(g *issuer.Group) {
		if p.Desc != "" {
			g.Description = p.Desc
		}
		if p.Roles != nil {
			g.Roles = roles
		}
		if len(p.CustomData) > 0 {
			g.CustomData = method.Canonical(p.CustomData)
		}
		if p.RemoteUID != "" {
			g.RemoteUID = p.RemoteUID
		}
	})
	if err != nil {
		return nil, accountError(err, "group")
	}
	return groupUUID(k), nil
}

type deleteGroupParams struct {
	ConfigName string `rpc:"config_name" doc:"The eauth module; internal is the default one."`
	Name       string `rpc:"group_name" doc:"The name; it needs config_name."`
	UUID       string `rpc:"group_uuid" format:"uuid" doc:"The uuid, in place of the name."`
}

func deleteGroup(ctx context.Context, c *call, p deleteGroupParams) (any, error) {
	k, err := c.groupNamed(ctx, p.ConfigName, p.Name, p.UUID)
	if err != nil {
		return nil, err
	}
	return nil, accountError(c.api.Accounts.DeleteGroup(ctx, c.Caller.Issuer(), k), "saved group")
}
