package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
)

// What config-test says of a master that keeps what it has elsewhere than in files.
func TestStoreNotes(t *testing.T) {
	t.Parallel()
	const (
		tokens = ": where that is the release, the master makes and looks up all Salt tokens, " +
			"API tokens and schedules do not run, and what is logged out is refused here until it expires"
		records = ": what is fired while the event bus is away is not recorded"
		jobs    = ": the master looks them up"
		minions = ": GET /v1/minions has no grains and does not know who is connected"
	)
	for name, c := range map[string]struct {
		master string
		want   []string
	}{
		"files":                  {},
		"the drivers of files":   {master: "eauth_tokens: localfs\neauth_tokens.cache_driver: localfs\ncache: localfs\nkeep_jobs_seconds: 0"},
		"tokens of 3006":         {master: "eauth_tokens: rediscluster", want: []string{"tokens: the master has eauth_tokens: rediscluster, which Salt 3006 and 3007 read" + tokens}},
		"tokens of 3008":         {master: "eauth_tokens.cache_driver: redis", want: []string{"tokens: the master has eauth_tokens.cache_driver: redis, which Salt 3008 reads" + tokens}},
		"tokens alone are files": {master: "eauth_tokens.cache_driver: localfs\ncache: redis", want: []string{"minions: the master has cache: redis" + minions}},
		"a cache": {master: "cache: redis", want: []string{
			"tokens: the master has cache: redis, in which Salt 3008 keeps tokens" + tokens, "minions: the master has cache: redis" + minions,
		}},
		"both tokens": {master: "eauth_tokens: a\neauth_tokens.cache_driver: b", want: []string{
			"tokens: the master has eauth_tokens: a, which Salt 3006 and 3007 read" + tokens, "tokens: the master has eauth_tokens.cache_driver: b, which Salt 3008 reads" + tokens,
		}},
		"no data of minions": {master: "minion_data_cache: False", want: []string{"minions: the master has minion_data_cache: False" + minions}},
		"a job cache": {master: "master_job_cache: pgjsonb", want: []string{
			`records: the master's master_job_cache is "pgjsonb" and not local_cache` + records,
			`jobs: the master's master_job_cache is "pgjsonb" and not local_cache` + jobs,
		}},
		"other keys": {master: "keys.cache_driver: mmap_key", want: []string{
			"keys: the master's keys.cache_driver is mmap_key: the master lists them, and GET /v1/minions does not work",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "master"), []byte(c.master+"\n"), 0o600))
			mc, _, err := masterconf.Load(dir)
			require.NoError(t, err)
			conf := &Config{Master: mc, Settings: settings.Default()}
			require.Equal(t, c.want, conf.StoreNotes())
		})
	}
}

func TestDriverOfTheOperators(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "cache"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cache", "localfs.py"), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "master"), []byte("extension_modules: "+dir+"\n"), 0o600))
	mc, _, err := masterconf.Load(dir)
	require.NoError(t, err)
	_, err = (&Config{Master: mc, Settings: settings.Default()}).MinionCache()
	require.EqualError(t, err, "the master has a cache driver localfs of its own")
}
