package tokens

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

// listRoles answers GET /v1/roles, with a table of the permissions for creating
// roles.
func (api *native) listRoles(c *call) (answer, error) {
	roles, err := api.Tokens.Roles(c, c.caller)
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, struct {
		Roles       []role.Role      `json:"roles"`
		Permissions []role.Described `json:"permissions"`
	}{roles, role.Permissions()}}, nil
}

// role answers GET /v1/roles/{name}.
func (api *native) role(c *call) (answer, error) {
	r, err := api.Tokens.Role(c, c.caller, chi.URLParam(c.Request, "name"))
	return answer{http.StatusOK, r}, err
}

// createRole answers POST /v1/roles.
func (api *native) createRole(c *call) (answer, error) {
	r, err := takeRole(c, "")
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusCreated, r}, api.Tokens.PutRole(c, c.caller, r, true)
}

// putRole answers PUT /v1/roles/{name}, which creates or replaces the role.
func (api *native) putRole(c *call) (answer, error) {
	r, err := takeRole(c, chi.URLParam(c.Request, "name"))
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, r}, api.Tokens.PutRole(c, c.caller, r, false)
}

func takeRole(c *call, name string) (role.Role, error) {
	r := role.Role{Name: name}
	err := decode(c.body, map[string]any{
		"name": &r.Name, "description": &r.Description, "permissions": &r.Permissions,
		"targets": &r.Targets, "acl": &r.ACL,
	})
	if err == nil && name != "" && r.Name != name {
		err = issuer.Errorf(issuer.Invalid, "name: it cannot be changed")
	}
	return r, err
}

// deleteRole answers DELETE /v1/roles/{name}.
func (api *native) deleteRole(c *call) (answer, error) {
	err := api.Tokens.DeleteRole(c, c.caller, chi.URLParam(c.Request, "name"))
	return answer{status: http.StatusNoContent}, err
}
