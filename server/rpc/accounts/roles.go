package accounts

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/rpc/method"
	"github.com/saltern-api/saltern/server/web"
)

func (a *API) roleMethods() []*method.Method {
	see := []role.Permission{role.RoleRead, role.RoleWrite}
	return []*method.Method{
		declare(a, method.About{
			Name: "auth.get_all_roles", Doc: "Return all roles.", Returns: "an object with `{name, desc, uuid, perms}` for each role, in the order of their names",
			Needs: see, Served: a.Accounts != nil,
		}, getAllRoles),
		declare(a, method.About{
			Name: "auth.get_role", Doc: "Return one role, by its name or its uuid.", Returns: "an object with `{name, desc, uuid, perms}` for the role",
			Needs: see, Served: a.Accounts != nil,
		}, getRole),
		declare(a, method.About{
			Name: "auth.save_role", Doc: "Save a role: a new one, or changes of the one with this name or uuid. What is not given stays as it is. " +
				"It gives nobody more than the caller has, and changes none that is built in.",
			Returns: "the uuid", Needs: []role.Permission{role.RoleWrite}, Served: a.Accounts != nil,
		}, saveRole),
		declare(a, method.About{
			Name: "auth.delete_role", Doc: "Delete a role, by its name or its uuid. Users, groups and tokens lose what it allows.", Returns: "null",
			Needs: []role.Permission{role.RoleDelete}, Served: a.Accounts != nil,
		}, deleteRole),
	}
}

// shownRole is a role.
type shownRole struct {
	Name  string            `json:"name"`
	Desc  string            `json:"desc"`
	UUID  string            `json:"uuid"`
	Perms []role.Permission `json:"perms"`
}

func showRole(r role.Role) shownRole {
	return shownRole{r.Name, r.Description, roleUUID(r.Name), append([]role.Permission{}, r.Permissions...)}
}

func roleUUID(name string) string { return method.UUIDOf("role", name) }

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
	all, err := c.api.Accounts.Roles(ctx, c.Caller.Issuer())
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

type roleParams struct {
	Name string `rpc:"role_name" doc:"The name."`
	UUID string `rpc:"role_uuid" format:"uuid" doc:"The uuid, in place of the name."`
}

// role returns the role that a name or a uuid names.
func (c *call) role(ctx context.Context, name, uuid string) (r role.Role, ok bool, err error) {
	all, err := c.api.Accounts.Roles(ctx, c.Caller.Issuer())
	if err != nil {
		return r, false, err
	}
	i := slices.IndexFunc(all, func(r role.Role) bool {
		return uuid == "" && r.Name == name || strings.EqualFold(roleUUID(r.Name), uuid)
	})
	if i < 0 {
		return r, false, nil
	}
	return all[i], true, nil
}

// oneRole is role for a method with one of the parameters, whose role has to exist.
func (c *call) oneRole(ctx context.Context, p roleParams) (role.Role, error) {
	if (p.Name == "") == (p.UUID == "") {
		return role.Role{}, method.InvalidParameter("role_name", "one of role_name and role_uuid is needed")
	}
	r, ok, err := c.role(ctx, p.Name, p.UUID)
	if err == nil && !ok {
		err = &method.Error{Code: method.CodeNotFound, Message: "there is no such role"}
	}
	return r, err
}

func getRole(ctx context.Context, c *call, p roleParams) (any, error) {
	r, err := c.oneRole(ctx, p)
	if err != nil {
		return nil, err
	}
	return showRoles([]role.Role{r}), nil
}

type saveRoleParams struct {
	Name  string   `rpc:"role_name" doc:"The name."`
	UUID  string   `rpc:"role_uuid" format:"uuid" doc:"The uuid of the role to change. A role keeps its name."`
	Perms []string `rpc:"perms" doc:"The permissions. Those of SaltStack Config that allow nothing here are kept."`
	Desc  string   `rpc:"description" doc:"The description."`
}

func saveRole(ctx context.Context, c *call, p saveRoleParams) (any, error) {
	if p.Name == "" && p.UUID == "" {
		return nil, method.InvalidParameter("role_name", "one of role_name and role_uuid is needed")
	}
	r, ok, err := c.role(ctx, p.Name, p.UUID)
	switch {
	case err != nil:
		return nil, err
	case p.UUID != "" && !ok:
		return nil, &method.Error{Code: method.CodeNotFound, Message: "there is no such role"}
	case p.UUID != "" && p.Name != "" && p.Name != r.Name:
		return nil, elsewhere("role_name", "role_name: a role keeps its name, by which access lists and scopes of tokens know it: save a new one")
	case !ok:
		r.Name = p.Name
	case r.BuiltIn:
		return nil, &method.Error{Code: method.CodeForbidden, Message: "the role is built in"}
	}
	change := func(r *role.Role) {
		if p.Perms != nil {
			r.Permissions = permissionsOf(p.Perms)
		}
		if p.Desc != "" {
			r.Description = p.Desc
		}
	}
	if ok {
		err = c.api.Accounts.ChangeRole(ctx, c.Caller.Issuer(), r.Name, change)
	} else {
		change(&r)
		err = c.api.Accounts.PutRole(ctx, c.Caller.Issuer(), r, true)
	}
	if err != nil {
		return nil, accountError(err, "role")
	}
	return roleUUID(r.Name), nil
}

// permissionsOf returns permissions in their order, each once.
func permissionsOf(names []string) []role.Permission {
	all := []role.Permission{}
	for _, name := range names {
		if p := role.Permission(name); !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	return all
}

func deleteRole(ctx context.Context, c *call, p roleParams) (any, error) {
	r, err := c.oneRole(ctx, p)
	if err != nil {
		return nil, err
	}
	return nil, accountError(c.api.Accounts.DeleteRole(ctx, c.Caller.Issuer(), r.Name), "role")
}
