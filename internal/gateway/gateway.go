package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/eauth/admission"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/eauth/guard"
	"github.com/saltern-api/saltern/eauth/master"
	"github.com/saltern-api/saltern/eauth/mint"
	"github.com/saltern-api/saltern/eauth/pam"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/eauth/throttle"
	"github.com/saltern-api/saltern/eauth/token"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
	"github.com/saltern-api/saltern/saltmaster/presence"
	"github.com/saltern-api/saltern/saltmaster/runnerdirs"
	"github.com/saltern-api/saltern/saltmaster/tokenstore"
	"github.com/saltern-api/saltern/saltmaster/zmtp"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/audit"
)

// Gateway is a gateway that runs, or is about to.
type Gateway struct {
	server   *server.Server
	operator *operatorServer

	lowstate *lowstate.Gateway
	sessions *session.Sessions
	rules    *acl.Rules
	hub      *eventstream.Hub
	firer    *eventbus.Firer
	tokens   *tokenService
	audit    *audit.Log // nil when it is off

	reminders *reminders

	log    *slog.Logger
	pool   *zmtp.Pool
	client *saltmaster.Client
	bus    *eventbus.Bus
	mint   *mint.Mint

	endSessions func()
	endBus      context.CancelFunc
	bg          sync.WaitGroup
}

// New puts a gateway together: it opens the stores and the listeners, and takes
// no connection and asks no master before [Gateway.Run]. The caller must call
// [Gateway.Close], also after Run.
func New(ctx context.Context, c *Config, log *slog.Logger) (*Gateway, error) {
	reg := server.NewRegistry()
	g, err := assemble(ctx, c, reg, log)
	if err != nil {
		return nil, err
	}
	g.server, err = server.Listen(ctx, server.Config{
		Gateway:   g.lowstate,
		Main:      c.surface,
		Tornado:   tornadoOptions(c.master),
		Sessions:  seenLogins{g.sessions, g.tokens.Seen, log},
		Perms:     g.perms,
		Events:    g.hub,
		Hooks:     g.firer,
		Tokens:    g.tokens,
		Doors:     doorOptions(g.tokens, c.set.Tokens),
		Audit:     auditOptions(c, g.audit),
		Listeners: c.listeners,
		Settings:  c.set,
		BodyLimit: c.set.BodyLimit(bodyLimit(c.master)),
		Registry:  reg,
		Ready:     g.ready,
		Log:       log,
	})
	if err != nil {
		g.close(context.WithoutCancel(ctx))
		return nil, err
	}
	if g.operator, err = serveOperator(c.set.StateDir, g.tokens, log); err != nil {
		g.server.Close()
		g.close(context.WithoutCancel(ctx))
		return nil, err
	}
	return g, nil
}

// Addrs are the addresses of the listeners that are open, in the order of the
// configuration.
func (g *Gateway) Addrs() []net.Addr { return g.server.Addrs() }

