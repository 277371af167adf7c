package role

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Role is a named set of rights.
type Role struct {
	Name        string       `json:"name"`
	Description string       `json:"description,omitempty"`
	Permissions []Permission `json:"permissions,omitempty"`

	// Targets are the compound targets of [CmdRun], one of which has to match a
	// minion. Without any, and without [TargetAllMinionsRun], CmdRun by itself allows no
	// command.
	Targets []string `json:"targets,omitempty"`

	// ACL are rules as in external_auth, which allow more than the permissions.
	ACL ACL `json:"acl,omitempty"`

	BuiltIn bool `json:"built_in,omitempty"`
}

// IsOpen reports whether a role has [CmdRun] and no targets: it runs where others name
// it, see [Set.With].
func (r Role) IsOpen() bool {
	return slices.Contains(r.Permissions, CmdRun) && !slices.Contains(r.Permissions, TargetAllMinionsRun) && len(r.Targets) == 0
}

const (
	maxDescription = 500 // bytes
	maxTargets     = 500
	maxPermissions = 500
	maxName        = 64 // bytes
)

// roleName allows characters of an OAuth scope (RFC 6749, section 3.3) that need no
// quotes anywhere, and single blanks in between: see [ScopeText].
var roleName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]*( [A-Za-z0-9._:-]+)*$`)

// IsName reports whether a text can be the name of a role.
func IsName(name string) bool { return len(name) <= maxName && roleName.MatchString(name) }

// Check returns all that is wrong with a role, as an error for its author.
func (r Role) Check() error {
	var errs []error
	complain := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !IsName(r.Name) {
		complain("name: up to %d letters, digits and . _ : - are a name, with a letter or digit in front, and with single blanks in between", maxName)
	}
	if len(r.Description) > maxDescription || !utf8.ValidString(r.Description) {
		complain("description: longer than %d bytes, or not UTF-8", maxDescription)
	}
	has := make(map[Permission]bool)
	for _, p := range r.Permissions {
		if !p.WellFormed() {
			complain("permissions: there is no permission %q", p)
		}
		if has[p] {
			complain("permissions: %q stands there twice", p)
		}
		has[p] = true
	}
	if len(r.Permissions) > maxPermissions {
		complain("permissions: more than %d", maxPermissions)
	}
	switch anywhere := has[TargetAllMinionsRun]; {
	case has[CmdRun] && anywhere && len(r.Targets) > 0:
		complain("targets: they mean nothing beside %s", TargetAllMinionsRun)
	case !has[CmdRun] && len(r.Targets) > 0:
		complain("targets: they mean nothing without %s", CmdRun)
	}
	if len(r.Targets) > maxTargets {
		complain("targets: more than %d", maxTargets)
	}
	for _, t := range r.Targets {
		if err := checkTarget(t); err != nil {
			complain("targets: %q: %w", t, err)
		}
	}
	for _, err := range r.ACL.check() {
		complain("acl: %w", err)
	}
	if len(r.Permissions) == 0 && len(r.ACL) == 0 {
		complain("a role without permissions and acl allows nothing")
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("role %q: %w", r.Name, err)
	}
	return nil
}

// Roles are all roles: the built-in ones and the operator's.
type Roles struct {
	all  []Role
	find map[string]int
}

// NewRoles returns the built-in roles and the operator's. Names must not differ in
// case only, so that no role is mistaken for another.
func NewRoles(own ...Role) (*Roles, error) {
	r := &Roles{all: BuiltIn(), find: make(map[string]int)}
	for _, role := range own {
		role.BuiltIn = false
		r.all = append(r.all, role)
	}
	var errs []error
	seen := make(map[string]string)
	for i, role := range r.all {
		if err := role.Check(); err != nil {
			errs = append(errs, err)
		}
		folded := strings.ToLower(role.Name)
		if other, ok := seen[folded]; ok {
			errs = append(errs, fmt.Errorf("role %q: there is a role %q already", role.Name, other))
		}
		seen[folded] = role.Name
		r.find[role.Name] = i
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return r, nil
}

// All returns every role, the built-in ones first.
func (r *Roles) All() []Role { return append([]Role(nil), r.all...) }

// Get returns a role by its name.
func (r *Roles) Get(name string) (Role, bool) {
	i, ok := r.find[name]
	if !ok {
		return Role{}, false
	}
	return r.all[i], true
}

// Compile returns the set of the roles with these names. A name without a role
// allows nothing.
func (r *Roles) Compile(names []string, o Options) *Set {
	var roles []Role
	for _, name := range names {
		if role, ok := r.Get(name); ok {
			roles = append(roles, role)
		}
	}
	return Compile(o, roles...)
}
