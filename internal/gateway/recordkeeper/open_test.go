package recordkeeper_test

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/internal/gateway/recordkeeper"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/postgres"
	"github.com/saltern-api/saltern/records/postgres/pgtest"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	of := func(r settings.Records, files config.RecordFiles) *config.Config {
		return &config.Config{Settings: &settings.Settings{StateDir: dir, Records: r}, Records: files}
	}
	log := slog.New(slog.DiscardHandler)
	s, err := recordkeeper.Open(of(settings.Records{Store: settings.RecordsOff}, config.RecordFiles{}), log)
	require.NoError(t, err)
	require.Nil(t, s)
	_, err = recordkeeper.Open(of(settings.Records{Store: settings.RecordsPostgres}, config.RecordFiles{URL: "host='"}), log)
	require.ErrorIs(t, err, postgres.ErrURL)

	url := pgtest.Start(t).Database(t)
	for _, c := range []*config.Config{
		of(settings.Records{Store: settings.RecordsSQLite, Master: "east"}, config.RecordFiles{}),
		of(settings.Records{Store: settings.RecordsPostgres, Master: "east"}, config.RecordFiles{URL: url}),
	} {
		s, err := recordkeeper.Open(c, log)
		require.NoError(t, err)
		const jid = "20261122133409055051"
		_, err = s.Put(t.Context(), records.Batch{Jobs: []records.Job{{JID: jid}}})
		require.NoError(t, err)
		j, err := s.Job(t.Context(), jid, false)
		require.NoError(t, err)
		require.Equal(t, "east", j.Master)
		require.NoError(t, s.Close())
	}
	require.FileExists(t, filepath.Join(dir, "records.db"))
}
