package gateway

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/saltern-api/saltern/internal/gateway/recordkeeper"
	"github.com/saltern-api/saltern/server"
)

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
	return nil
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
		return server.JobsOptions{}
	}
	return server.JobsOptions{Records: g.records, Rules: g.rules, Events: visible}
}
