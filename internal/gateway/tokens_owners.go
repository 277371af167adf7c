package gateway

import (
	"context"
	"log/slog"
	"net/netip"

	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/pam"
)

// tokenOwners tells whether the owners of tokens may still act: external_auth
// has to name them, and an account of eauth pam has to be one that PAM would
// let in. What they may do then is the master's to decide, with each command.
type tokenOwners struct {
	rules *acl.Rules
	pam   *pam.Accounts // nil where this process has no PAM
}

var _ issuer.Owners = (*tokenOwners)(nil)

func newTokenOwners(c *Config, log *slog.Logger) *tokenOwners {
	o := pam.Options{
		Service:   c.master.AuthPAMService,
		ConfDir:   c.set.PAM.ConfDir,
		AllowRoot: c.set.PAM.AllowRoot || namesUser(c.master, "pam", "root"),
		Logger:    log,
	}
	owners := &tokenOwners{rules: aclRules(c.master)}
	if pam.New(o).Check() == nil {
		owners.pam = pam.NewAccounts(o)
	}
	return owners
}

// Active is issuer.Owners'.
func (t *tokenOwners) Active(
	ctx context.Context, o apitoken.Owner, from netip.Addr, last *issuer.LastLogin,
) (active bool, groups []string, err error) {
	if o.User == "" {
		return false, nil, nil
	}
	if o.Eauth == "pam" && t.pam != nil {
		active, groups, err = t.pam.Active(ctx, o.User, from)
		if !active || err != nil {
			return false, nil, err
		}
		groups = append([]string{}, groups...) // none is an answer too
	}
	who := acl.Who{Eauth: o.Eauth, User: o.User, Groups: groups}
	if groups == nil && last != nil {
		who.Groups = last.Groups
	}
	return t.rules.Named(who, groups != nil || last != nil) == acl.Allowed, groups, nil
}
