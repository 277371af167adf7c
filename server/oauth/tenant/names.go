package tenant

import (
	"cmp"
	"errors"
	"net/url"
	"strings"
)

// The prefixes of URNs.
const (
	TokenURN   = "urn:vcloud:token:" //nolint:gosec // what the ids of tokens begin with
	AccountURN = "urn:vcloud:serviceAccount:"

	roleURN = "urn:vcloud:role:"
)

// User returns the reference to a user. Users are not stored, so the id is
// derived from the name.
func User(eauth, name string) Reference {
	return Reference{Name: name, ID: "urn:vcloud:user:" + UUID("user", eauth+"\x00"+name)}
}

// RoleURN returns the URN of a role.
func RoleURN(role string) string { return roleURN + url.PathEscape(role) }

// builtIn maps Cloud Director's built-in roles to roles here.
var builtIn = map[string]string{
	"System Administrator":       "Superuser",
	"Organization Administrator": "Administrator",
	"vApp User":                  "User",
}

// Role returns the role for a name of Cloud Director.
func Role(name string) string { return cmp.Or(builtIn[name], name) }

// ErrRoleURN is returned for a malformed URN of a role in a scope. The text is
// for the client.
var ErrRoleURN = errors.New("that is no URN of a role")

// Scopes returns the roles of a scope parameter, which has their names or their
// URNs. Its error is [ErrRoleURN].
func Scopes(text string) ([]string, error) {
	var roles []string
	for scope := range strings.FieldsSeq(text) {
		if urn, ok := strings.CutPrefix(scope, roleURN); ok {
			name, err := url.PathUnescape(urn)
			if err != nil {
				return nil, ErrRoleURN // the cause would quote it
			}
			scope = Role(name)
		}
		roles = append(roles, scope)
	}
	return roles, nil
}
