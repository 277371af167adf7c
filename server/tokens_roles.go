package server

import (
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

// listRoles answers GET /v1/roles, with a table of the permissions to make
// others of.
func (n *native) listRoles(c *nativeCall) (nativeAnswer, error) {
	roles, err := n.tokens.Roles(c, c.caller)
	if err != nil {
		return nativeAnswer{}, err
	}
	return nativeAnswer{http.StatusOK, struct {
		Roles       []role.Role      `json:"roles"`
		Permissions []role.Described `json:"permissions"`
	}{roles, role.Permissions()}}, nil
}

// role answers GET /v1/roles/{name}.
func (n *native) role(c *nativeCall) (nativeAnswer, error) {
	r, err := n.tokens.Role(c, c.caller, chi.URLParam(c.Request, "name"))
	return nativeAnswer{http.StatusOK, r}, err
}

// createRole answers POST /v1/roles.
func (n *native) createRole(c *nativeCall) (nativeAnswer, error) {
	r, err := takeRole(c, "")
	if err != nil {
		return nativeAnswer{}, err
	}
	return nativeAnswer{http.StatusCreated, r}, n.tokens.PutRole(c, c.caller, r, true)
}

// putRole answers PUT /v1/roles/{name}: the role is as the body has it
// afterwards, whether there was one before or not.
func (n *native) putRole(c *nativeCall) (nativeAnswer, error) {
	r, err := takeRole(c, chi.URLParam(c.Request, "name"))
	if err != nil {
		return nativeAnswer{}, err
	}
	return nativeAnswer{http.StatusOK, r}, n.tokens.PutRole(c, c.caller, r, false)
}

func takeRole(c *nativeCall, name string) (role.Role, error) {
	r := role.Role{Name: name}
	err := decodeInto(c.body, map[string]any{
		"name": &r.Name, "description": &r.Description, "permissions": &r.Permissions,
		"targets": &r.Targets, "acl": &r.ACL,
	})
	if err == nil && name != "" && r.Name != name {
		err = fmt.Errorf("%w: name: it cannot be changed", issuer.ErrInvalid)
	}
	return r, err
}

// deleteRole answers DELETE /v1/roles/{name}.
func (n *native) deleteRole(c *nativeCall) (nativeAnswer, error) {
	err := n.tokens.DeleteRole(c, c.caller, chi.URLParam(c.Request, "name"))
	return nativeAnswer{status: http.StatusNoContent}, err
}
