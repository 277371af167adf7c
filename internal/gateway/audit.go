package gateway

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/audit"
)

// openAudit opens the audit log, unless the settings turn it off.
func (g *Gateway) openAudit(reg prometheus.Registerer) (err error) {
	if o, on := g.config.Audit(g.log); on {
		if g.audit, err = audit.Open(o); err != nil {
			return err
		}
		g.opened.add("the audit log", g.audit.Close)
	}
	registerAuditMetrics(reg, g.audit)
	return nil
}

// auditOptions returns the server's options.
func (g *Gateway) auditOptions() server.AuditOptions {
	if g.audit == nil {
		return server.AuditOptions{}
	}
	return server.AuditOptions{Log: g.audit, Arguments: g.config.Settings.Audit.Arguments}
}

// registerAuditMetrics registers the counters of the audit log.
func registerAuditMetrics(reg prometheus.Registerer, l *audit.Log) {
	counter := func(name, help string, value func(audit.Stats) uint64) {
		reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help},
			func() float64 { return float64(value(l.Stats())) }))
	}
	counter("saltern_audit_lines_total", "Lines written to the audit log.",
		func(s audit.Stats) uint64 { return s.Written })
	counter("saltern_audit_lost_total", "Lines that could not be written to the audit log.",
		func(s audit.Stats) uint64 { return s.Lost })
	counter("saltern_audit_suppressed_total", "Lines about unknown callers, of which there were too many for the audit log.",
		func(s audit.Stats) uint64 { return s.Suppressed })
}
