package gateway

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/audit"
)

// auditFile is where in the state folder the audit log is, unless the settings
// name another place.
const auditFile = "audit/audit.jsonl"

func auditPath(c *Config) string {
	if c.set.Audit.File != "" {
		return c.set.Audit.File
	}
	return filepath.Join(c.set.StateDir, auditFile)
}

// openAudit opens the audit log. It is nil where the settings have none.
func openAudit(c *Config, log *slog.Logger) (*audit.Log, error) {
	if c.set.Audit.Off {
		return nil, nil
	}
	return audit.Open(audit.Options{
		File: auditPath(c), MaxSize: c.set.Audit.MaxSize, Keep: c.set.Audit.Keep, Logger: log,
	})
}

// toldTo has what happens to tokens written down.
func toldTo(l *audit.Log) func(context.Context, issuer.Event) {
	return func(ctx context.Context, e issuer.Event) { l.Write(ctx, audit.OfToken(e)) }
}

// auditCommands writes down what a command does to tokens that works on the
// store by itself. The log is opened with the first line. Where the folder is
// not there, or belongs to somebody else, a file that is made there might keep
// the gateway out of its own log: then it is told that nothing is written down.
func auditCommands(c *Config, log *slog.Logger) (notify func(context.Context, issuer.Event), end func()) {
	var l *audit.Log
	open := sync.OnceFunc(func() {
		if c.set.Audit.Off {
			return
		}
		dir := c.set.StateDir
		if c.set.Audit.File != "" {
			dir = filepath.Dir(c.set.Audit.File)
		}
		err := checkStateOwner(dir)
		if err == nil {
			l, err = openAudit(c, log)
		}
		if err != nil {
			log.Warn("this is not in the audit log", slog.Any("error", err))
		}
	})
	notify = func(ctx context.Context, e issuer.Event) {
		open()
		toldTo(l)(ctx, e)
	}
	return notify, func() { _ = l.Close() } // every line is written already
}

// auditOptions are the server's.
func auditOptions(c *Config, l *audit.Log) server.AuditOptions {
	if l == nil {
		return server.AuditOptions{}
	}
	return server.AuditOptions{Log: l, Arguments: c.set.Audit.Arguments}
}

// registerAuditMetrics shows what the audit log counts.
func registerAuditMetrics(reg prometheus.Registerer, l *audit.Log) {
	counter := func(name, help string, value func(audit.Stats) uint64) {
		reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help},
			func() float64 { return float64(value(l.Stats())) }))
	}
	counter("saltern_audit_lines_total", "Lines written to the audit log.",
		func(s audit.Stats) uint64 { return s.Written })
	counter("saltern_audit_lost_total", "Lines that could not be written to the audit log.",
		func(s audit.Stats) uint64 { return s.Lost })
	counter("saltern_audit_withheld_total", "Lines about strangers of which there were too many for the audit log.",
		func(s audit.Stats) uint64 { return s.Withheld })
}
