package tokens

import (
	"context"
	"log/slog"
	"net/netip"

	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/pam"
	"github.com/saltern-api/saltern/internal/gateway/config"
)

// owners reports whether the owners of tokens may still act: external_auth has
// to contain them, and an account of eauth pam has to be accepted by PAM. What
// they may do is then decided by the master, with each command.
type owners struct {
	rules *acl.Rules
	pam   *pam.Accounts // nil if this process has no PAM
}

var _ issuer.Owners = (*owners)(nil)

func newOwners(c *config.Config, log *slog.Logger) *owners {
	o := c.PAM()
	o.Logger = log
	all := &owners{rules: c.Rules()}
	if pam.New(o).Check() == nil {
		all.pam = pam.NewAccounts(o)
	}
	return all
}

// Active implements issuer.Owners.
func (t *owners) Active(
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
		groups = append([]string{}, groups...) // an empty list is a result too
	}
	subject := acl.Subject{Eauth: o.Eauth, User: o.User, Groups: groups}
	if groups == nil && last != nil {
		subject.Groups = last.Groups
	}
	return t.rules.Named(subject, groups != nil || last != nil) == acl.Allowed, groups, nil
}
