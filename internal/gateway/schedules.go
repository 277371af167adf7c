package gateway

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/schedule"
	"github.com/saltern-api/saltern/server/audit"
)

// openSchedules prepares the schedules, if anything is recorded. They are run by [Run].
func (g *Gateway) openSchedules(reg prometheus.Registerer) {
	if g.records == nil {
		return
	}
	runs := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "saltern_schedule_runs_total", Help: "Times at which schedules were due, by what came of them.",
	}, []string{"state"})
	reg.MustRegister(runs)
	for _, state := range records.RunStates() {
		if state != records.RunClaimed {
			runs.WithLabelValues(string(state))
		}
	}
	g.schedules = schedule.New(g.records, schedule.Options{Log: g.log, Tell: func(ctx context.Context, r records.Run) {
		runs.WithLabelValues(string(r.State)).Inc()
		g.auditRun(ctx, r)
	}})
	gauge := func(enabled string, value func(all, enabled int) int) {
		reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "saltern_schedules", Help: "Schedules, of all gateways with this database.", ConstLabels: prometheus.Labels{"enabled": enabled},
		}, func() float64 { return float64(value(g.schedules.Counts())) }))
	}
	gauge("true", func(_, enabled int) int { return enabled })
	gauge("false", func(all, enabled int) int { return all - enabled })
}

// auditRun writes a line about a run of a schedule.
func (g *Gateway) auditRun(ctx context.Context, r records.Run) {
	if g.audit == nil {
		return
	}
	line := audit.Entry{Event: audit.Schedule, Outcome: audit.OK, User: r.User, Eauth: r.Eauth, Subject: r.Schedule, Fun: r.Fun, JID: r.JID}
	if r.State != records.RunStarted {
		line.Outcome, line.Why = audit.Failed, string(r.State)
	}
	switch r.State {
	case records.RunRefused:
		line.Outcome = audit.Denied
	case records.RunSkipped:
		line.Outcome = audit.Skipped
	case records.RunClaimed, records.RunStarted, records.RunFailed, records.RunMissed, records.RunUnknown:
	}
	g.audit.Write(ctx, line)
}