// Run answers requests until ctx ends, and then those that have begun, as long
// as shutdown_timeout lets them. It returns nil then. It is called once.
func (g *Gateway) Run(ctx context.Context) error {
	g.start(context.WithoutCancel(ctx))
	if err := g.server.Serve(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// Close ends what New has opened: first the listeners, then the tokens that are
// the gateway's own, then the connection to the bus.
func (g *Gateway) Close() {
	g.server.Close()
	g.operator.close(context.Background())
	g.close(context.Background())
}

// assemble puts what is behind the listeners together. Nothing is connected
// before start.
func assemble(ctx context.Context, c *Config, reg prometheus.Registerer, log *slog.Logger) (*Gateway, error) {
	mc := c.master
	network, address, err := mc.RequestEndpoint()
	if err != nil {
		return nil, err
	}
	g := &Gateway{log: log}
	g.pool = zmtp.NewPool(zmtp.Options{Network: network, Address: address, Size: c.set.Master.Connections})
	g.client = saltmaster.New(g.pool, saltmaster.Options{User: processUser(mc), Timeout: c.set.Master.RequestTimeout})
	network, address = mc.EventBusEndpoint()
	g.bus = eventbus.New(eventbus.Options{Network: network, Address: address, Log: log})
	tokens := saltmaster.NewTokens(g.client, saltmaster.TokensOptions{
		TokenDir: mc.TokenDir, CacheDir: mc.CacheDir, HashType: mc.HashType, Life: mc.TokenExpire,
		MayChooseLife: mc.MayChooseTokenExpire, Log: log,
	})
	auth := g.authenticator(c, authority{tokens}, server.NewAuthMetrics(reg, "pam", "master", "token"))
	if g.sessions, g.endSessions, err = g.openSessions(c, auth, authority{tokens}); err != nil {
		return nil, err
	}
	g.rules = aclRules(mc)
	m := g.master(c, tokens)
	g.lowstate = lowstate.New(lowstate.Options{
		Clients:    lowstate.Clients(m, ssh(c, m, tokens)),
		Enabled:    mc.NetapiEnableClients,
		Auth:       auth,
		HashType:   mc.HashType,
		Authorizer: g.rules,

		AllowRawShell: mc.NetapiAllowRawShell,
	})
	if err := g.openStreams(c, tokens); err != nil {
		g.endSessions()
		return nil, err
	}
	if g.audit, err = openAudit(c, log); err != nil {
		g.endSessions()
		return nil, err
	}
	counts := newTokenMetrics(reg)
	if g.tokens, err = openTokens(ctx, c, issuer.Options{
		Mint: tokenMint{written{g.mint}, untold(c)}, Scope: role.Options{Nodegroups: nodegroups(mc).Expand}, Logger: log,
		Notify: notifyAll(counts.event, toldTo(g.audit)),
	}); err != nil {
		g.endSessions()
		return nil, errors.Join(err, g.audit.Close())
	}
	if g.reminders, err = openReminders(c, g.tokens.store, counts, log); err != nil {
		g.tokens.close()
		g.endSessions()
		return nil, errors.Join(err, g.audit.Close())
	}
	registerMetrics(reg, g)
	registerAuditMetrics(reg, g.audit)
	return g, nil
}

// master is what the clients see of the master.
func (g *Gateway) master(c *Config, tokens *saltmaster.Tokens) *lowstate.Master {
	mc := c.master
	m := &lowstate.Master{
		Commands: g.client,
		Bus:      g.bus,
		JIDs:     new(saltmaster.JIDs),
		Log:      g.log,

		Timeout:          mc.Timeout,
		GatherJobTimeout: mc.GatherJobTimeout,
		RestTimeout:      mc.RestTimeout,
		Nodegroups:       nodegroups(mc),
		ExtJobCache:      mc.ExtJobCache,
		OrderMasters:     mc.OrderMasters,
		SyndicWait:       mc.SyndicWait,
		FailHard:         option(mc, "failhard") == true,
		Verified:         c.set.Results == settings.ResultsVerified,

		ExpectMinions:  func() bool { return isFrom3008(mc, tokens) },
		ReplacedRunner: runnerDirs(mc).MayHave,
	}
	if cache, err := jobCache(mc); err == nil {
		m.Cache = cache
	}
	if mc.MinionDataCache {
		m.NotConnected = presence.Minions{CacheDir: mc.CacheDir, PublishPort: mc.PublishPort}.NotConnected
	}
	return m
}

// runnerDirs are the folders from which the master loads runners beside
// Salt's own.
func runnerDirs(mc *masterconf.Config) runnerdirs.Dirs {
	dirs := runnerdirs.Dirs{filepath.Join(mc.ExtensionModules, "runners")}
	folders := func(name string) (list []string) {
		switch v := option(mc, name).(type) {
		case string:
			list = append(list, v)
		case []any:
			for _, e := range v {
				list = append(list, fmt.Sprint(e))
			}
		}
		return list
	}
	dirs = append(dirs, folders("runner_dirs")...)
	for _, dir := range folders("module_dirs") {
		dirs = append(dirs, filepath.Join(dir, "runners"), filepath.Join(dir, "_runners"))
	}
	return dirs
}

// nodegroups are the master's, each as the words of its expression.
func nodegroups(mc *masterconf.Config) lowstate.Nodegroups {
	groups := make(lowstate.Nodegroups)
	for item := range mc.Nodegroups.All() {
		name := fmt.Sprint(item.Key)
		switch definition := item.Value.(type) {
		case string:
			groups[name] = strings.Fields(definition)
		case []any:
			groups[name] = make([]string, len(definition))
			for i, word := range definition {
				groups[name][i] = fmt.Sprint(word)
			}
		}
	}
	return groups
}

// isFrom3008 tells whether the master is of Salt 3008 or newer: by the layout
// of its tokens, or else by the sockets of its worker pools.
func isFrom3008(mc *masterconf.Config, tokens *saltmaster.Tokens) bool {
	if layout, known := tokens.Written(); known {
		return layout == tokenstore.Enveloped
	}
	pools, _ := filepath.Glob(filepath.Join(mc.SockDir, "workers-*.ipc"))
	return len(pools) > 0
}

// failDelay is how long a wrong password takes at the least, as at a master.
// So a PAM service without a delay of its own gives guessers nothing, and
// nobody hears from the time whether a user exists.
const failDelay = time.Second

func (g *Gateway) authenticator(c *Config, a authority, metrics *server.AuthMetrics) *eauth.Authenticator {
	g.mint = mint.New(a, mint.Options{Logger: g.log})
	limits := guard.Options{
		Throttle:  throttle.Options{Free: c.set.Auth.Attempts, Forget: c.set.Auth.Window},
		FailDelay: failDelay,
		Logger:    g.log,
	}
	ofMaster := limits
	ofMaster.Observe = notTried(metrics, "master")
	own := g.pam(c, limits, metrics)
	asked := master.New(a, master.Options{Guard: ofMaster, Logger: g.log})
	return eauth.New(eauth.Options{
		Eauths:    eauthNames(c.master),
		HashType:  c.master.HashType,
		Token:     counted{token.New(a), "token", metrics},
		Master:    counted{asked, "master", metrics},
		PAM:       g.usablePAM(own, metrics),
		PAMUsable: g.mint.Usable,

		PAMAllowed: own.Allowed,

		ModuleRights: says(authModules(c.master, c.set.Auth.Deciding)),
		KeepACL:      c.master.KeepACLInToken,
		Carrier:      carrier{asked, metrics},
		Mint:         written{g.mint},

		UnknownDelay: failDelay,
		Logger:       g.log,
	})
}

// pam returns the backend that checks in this process, where it can.
func (g *Gateway) pam(c *Config, limits guard.Options, metrics *server.AuthMetrics) *pam.Backend {
	limits.Admission = admission.Options{KnownGood: c.set.PAM.Slots, Others: c.set.PAM.UnprovenSlots}
	limits.Observe = notTried(metrics, "pam")
	return pam.New(pam.Options{
		Service:   c.master.AuthPAMService,
		ConfDir:   c.set.PAM.ConfDir,
		AllowRoot: c.set.PAM.AllowRoot || namesUser(c.master, "pam", "root"),
		Mint:      g.mint,
		Guard:     limits,
		Logger:    g.log,
	})
}

// usablePAM is the same, or nil when it cannot.
func (g *Gateway) usablePAM(b *pam.Backend, metrics *server.AuthMetrics) eauth.Backend {
	if err := b.Check(); err != nil {
		g.log.Warn("PAM cannot be used in this process", slog.Any("error", err))
		return nil
	}
	return counted{b, "pam", metrics}
}

// notTried counts what a guard does not let through to its backend.
func notTried(metrics *server.AuthMetrics, backend string) func(guard.Outcome) {
	return func(o guard.Outcome) {
		if o == guard.Throttled || o == guard.Busy {
			metrics.NotTried(backend, string(o))
		}
	}
}

// eauthNames are the modules that external_auth configures.
func eauthNames(mc *masterconf.Config) []string {
	var names []string
	for _, m := range mc.ExternalAuth {
		names = append(names, m.Name)
	}
	return names
}

// namesUser reports whether external_auth names a user in so many words: not
// by a pattern, a group or a star.
func namesUser(mc *masterconf.Config, module, user string) bool {
	m, _ := mc.ExternalAuth.Module(module)
	return slices.ContainsFunc(m.Rules, func(r masterconf.EauthRule) bool { return r.Name == user })
}

// counted counts what a backend says.
type counted struct {
	eauth.Backend
	name    string
	metrics *server.AuthMetrics
}

func (b counted) Authenticate(ctx context.Context, c eauth.Credentials) (eauth.Identity, bool, error) {
	id, ok, err := b.Backend.Authenticate(ctx, c)
	b.metrics.Observe(b.name, ok, err)
	return id, ok, err
}

// start connects the bus and checks the token store, without waiting: a
// master that is down must not keep the gateway from answering 503.
func (g *Gateway) start(ctx context.Context) {
	ctx, g.endBus = context.WithCancel(ctx)
	g.bg.Go(func() { _ = g.bus.Run(ctx) })
	g.bg.Go(func() { g.watchMaster(ctx) })
	g.reminders.start(ctx)
}

// watchEvery is how often a master that could not be asked is asked again.
const watchEvery = time.Second

// watchMaster checks the token store whenever the bus was connected anew: a
// restarted master may be another release.
func (g *Gateway) watchMaster(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var checked uint64 // the connection after which the check was made, from 1
	for {
		if s := g.bus.Stats(); s.Connected && s.Reconnects+1 != checked && g.answers(ctx) {
			g.mint.Recheck()
			if _, err := g.mint.Usable(ctx); err == nil {
				checked = s.Reconnects + 1
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// answers tells whether the master answers now. While it does not, what was
// known of it before is better than nothing.
func (g *Gateway) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, watchEvery)
	defer cancel()
	return g.client.Ping(ctx) == nil
}

// ready tells whether requests would be answered.
func (g *Gateway) ready(ctx context.Context) error {
	if !g.bus.Connected() {
		return &server.NotReady{Part: "bus", Err: saltmaster.ErrDown}
	}
	if err := g.client.Ping(ctx); err != nil {
		return &server.NotReady{Part: "master", Err: err}
	}
	return nil
}

// closeTimeout bounds the removal of tokens at the end.
const closeTimeout = 5 * time.Second

func (g *Gateway) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	g.hub.Close()
	g.reminders.close()
	g.tokens.close()
	g.endSessions()
	if err := g.mint.Close(ctx); err != nil {
		g.log.WarnContext(ctx, "not every token was removed", slog.Any("error", err))
	}
	if g.endBus != nil {
		g.endBus()
	}
	g.bg.Wait()
	g.client.Close()
	g.pool.Close()
	if err := g.audit.Close(); err != nil {
		g.log.WarnContext(ctx, "the audit log did not close", slog.Any("error", err))
	}
}
