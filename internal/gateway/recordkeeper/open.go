package recordkeeper

import (
	"log/slog"

	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/postgres"
	"github.com/saltern-api/saltern/records/sqlite"
)

// Open returns the store in the settings, which connects when it is used first;
// nil where nothing is recorded.
func Open(c *config.Config, log *slog.Logger) (records.Store, error) {
	r := c.Settings.Records
	switch r.Store {
	case settings.RecordsPostgres:
		return postgres.Open(postgres.Options{URL: c.Records.URL, Master: r.Master, MaxValue: int(r.MaxValue), Log: log})
	case settings.RecordsSQLite:
		return sqlite.Open(sqlite.Options{File: c.RecordsFile(), Master: r.Master, MaxValue: int(r.MaxValue), Log: log}), nil
	case settings.RecordsOff:
	}
	return nil, nil //nolint:nilnil // no store is a setting too
}
