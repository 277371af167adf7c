package gateway

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A database that cannot be opened keeps nothing from its work, and is tried
// again.
func TestRecordsAway(t *testing.T) {
	t.Parallel()
	conf := testConfig(t, "external_auth: {pam: {alice: ['.*']}}\n", "listen: [{address: '127.0.0.1:0'}]\n")
	file := filepath.Join(conf.Settings.StateDir, "records.db")
	require.NoError(t, os.MkdirAll(file, 0o700))
	var log logBuffer
	g, err := New(t.Context(), conf, log.logger())
	require.NoError(t, err)
	defer g.Close()
	require.Empty(t, g.degraded(), "it is not known yet")
	g.startBackground(t.Context())
	require.Eventually(t, func() bool { return len(g.degraded()) > 0 }, 20*time.Second, 10*time.Millisecond)
	require.Equal(t, []string{"records"}, g.degraded())
	require.Contains(t, log.String(), "commands run without them")
	require.NoError(t, os.Remove(file))
	require.Eventually(t, func() bool { return len(g.degraded()) == 0 }, 20*time.Second, 10*time.Millisecond)
	require.FileExists(t, file)
}

func TestRecordsOff(t *testing.T) {
	t.Parallel()
	conf := testConfig(t, "external_auth: {pam: {alice: ['.*']}}\n", "listen: [{address: '127.0.0.1:0'}]\nrecords: {store: off}\n")
	var log logBuffer
	g, err := New(t.Context(), conf, log.logger())
	require.NoError(t, err)
	g.startBackground(t.Context())
	require.Nil(t, g.records)
	require.Empty(t, g.degraded())
	g.Close()
	require.NoFileExists(t, filepath.Join(conf.Settings.StateDir, "records.db"))
}
