package gateway

import (
	"log/slog"
	"os"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/lowstate/saltssh"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/tokenstore"
)

// master returns the master for the clients of lowstate.
func (g *Gateway) master(reg prometheus.Registerer) *lowstate.Master {
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
		IsSyndic:         g.isSyndic,
		FailHard:         c.Option("failhard") == true,
		Verified:         c.Settings.Results == settings.ResultsVerified,

		ExpectMinions:  g.isFrom3008,
		ReplacedRunner: c.RunnerDirs().MayHave,
	}
	if cache, err := c.JobCache(); err == nil {
		m.Cache = cache
	}
	if g.lookups = g.newLookups(m.JIDs, reg); g.lookups != nil {
		m.Lookups = g.lookups
	}
	if minions, err := c.MinionCache(); err == nil {
		m.NotConnected = minions.NotConnected
	}
	return m
}

// isSyndic reports whether a syndic of this id has returned: the master keeps a file for it.
func (g *Gateway) isSyndic(id string) bool {
	if !filepath.IsLocal(id) || id != filepath.Base(id) || id == "." {
		return false
	}
	_, err := os.Lstat(filepath.Join(g.config.Master.CacheDir, "syndics", id))
	return err == nil
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

// registerMetrics registers the bus's own counters.
func registerMetrics(reg prometheus.Registerer, g *Gateway) {
	gauge := func(name, help string, value func() float64) {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	counter := func(name, help string, value func() uint64) {
		reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help},
			func() float64 { return float64(value()) }))
	}
	gauge("saltern_bus_connected", "Whether the connection to the master's event bus is up.", func() float64 {
		if g.bus.Connected() {
			return 1
		}
		return 0
	})
	gauge("saltern_bus_subscribers", "Requests that wait for events.", func() float64 {
		return float64(g.bus.Stats().Subscribers)
	})
	counter("saltern_bus_events_total", "Events read from the master's event bus.", func() uint64 { return g.bus.Stats().Events })
	counter("saltern_bus_bytes_total", "Bytes read from the master's event bus.", func() uint64 { return g.bus.Stats().Bytes })
	counter("saltern_bus_overflowed_total", "Events for which a request had no room.", func() uint64 { return g.bus.Stats().Overflowed })
	gauge("saltern_answers_memory_bytes", "What is held of answers in memory.", func() float64 {
		memory, _ := g.spools.Held()
		return float64(memory)
	})
	gauge("saltern_answers_disk_bytes", "What is held of answers in files.", func() float64 {
		_, disk := g.spools.Held()
		return float64(disk)
	})
	gauge("saltern_stream_readers", "Open streams of events.", func() float64 { return float64(g.hub.Stats().Readers) })
	gauge("saltern_stream_buffer_bytes", "What is kept for readers of events.", func() float64 { return float64(g.hub.Stats().RingBytes) })
	counter("saltern_stream_frames_total", "Events made ready for readers.", func() uint64 { return g.hub.Stats().Frames })
	counter("saltern_stream_dropped_total", "Events that could not be made ready.", func() uint64 { return g.hub.Stats().Dropped })
	counter("saltern_stream_gaps_total", "Places where readers learned that events are missing.", func() uint64 { return g.hub.Stats().Gaps })
	counter("saltern_stream_cut_off_total", "Readers that were too slow.", func() uint64 { return g.hub.Stats().CutOff })
	counter("saltern_bus_reconnects_total", "Connections to the event bus after the first.", func() uint64 { return g.bus.Stats().Reconnects })
}
