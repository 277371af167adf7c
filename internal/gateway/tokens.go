package gateway

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/internal/gateway/tokens"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/audit"
)

// openTokens opens the store of API tokens.
func (g *Gateway) openTokens(ctx context.Context, reg prometheus.Registerer) (err error) {
	metrics := tokens.NewMetrics(reg)
	g.apiTokens, err = tokens.Open(ctx, g.config, issuer.Options{
		Mint: g.auth.OwnerMint(), RoleOptions: role.Options{Nodegroups: g.config.Nodegroups().Expand}, Logger: g.log,
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

// tokenAPIs returns the APIs from which programs of Cloud Services and Cloud
// Director get their tokens.
func tokenAPIs(issuer server.Issuer, t settings.Tokens) server.TokenAPIs {
	return server.TokenAPIs{
		Issuer: issuer, Eauth: t.Eauth, NoCSP: t.CSP.Off, NoVCD: t.VCD.Off,
		Orgs: t.VCD.Orgs, QueryTokens: t.CSP.QueryTokens,
	}
}
