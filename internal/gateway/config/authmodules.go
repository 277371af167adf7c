package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/saltmaster/authmodule"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
)

// ModuleRights returns a function with the rights that an eauth module itself
// gives its users.
func (c *Config) ModuleRights() func(module string) eauth.ModuleRights {
	modules := authModules(c.Master, c.Settings.Auth.Deciding)
	return func(module string) eauth.ModuleRights {
		s := modules.Says(module)
		return eauth.ModuleRights{ACL: s.ACL, Process: s.Process}
	}
}

// RightsUnknown returns a function that reports whether the rights of an eauth
// module's users are known only after a login. With keep_acl_in_token a login
// at salt-api has the rights that acl() has returned for the password; the
// rules of external_auth, which apply to a token without a login, may allow
// more. Without the option they are the rights of a session of salt-api.
func (c *Config) RightsUnknown() func(module string) bool {
	rights := c.ModuleRights()
	return func(module string) bool { return c.Master.KeepACLInToken && rights(module).ACL }
}

// Reusable returns a function that reports whether a token that the master made
// for a name and a password may serve further requests with the same two. It
// may not where the master decides about rights when it makes the token: with
// keep_acl_in_token, or by a module that decides itself.
func (c *Config) Reusable() func(module string) bool {
	rights := c.ModuleRights()
	return func(module string) bool {
		return !c.Master.KeepACLInToken && slices.Contains(c.Settings.Auth.ReuseModules, module) && !rights(module).Any()
	}
}

// authModules returns the master's eauth modules as far as they are in the
// configuration.
func authModules(mc *masterconf.Config, deciding []string) authmodule.Modules {
	m := authmodule.Modules{ACLModule: aclModule(mc), Deciding: deciding}
	for _, dir := range folders(mc, "module_dirs") {
		m.Dirs = append(m.Dirs, filepath.Join(dir, "auth"), filepath.Join(dir, "_auth"))
	}
	m.Dirs = append(m.Dirs, filepath.Join(mc.ExtensionModules, "auth"))
	m.Dirs = append(m.Dirs, folders(mc, "auth_dirs")...)
	if ldap, ok := mc.ExternalAuth.Module("ldap"); ok {
		for _, r := range ldap.Rules {
			m.OUs = m.OUs || namesOU(r.Allow)
		}
	}
	return m
}

// checkDeciding checks auth.deciding, which a misspelled name would make
// ineffective.
func checkDeciding(mc *masterconf.Config, deciding []string) error {
	var problems []error
	for _, name := range deciding {
		if _, ok := mc.ExternalAuth.Module(name); !ok {
			problems = append(problems, fmt.Errorf("auth.deciding: external_auth has no %q", name))
		}
	}
	return errors.Join(problems...)
}

// aclModule returns eauth_acl_module. A value that is not text counts as the
// name of a module, since it is true in Python.
func aclModule(mc *masterconf.Config) string {
	switch v := option(mc, "eauth_acl_module").(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		if !v {
			return ""
		}
		return "true"
	default:
		return fmt.Sprint(v)
	}
}

// namesOU reports whether a list of rules has one for an OU of the directory.
func namesOU(rules any) bool {
	list, _ := rules.([]any)
	for _, rule := range list {
		m, _ := rule.(*yaml11.Map)
		for item := range m.All() {
			if strings.HasPrefix(fmt.Sprint(item.Key), "ldap(") {
				return true
			}
		}
	}
	return false
}

// Modes describes the effect of each eauth module of external_auth that gives rights itself.
func (c *Config) Modes() (all []string) {
	m := authModules(c.Master, c.Settings.Auth.Deciding)
	for _, module := range c.Master.ExternalAuth {
		s := m.Says(module.Name)
		if s == (authmodule.Says{}) {
			continue
		}
		text := module.Name + ": " + s.Why + ": the master authorizes with the credentials of each request"
		if s.ACL && c.Master.KeepACLInToken {
			text += "; API tokens of these users are refused, since keep_acl_in_token keeps what they may do in the tokens of logins"
		}
		all = append(all, text)
	}
	return all
}
