package gateway

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/saltmaster/authmodule"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
	"github.com/saltern-api/saltern/server"
)

// authModules are the master's eauth modules as far as the configuration tells.
func authModules(mc *masterconf.Config, deciding []string) authmodule.Modules {
	m := authmodule.Modules{ACLModule: aclModule(mc), Deciding: deciding}
	for _, dir := range listed(mc, "module_dirs") {
		m.Dirs = append(m.Dirs, filepath.Join(dir, "auth"), filepath.Join(dir, "_auth"))
	}
	m.Dirs = append(m.Dirs, filepath.Join(mc.ExtensionModules, "auth"))
	m.Dirs = append(m.Dirs, listed(mc, "auth_dirs")...)
	if ldap, ok := mc.ExternalAuth.Module("ldap"); ok {
		for _, r := range ldap.Rules {
			m.OUs = m.OUs || namesOU(r.Allow)
		}
	}
	return m
}

// checkDeciding finds slips in auth.deciding: what it is for would not happen.
func checkDeciding(mc *masterconf.Config, deciding []string) error {
	var problems []error
	for _, name := range deciding {
		if _, ok := mc.ExternalAuth.Module(name); !ok {
			problems = append(problems, fmt.Errorf("auth.deciding: external_auth has no %q", name))
		}
	}
	return errors.Join(problems...)
}

// aclModule is eauth_acl_module. What is no text is taken for the name of a module all the same, as Python takes it for
// true.
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

// listed is an option that is a list of folders, or one folder.
func listed(mc *masterconf.Config, name string) []string {
	switch v := option(mc, name).(type) {
	case string:
		return []string{v}
	case []any:
		dirs := make([]string, len(v))
		for i, e := range v {
			dirs[i] = fmt.Sprint(e)
		}
		return dirs
	}
	return nil
}

// namesOU tells whether a list of rules has one for an OU of the directory.
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

// says is what an eauth module says, in the terms of package eauth.
func says(m authmodule.Modules) func(string) eauth.ModuleRights {
	return func(module string) eauth.ModuleRights {
		s := m.Says(module)
		return eauth.ModuleRights{ACL: s.ACL, Process: s.Process}
	}
}

// modes says of each eauth module of external_auth that has a say of its own what that means.
func modes(mc *masterconf.Config, deciding []string) (all []string) {
	m := authModules(mc, deciding)
	for _, module := range mc.ExternalAuth {
		s := m.Says(module.Name)
		if s == (authmodule.Says{}) {
			continue
		}
		text := module.Name + ": " + s.Why + ": the master authorizes with the credentials of each request"
		if s.ACL && mc.KeepACLInToken {
			text += "; API tokens of these users are refused, since keep_acl_in_token keeps what they may do in the tokens of logins"
		}
		all = append(all, text)
	}
	return all
}

// carrier counts what becomes of credentials that go to the master in a command.
type carrier struct {
	eauth.Carrier
	metrics *server.AuthMetrics
}

// Carry is eauth.Carrier's.
func (c carrier) Carry(
	ctx context.Context, creds eauth.Credentials, send func(ctx context.Context) (eauth.Verdict, error),
) (eauth.Verdict, error) {
	v, err := c.Carrier.Carry(ctx, creds, send)
	if v != eauth.NoVerdict {
		c.metrics.Observe("master", v == eauth.Right, nil)
	} else {
		c.metrics.Observe("master", false, err)
	}
	return v, err
}
