package gateway

import (
	"context"
	"log/slog"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/saltern-api/saltern/internal/gateway/recordkeeper"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/internal/spool"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/recorder"
	"github.com/saltern-api/saltern/records/watch"
	"github.com/saltern-api/saltern/saltmaster/jobcache"
	"github.com/saltern-api/saltern/server"
)

// recorderDisk is how many bytes of events may wait in files for the database.
const recorderDisk = 1 << 30

// openRecords opens the store of records, which is not connected to yet, unless
// the settings turn it off.
func (g *Gateway) openRecords(reg prometheus.Registerer) error {
	store, err := recordkeeper.Open(g.config, g.log)
	if err != nil || store == nil {
		return err
	}
	g.records = store
	g.opened.add("the records", store.Close)
	set := g.config.Settings.Records
	g.recordKeeper = recordkeeper.New(store, recordkeeper.Options{
		Keep: set.Keep, MaxSize: set.MaxSize, Registerer: reg, Log: g.log,
	})
	g.jobs = watch.New(store.Job, func(ctx context.Context, jid string, minions bool) (records.Job, error) {
		return g.fresh.Job(ctx, jid, minions)
	})
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "saltern_job_waiters", Help: "Requests that wait for a job, and streams of jobs.",
	}, func() float64 { return float64(g.jobs.Len()) }))
	g.recorder = g.newRecorder()
	g.fresh = g.recorder.Fresh(store)
	registerRecorder(reg, g.recorder)
	return nil
}

// newRecorder returns the recorder of the master's events. It has files of its
// own, so that answers do not take the room of its queue.
func (g *Gateway) newRecorder() *recorder.Recorder {
	mc, dir := g.config.Master, g.config.Settings.StateDir
	cache, err := g.config.JobCache()
	if err != nil {
		g.log.Info("what is fired while the event bus is away is not recorded", slog.Any("reason", err))
		cache = jobcache.Cache{}
	}
	syndicWait := mc.SyndicWait
	if !mc.OrderMasters {
		syndicWait = 0
	}
	return recorder.New(g.records, recorder.Options{
		SyndicWait: syndicWait,

		MasterID: mc.ID, MaxValue: int(g.config.Settings.Records.MaxValue), Cache: cache,
		Verified: g.config.Settings.Results == settings.ResultsVerified,
		Wrote:    g.recordKeeper.Wrote,
		Asked:    mc.Timeout + mc.GatherJobTimeout, Recorded: g.jobs.Recorded, Awaited: g.jobs.Awaited, Ended: g.ended, Log: g.log,
		Notes: filepath.Join(dir, "records.notes"),
		Spool: spool.NewStore(spool.Options{
			Memory: 1, Disk: recorderDisk, Create: func() (spool.File, error) { return spool.Unlinked(dir) },
		}),
	})
}

func registerRecorder(reg prometheus.Registerer, r *recorder.Recorder) {
	counter := func(name, help string, value func(recorder.Stats) uint64) {
		reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help},
			func() float64 { return float64(value(r.Stats())) }))
	}
	counter("saltern_records_jobs_total", "Jobs recorded.", func(s recorder.Stats) uint64 { return s.Jobs })
	counter("saltern_records_returns_total", "Returns recorded.", func(s recorder.Stats) uint64 { return s.Returns })
	counter("saltern_records_dropped_total", "Events for which there was no room; the job cache is read instead.",
		func(s recorder.Stats) uint64 { return s.Dropped })
	counter("saltern_records_unverified_total", "Events that are not recorded because the job cache has nothing of them (results: verified).",
		func(s recorder.Stats) uint64 { return s.Unverified })
	counter("saltern_records_failures_total", "Attempts to write to the database that failed.", func(s recorder.Stats) uint64 { return s.Failures })
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "saltern_records_lag_seconds", Help: "How long the oldest event has waited to be recorded.",
	}, func() float64 { return r.Stats().Lag.Seconds() }))
}

// upkeep has the recorder remove records, so that none of them comes back.
type upkeep struct {
	records.Store
	recorder *recorder.Recorder
}

func (u upkeep) Trim(ctx context.Context, t records.Trim) (records.Trimmed, error) {
	return u.recorder.Remove(ctx, t)
}

// note has the recorder add what no event says of a job.
func (g *Gateway) note(n lowstate.Note) {
	if g.recorder != nil {
		g.recorder.Note(recorder.Note{
			JID: n.JID, User: n.User, Eauth: n.Eauth, Client: n.Client, Fun: n.Fun, Origin: records.Origin(n.Origin), Sent: n.Sent,
		})
	}
}

// degraded returns the parts that do not work now, and without which requests
// are served all the same.
func (g *Gateway) degraded() []string {
	if g.recordKeeper != nil && !g.recordKeeper.Up() {
		return []string{"records"}
	}
	return nil
}

// jobsOptions returns the options of /v1/jobs.
func (g *Gateway) jobsOptions() server.JobsOptions {
	visible, err := g.config.EventsACL()
	if err != nil || g.records == nil { // the error was reported when the configuration was loaded
		return server.JobsOptions{Returns: busReturns{g.bus}}
	}
	return server.JobsOptions{
		Records: g.fresh, Writer: g.records, Library: g.records, Upkeep: upkeep{g.records, g.recorder}, Rules: g.rules, Events: visible, Watches: g.jobs, Minions: g.newMinionFiles(),
		Schedules: g.records, WakeSchedules: g.schedules.Wake, Values: g.records,
	}
}
