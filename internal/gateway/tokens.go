package gateway

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/gateway/tokens"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/caller"
)

// openTokens opens the store of API tokens.
func (g *Gateway) openTokens(ctx context.Context, reg prometheus.Registerer) (err error) {
	metrics := tokens.NewMetrics(reg)
	g.apiTokens, err = tokens.Open(ctx, g.config, issuer.Options{
		Mint: g.auth.OwnerMint(), RoleOptions: role.Options{Nodegroups: g.config.Nodegroups().Expand}, Logger: g.log,
		Unrestricted: g.unrestricted(),
		Notify: func(ctx context.Context, e issuer.Event) {
			metrics.Event(ctx, e)
			g.audit.Write(ctx, audit.OfToken(e))
		},
	})
	if err != nil {
		return err
	}
	g.opened.addFunc("the API tokens", g.apiTokens.Close)
	if g.reminders, err = tokens.NewReminders(g.config, g.apiTokens.Store, metrics, g.log); err != nil {
		return err
	}
	g.opened.addFunc("the reminders", g.reminders.Close)
	tokens.ShowExpiring(reg, g.reminders.Expiring)
	return nil
}

// unrestricted returns whether a user may do everything at the master, by the rules
// of external_auth. It is not so where an eauth module decides at each login.
func (g *Gateway) unrestricted() func(user, eauth string, groups []string) bool {
	decides := g.config.RightsUnknown()
	return func(user, eauth string, groups []string) bool {
		return (decides == nil || !decides(eauth)) && g.rules.Everything(acl.Subject{User: user, Eauth: eauth, Groups: groups})
	}
}

// jwts returns what issues the tokens of /account/login. All gateways that share the
// API tokens accept each other's, as far as they have the same sessions.
func (g *Gateway) jwts() (*caller.JWTs, error) {
	key, err := g.apiTokens.Key("login tokens")
	if err != nil {
		return nil, err
	}
	return caller.NewJWTs(key)
}

// tokenAPIs returns the APIs for programs of Cloud Services, Cloud Director and
// SaltStack Config.
func tokenAPIs(issuer server.Issuer, s *settings.Settings) server.TokenAPIs {
	t := s.Tokens
	return server.TokenAPIs{
		Issuer: issuer, Eauth: t.Eauth, NoCSP: t.CSP.Off, NoVCD: t.VCD.Off, NoRPC: s.RPC.Off,
		Orgs: t.VCD.Orgs, QueryTokens: t.CSP.QueryTokens,
	}
}
