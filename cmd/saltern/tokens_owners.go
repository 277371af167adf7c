package main

import (
	"context"
	"log/slog"
	"path"
	"regexp"
	"slices"
	"strings"

	"saltern/eauth/pam"
	"saltern/eauth/token/apitoken"
	"saltern/eauth/token/issuer"
	"saltern/saltmaster/masterconf"
)

// tokenOwners tells whether the owners of tokens may still act: external_auth
// has to name them, and an account of eauth pam has to be one that PAM would
// let in. What they may do then is the master's to decide, with each command.
type tokenOwners struct {
	external masterconf.ExternalAuth
	pam      *pam.Accounts // nil where this process has no PAM
}

var _ issuer.Owners = (*tokenOwners)(nil)

func newTokenOwners(c *config, log *slog.Logger) *tokenOwners {
	o := pam.Options{
		Service:   c.master.AuthPAMService,
		ConfDir:   c.set.PAM.ConfDir,
		AllowRoot: c.set.PAM.AllowRoot || namesUser(c.master, "pam", "root"),
		Logger:    log,
	}
	owners := &tokenOwners{external: c.master.ExternalAuth}
	if pam.New(o).Check() == nil {
		owners.pam = pam.NewAccounts(o)
	}
	return owners
}

// Active is issuer.Owners'.
func (t *tokenOwners) Active(ctx context.Context, o apitoken.Owner) (active bool, groups []string, err error) {
	module, ok := t.external.Module(o.Eauth)
	if !ok || o.User == "" {
		return false, nil, nil
	}
	if o.Eauth == "pam" && t.pam != nil {
		active, groups, err = t.pam.Active(ctx, o.User)
		if !active || err != nil {
			return false, nil, err
		}
		groups = append([]string{}, groups...) // none is an answer too
	}
	return named(module, o.User, groups), groups, nil
}

// named tells whether rules of external_auth are for a user. Where his groups
// are not known (nil) each rule for a group may be; and a module may have
// options among its rules that say who is meant.
func named(m masterconf.EauthModule, user string, groups []string) bool {
	return slices.ContainsFunc(m.Rules, func(r masterconf.EauthRule) bool {
		if group, ok := strings.CutSuffix(r.Name, "%"); ok {
			return groups == nil || slices.Contains(groups, group)
		}
		return r.Name == "*" || strings.HasPrefix(r.Name, "^") || matchesUser(r.Name, user)
	})
}

// matchesUser matches as the master does: the name itself, a glob of it, or a
// regular expression.
func matchesUser(pattern, user string) bool {
	if pattern == user {
		return true
	}
	if ok, err := path.Match(pattern, user); ok && err == nil {
		return true
	}
	re, err := regexp.Compile(`\A(?:` + pattern + `)\z`)
	return err == nil && re.MatchString(user)
}
