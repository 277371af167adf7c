package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/internal/gateway/auth"
	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/internal/gateway/operator"
	"github.com/saltern-api/saltern/internal/gateway/recordkeeper"
	"github.com/saltern-api/saltern/internal/gateway/tokens"
	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/callback"
	"github.com/saltern-api/saltern/records/recorder"
	"github.com/saltern-api/saltern/records/schedule"
	"github.com/saltern-api/saltern/records/watch"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/transport"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/audit"
)

// Gateway is a running gateway, or one that is ready to run.
type Gateway struct {
	config *config.Config
	log    *slog.Logger

	audit    *audit.Log // nil if it is off
	spools   *spool.Store
	client   *saltmaster.Client
	tokens   *saltmaster.Tokens // the master's
	bus      *eventbus.Bus
	auth     *auth.Auth
	rules    *acl.Rules
	lookups  *lookups // nil where everything is looked up by the master
	lowstate *lowstate.Gateway
	sessions *session.Sessions

	apiTokens *tokens.Service
	reminders *tokens.Reminders

	records      records.Store  // nil if nothing is recorded
	fresh        records.Reader // of the records, with what is about to be recorded
	recordKeeper *recordkeeper.Keeper
	recorder     *recorder.Recorder
	callbacks    *callback.Service // nil without destinations
	schedules    *schedule.Service // nil if nothing is recorded
	jobs         *watch.Hub

	hub    *eventstream.Hub
	firer  *eventbus.Firer
	server *server.Server

	background    sync.WaitGroup // of Run
	endBackground context.CancelFunc

	opened closers
}

// New returns a gateway with open stores and listeners. It accepts no requests
// and does not connect to the master before [Gateway.Run]. The caller must call
// [Gateway.Close], also after Run. If New fails, nothing stays open.
func New(ctx context.Context, c *config.Config, log *slog.Logger) (_ *Gateway, err error) {
	g := &Gateway{config: c, log: log}
	defer func() {
		if err != nil {
			g.Close()
		}
	}()
	reg := server.NewRegistry()
	if err := g.openAudit(reg); err != nil {
		return nil, err
	}
	if err := g.openAnswers(); err != nil {
		return nil, err
	}
	if err := g.openRecords(reg); err != nil {
		return nil, err
	}
	if err := g.openCallbacks(reg); err != nil {
		return nil, err
	}
	g.openSchedules(reg)
	if err := g.openMaster(); err != nil {
		return nil, err
	}
	g.openAuth(reg)
	if err := g.openSessions(); err != nil {
		return nil, err
	}
	if err := g.openTokens(ctx, reg); err != nil {
		return nil, err
	}
	if err := g.openStreams(); err != nil {
		return nil, err
	}
	registerMetrics(reg, g)
	if err := g.openOperator(); err != nil {
		return nil, err
	}
	if err := g.listen(ctx, reg); err != nil {
		return nil, err
	}
	return g, nil
}

// openMaster prepares the connections to the master.
func (g *Gateway) openMaster() error {
	mc, set := g.config.Master, g.config.Settings
	pool, err := transport.NewPool(mc, reqpool.Options{Size: set.Master.Connections})
	if err != nil {
		return err
	}
	g.opened.addFunc("the connections to the master", pool.Close)
	g.client = saltmaster.New(pool, saltmaster.Options{User: g.config.ProcessUser(), Timeout: set.Master.RequestTimeout})
	g.opened.addFunc("the client of the master", g.client.Close)
	network, address := mc.EventBusEndpoint()
	g.bus = eventbus.New(eventbus.Options{Network: network, Address: address, Spool: g.spools, Log: g.log})
	g.opened.addFunc("the event bus", g.stopBackground)
	g.tokens = saltmaster.NewTokens(g.client, saltmaster.TokensOptions{
		TokenDir: mc.TokenDir, CacheDir: mc.CacheDir, HashType: mc.HashType, Life: mc.TokenExpire,
		MayChooseLife: mc.MayChooseTokenExpire, Log: g.log,
	})
	return nil
}

// removeTimeout bounds the removal of the gateway's own Salt tokens at the end.
const removeTimeout = 5 * time.Second

// openAuth prepares the backends of authentication, and the clients of
// lowstate.
func (g *Gateway) openAuth(reg prometheus.Registerer) {
	g.auth = auth.New(g.config, g.tokens, auth.NewMetrics(reg), g.log)
	g.opened.add("the gateway's own Salt tokens", func() error {
		ctx, cancel := context.WithTimeout(context.Background(), removeTimeout)
		defer cancel()
		return g.auth.Close(ctx)
	})
	g.rules = g.config.Rules()
	m := g.master(reg)
	g.lowstate = lowstate.New(lowstate.Options{
		Clients:    lowstate.Clients(m, g.ssh(m)),
		Enabled:    g.config.Master.NetapiEnableClients,
		Auth:       g.auth.Authenticator,
		HashType:   g.config.Master.HashType,
		Authorizer: g.rules,
		Note:       g.note,
		Callbacks:  g.chunkCallbacks(),

		AllowRawShell: g.config.Master.NetapiAllowRawShell,
	})
}

// openOperator opens the socket for the command line.
func (g *Gateway) openOperator() error {
	s, err := operator.Serve(g.config.Settings.StateDir, g.apiTokens, g.log)
	if err != nil {
		return err
	}
	g.opened.addFunc("the operator's socket", s.Close)
	return nil
}

// listen opens the listeners.
func (g *Gateway) listen(ctx context.Context, reg *prometheus.Registry) (err error) {
	c := g.config
	jwts, err := g.jwts()
	if err != nil {
		return err
	}
	g.server, err = server.Listen(ctx, server.Config{
		Gateway:   g.lowstate,
		Main:      c.Main,
		Tornado:   c.Tornado(),
		Sessions:  groupRecorder{g.sessions, g.apiTokens.RecordLogin, g.log},
		Perms:     g.perms,
		Events:    g.hub,
		Hooks:     g.firer,
		Tokens:    g.apiTokens,
		TokenAPIs: tokenAPIs(g.apiTokens, c.Settings),
		JWTs:      jwts,
		Version:   c.Version,
		MasterID:  c.Master.ID,
		Jobs:      g.jobsOptions(),
		Callbacks: g.callbacksOptions(),
		Answers:   g.spools,
		Audit:     g.auditOptions(),
		Listeners: c.Listeners,
		Settings:  c.Settings,
		BodyLimit: c.BodyLimit(),
		Registry:  reg,
		Ready:     g.ready,
		Degraded:  g.degraded,
		Log:       g.log,
	})
	if err != nil {
		return err
	}
	g.opened.addFunc("the listeners", g.server.Close)
	return nil
}

// Addrs returns the addresses of the open listeners, in the order of the
// configuration.
func (g *Gateway) Addrs() []net.Addr { return g.server.Addrs() }

// Run connects to the master and serves requests until ctx ends. It then lets
// running requests finish within shutdown_timeout, and returns nil. It is
// called once.
func (g *Gateway) Run(ctx context.Context) error {
	g.startBackground(context.WithoutCancel(ctx))
	if err := g.server.Serve(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// Close closes everything that New has opened, the last first: the listeners,
// then what requests use, then the connections to the master, then the audit
// log. It may be called again.
func (g *Gateway) Close() { g.opened.close(g.log) }
