package gateway

import (
	"log/slog"
	"path/filepath"

	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/lowstate/saltssh"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/presence"
	"github.com/saltern-api/saltern/saltmaster/tokenstore"
)

// master returns the master for the clients of lowstate.
func (g *Gateway) master() *lowstate.Master {
	c, mc := g.config, g.config.Master
	m := &lowstate.Master{
		Commands: g.client,
		Bus:      g.bus,
		JIDs:     new(saltmaster.JIDs),
		Log:      g.log,

		Timeout:          mc.Timeout,
		GatherJobTimeout: mc.GatherJobTimeout,
		RestTimeout:      mc.RestTimeout,
		Nodegroups:       c.Nodegroups(),
		ExtJobCache:      mc.ExtJobCache,
		OrderMasters:     mc.OrderMasters,
		SyndicWait:       mc.SyndicWait,
		FailHard:         c.Option("failhard") == true,
		Verified:         c.Settings.Results == settings.ResultsVerified,

		ExpectMinions:  g.isFrom3008,
		ReplacedRunner: c.RunnerDirs().MayHave,
	}
	if cache, err := c.JobCache(); err == nil {
		m.Cache = cache
	}
	if mc.MinionDataCache {
		m.NotConnected = presence.Minions{CacheDir: mc.CacheDir, PublishPort: mc.PublishPort}.NotConnected
	}
	return m
}

// isFrom3008 reports whether the master is Salt 3008 or newer: by the layout of
// its tokens, or else by the sockets of its worker pools.
func (g *Gateway) isFrom3008() bool {
	if layout, known := g.tokens.Written(); known {
		return layout == tokenstore.Enveloped
	}
	pools, _ := filepath.Glob(filepath.Join(g.config.Master.SockDir, "workers-*.ipc"))
	return len(pools) > 0
}

// isBefore3008 reports the opposite.
func (g *Gateway) isBefore3008() bool { return !g.isFrom3008() }

// ssh returns the client ssh. Its rules are those of external_auth, with the
// hosts of the roster as minions.
func (g *Gateway) ssh(m *lowstate.Master) lowstate.Client {
	p := saltssh.New(g.config.SSH())
	sweepSSH(p, g.log)
	return lowstate.SSH(m, lowstate.SSHOptions{
		Program:       p,
		Rules:         g.config.SSHRules(p.Hosts, g.isBefore3008),
		Open:          g.config.Settings.SSH.Options,
		AllowRawShell: g.config.Master.NetapiAllowRawShell,
	})
}

// sweepSSH removes files of calls that a killed gateway has left behind.
func sweepSSH(p *saltssh.Program, log *slog.Logger) {
	removed, err := p.Sweep()
	if err != nil {
		log.Warn("folders of earlier calls of salt-ssh could not all be removed", slog.Any("error", err))
	}
	if removed > 0 {
		log.Info("removed the folders of calls of salt-ssh whose gateway was killed", slog.Int("folders", removed))
	}
}
