package schedules

import (
	"context"
	"time"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/rpc/run"
)

// ScheduledAuthority is the [run.Authority] for the callers of schedules, who have no
// credential with them: a token is minted for each command.
type ScheduledAuthority struct{ Standings Standings }

var _ run.Authority = ScheduledAuthority{}

// Authority implements [run.Authority].
func (a ScheduledAuthority) Authority(ctx context.Context, c *caller.Caller) (lowstate.Authority, func(), error) {
	p := c.Principal
	login := p == nil && c.Session != nil && c.LoggedIn
	if login {
		p = &issuer.Principal{User: c.Session.User, Eauth: c.Session.Eauth, Groups: c.Session.Groups}
	}
	if p == nil || p.User == "" {
		return lowstate.Authority{}, func() {}, caller.ErrNoPermission()
	}
	d, err := a.Standings.ActAs(ctx, p)
	if err != nil {
		return lowstate.Authority{}, func() {}, err
	}
	authority := lowstate.Authority{Token: d.Session.Token, Identity: &d.Identity}
	if !login {
		authority.Scope = p.Scopes
	}
	return authority, func() { d.Release(ctx) }, nil
}

// maxScheduledFollow is how long the commands of schedules are followed.
const maxScheduledFollow = time.Hour

// Follow implements [run.Authority]. There is no credential to end with: what is followed is
// the minions of a command that was allowed.
func (ScheduledAuthority) Follow(ctx context.Context, _ *caller.Caller, _ ...role.Permission) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, maxScheduledFollow)
}
