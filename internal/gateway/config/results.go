package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/saltmaster/jobcache"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
)

// JobCache returns the master's job cache, or why its files cannot be read.
func (c *Config) JobCache() (jobcache.Cache, error) { return jobCache(c.Master) }

func jobCache(mc *masterconf.Config) (jobcache.Cache, error) {
	switch {
	case mc.MasterJobCache != "local_cache":
		return jobcache.Cache{}, fmt.Errorf("the master's master_job_cache is %q and not local_cache", mc.MasterJobCache)
	case !mc.JobCache:
		return jobcache.Cache{}, errors.New("the master has job_cache: False")
	case mc.ExtJobCache != "":
		return jobcache.Cache{}, fmt.Errorf("the master has ext_job_cache: %s, and keeps no returns itself", mc.ExtJobCache)
	}
	return jobcache.Cache{Dir: filepath.Join(mc.CacheDir, "jobs"), HashType: mc.HashType}, nil
}

// checksMinions is the minimum_auth_version from which on a master refuses
// returns of minions that do not prove their id.
const checksMinions = 3

// checkResults returns an error if returns have to be read from the job cache
// and cannot be: no return would ever be found.
func checkResults(mc *masterconf.Config, r settings.Results) error {
	if r != settings.ResultsVerified {
		return nil
	}
	var problems []error
	cache, err := jobCache(mc)
	if err == nil {
		err = readable(cache.Dir)
	}
	if err != nil {
		problems = append(problems, fmt.Errorf("results: verified needs the master's job cache: %w", err))
	}
	if v, ok := mc.Option("minimum_auth_version"); ok && !atLeast(v, checksMinions) {
		problems = append(problems, fmt.Errorf(
			"results: verified needs a master that checks who returns: its minimum_auth_version is %v and not %d", v, checksMinions))
	}
	return errors.Join(problems...)
}

func atLeast(v any, least int64) bool {
	n, ok := v.(int64)
	return ok && n >= least
}

// readable returns an error if a directory's content cannot be read.
func readable(dir string) error {
	_, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no folder %s (has the master never run, or is it on another host?)", dir)
	case err != nil:
		return fmt.Errorf("the folder %s cannot be read: %w", dir, err)
	}
	return nil
}
