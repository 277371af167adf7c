package masterconf

import (
	"slices"

	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
)

// ExternalAuth is external_auth in the order of the file. The master decides with it; a gateway only looks at it.
type ExternalAuth []EauthModule

// EauthModule is what one eauth module, such as pam, permits its users.
type EauthModule struct {
	Name  string // pam, ldap, ...
	Rules []EauthRule
}

// EauthRule is what one user or group may do.
type EauthRule struct {
	// Name is a user, a pattern of users, "*", a group with a % behind it, or for some modules an option of their own
	// ("^model"). A number is its text.
	Name string
	// Allow is the value as written: most often a list of text and mappings, see package yaml11.
	Allow any
}

// Module returns the rules of one eauth module.
func (e ExternalAuth) Module(name string) (EauthModule, bool) {
	for _, m := range e {
		if m.Name == name {
			return m, true
		}
	}
	return EauthModule{}, false
}

// externalAuth reads external_auth. Salt does not start where it is null.
func (c *Config) externalAuth(o options) {
	const key = "external_auth"
	v, at, ok := o.item(key)
	if !ok {
		return
	}
	modules, ok := v.(*yaml11.Map)
	switch {
	case v == nil: // with nothing here salt-api does not start
		o.rep.problem(at, "has to be a mapping of eauth modules, not %s", kind(v))
		return
	case !ok:
		o.rep.warn(at, "is %s and not a mapping of eauth modules: nobody can log in", kind(v))
		return
	}
	o.raw(key)
	for it := range modules.All() {
		m := EauthModule{Name: keyText(it.Key)}
		rules, ok := it.Value.(*yaml11.Map)
		if !ok {
			o.rep.warn(where{it.File, it.Line, key + "." + m.Name}, "is %s and not a mapping of users", kind(it.Value))
		}
		for rule := range rules.All() {
			m.Rules = append(m.Rules, EauthRule{Name: keyText(rule.Key), Allow: rule.Value})
		}
		c.ExternalAuth = append(c.ExternalAuth, m)
	}
	// The rest module keeps no password to authenticate again with, so Salt keeps its answer in the token.
	if _, ok := c.ExternalAuth.Module("rest"); ok && !c.KeepACLInToken {
		o.rep.warn(at, "the rest module needs keep_acl_in_token: Salt takes it for True")
		c.KeepACLInToken = true
	}
}

// MayChooseTokenExpire reports whether a user may choose another lifetime of a token than TokenExpire, by
// token_expire_user_override: true lets everybody, a mapping from an eauth module lets the users that it lists.
func (c *Config) MayChooseTokenExpire(eauth, user string) bool {
	switch override := c.TokenExpireUserOverride.(type) {
	case bool:
		return override
	case *yaml11.Map:
		users, _ := override.Get(eauth)
		return lists(users, user)
	}
	return false
}

// lists reports whether a list, or the keys of a mapping, hold a name. Salt would find it inside of longer text too, where
// there is text in place of a list; that is never meant.
func lists(v any, name string) bool {
	switch v := v.(type) {
	case string:
		return v == name
	case []any:
		return slices.Contains(v, any(name))
	case *yaml11.Map:
		_, ok := v.Get(name)
		return ok
	}
	return false
}
