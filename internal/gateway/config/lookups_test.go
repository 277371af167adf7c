package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
)

// Which configurations have their jobs and keys looked up in files.
func TestLookups(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		master       string
		off          bool
		jobs, keys   string // the reason for the master
		hash, pkiDir string
	}{
		"defaults":          {hash: "sha256", pkiDir: "/etc/salt/pki/master"},
		"other paths":       {master: "cachedir: /c\npki_dir: /p\nhash_type: SHA512", hash: "sha512", pkiDir: "/p"},
		"off":               {off: true, jobs: "saltern.yaml has lookups: master", keys: "saltern.yaml has lookups: master"},
		"another cache":     {master: "master_job_cache: redis", jobs: `the master's master_job_cache is "redis" and not local_cache`},
		"no cache":          {master: "job_cache: False", jobs: "the master has job_cache: False"},
		"another returner":  {master: "ext_job_cache: redis", jobs: "the master has ext_job_cache: redis, and keeps no returns itself"},
		"end times":         {master: "job_cache_store_endtime: True", jobs: "the master has job_cache_store_endtime"},
		"no end times":      {master: "job_cache_store_endtime: False"},
		"a pattern":         {master: "cachedir: /c[1]", jobs: "the name of the folder /c[1]/jobs is a pattern"},
		"no runners":        {master: "disable_runners: [jobs]", jobs: "the master has disable_runners"},
		"no returners":      {master: "disable_returners: [local_cache]", jobs: "the master has disable_returners"},
		"no wheels":         {master: "disable_wheels: [key]", keys: "the master has disable_wheels"},
		"none disabled":     {master: "disable_runners: []\ndisable_wheels: []"},
		"relative runners":  {master: "runner_dirs: [mine]", jobs: "the folder of modules mine is relative to where the master was started"},
		"relative wheels":   {master: "wheel_dirs: [mine]", keys: "the folder of modules mine is relative to where the master was started"},
		"relative modules":  {master: "module_dirs: [mine]", jobs: "the folder of modules mine/runners is relative to where the master was started", keys: "the folder of modules mine/wheel is relative to where the master was started"},
		"a cluster":         {master: "cluster_id: a", keys: "the master has cluster_id"},
		"a cache of keys":   {master: "key_cache: sched", keys: "the master has key_cache"},
		"no cache of keys":  {master: "key_cache: ''"},
		"another driver":    {master: "keys.cache_driver: mmap_key", keys: "the master's keys.cache_driver is mmap_key"},
		"the same driver":   {master: "keys.cache_driver: localfs_key"},
		"ids of their own":  {master: "unique_jid: True", keys: "the master has unique_jid"},
		"a resolved option": {master: "job_cache_store_endtime: sdb://a/b", jobs: "the master has job_cache_store_endtime"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "master"), []byte(c.master+"\n"), 0o600))
			mc, _, err := masterconf.Load(dir)
			require.NoError(t, err)
			conf := &Config{Master: mc, Settings: settings.Default()}
			if c.off {
				conf.Settings.Lookups = settings.LookupsMaster
			}
			cache, err := conf.JobLookups()
			requireReason(t, c.jobs, err)
			if c.hash != "" {
				require.Equal(t, c.hash, cache.HashType)
			}
			pki, err := conf.KeyLookups()
			requireReason(t, c.keys, err)
			if c.pkiDir != "" {
				require.Equal(t, c.pkiDir, pki)
			}
		})
	}
}

func requireReason(t *testing.T, want string, err error) {
	t.Helper()
	if want == "" {
		require.NoError(t, err)
		return
	}
	require.EqualError(t, err, want)
}

// A module of the operator's own may stand in place of Salt's.
func TestMayReplace(t *testing.T) {
	t.Parallel()
	for file, want := range map[string][2]bool{
		"runners/own.py": {}, "runners/jobs.py": {true, false}, "returners/local_cache.py": {true, false}, "returners/jobs.py": {},
		"wheel/key.py": {false, true}, "cache/localfs_key.py": {false, true}, "modules/jobs.py": {},
	} {
		for _, option := range []string{"extension_modules: ", "module_dirs: "} {
			dir := t.TempDir()
			require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(file)), 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(dir, file), nil, 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "master"), []byte(option+dir+"\n"), 0o600))
			mc, _, err := masterconf.Load(dir)
			require.NoError(t, err)
			c := &Config{Master: mc, Settings: settings.Default()}
			require.Equal(t, want, [2]bool{c.MayReplaceJobs(), c.MayReplaceKeys()}, "%s in %s", file, option)
		}
	}
}
