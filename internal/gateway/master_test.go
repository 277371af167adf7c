package gateway

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/lowstate/saltssh"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/jobcache"
)

// While the layout of tokens is unknown, the release is determined by the
// sockets of worker pools.
func TestReleaseBySockets(t *testing.T) {
	t.Parallel()
	c := testConfig(t, "", "")
	c.Master.SockDir = t.TempDir()
	g := &Gateway{config: c, tokens: saltmaster.NewTokens(nil, saltmaster.TokensOptions{})}
	require.False(t, g.isFrom3008())
	require.True(t, g.isBefore3008())
	require.NoError(t, os.WriteFile(filepath.Join(c.Master.SockDir, "workers-default.ipc"), nil, 0o600))
	require.True(t, g.isFrom3008())
}

// The master for the clients of lowstate has the options of the file.
func TestMaster(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(cache, "jobs"), 0o700))
	for name, c := range map[string]struct {
		master, set  string
		failHard     bool
		cache        bool // whether the job cache can be read
		notConnected bool
		verified     bool
	}{
		"defaults":    {cache: true, notConnected: true},
		"fail hard":   {master: "failhard: true", failHard: true, cache: true, notConnected: true},
		"fail oddly":  {master: "failhard: 'yes'", cache: true, notConnected: true},
		"no cache":    {master: "job_cache: false", notConnected: true},
		"other cache": {master: "master_job_cache: redis", notConnected: true},
		"no presence": {master: "minion_data_cache: false", cache: true},
		"verified":    {set: "results: verified\n", cache: true, notConnected: true, verified: true},
	} {
		g := &Gateway{config: testConfig(t, "cachedir: "+cache+"\n"+c.master, c.set), log: slog.New(slog.DiscardHandler)}
		m := g.master(prometheus.NewRegistry())
		require.Equal(t, c.failHard, m.FailHard, name)
		require.Equal(t, c.cache, m.Cache != jobcache.Cache{}, name)
		require.Equal(t, c.notConnected, m.NotConnected != nil, name)
		require.Equal(t, c.verified, m.Verified, name)
	}
}

// The directories of calls of a killed gateway are removed at the start, and an
// unreadable directory does not prevent the start.
func TestSweepSSH(t *testing.T) {
	t.Parallel()
	var log logBuffer
	sweepSSH(saltssh.New(saltssh.Options{TempDir: t.TempDir()}), log.logger())
	require.Empty(t, log.String())
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	sweepSSH(saltssh.New(saltssh.Options{TempDir: file}), log.logger())
	require.Contains(t, log.String(), "could not all be removed")
}
