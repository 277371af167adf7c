package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/saltmaster/jobcache"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
	"github.com/saltern-api/saltern/saltmaster/runnerdirs"
)

// errLookupsOff is the reason of the setting.
var errLookupsOff = errors.New("saltern.yaml has lookups: master")

// JobLookups returns the job cache in which jobs may be looked up, or why only
// the master can do that.
func (c *Config) JobLookups() (jobcache.Cache, error) {
	cache, err := c.JobCache()
	switch {
	case c.Settings.Lookups == settings.LookupsMaster:
		err = errLookupsOff
	case err != nil:
	case strings.ContainsAny(cache.Dir, "*?["):
		err = fmt.Errorf("the name of the folder %s is a pattern", cache.Dir)
	default:
		err = errors.Join(unset(c.Master, "job_cache_store_endtime", "disable_runners", "disable_returners"),
			absolute(append(c.RunnerDirs(), moduleDirs(c.Master, "returners", "returner_dirs")...)))
	}
	return cache, err
}

// KeyLookups returns the directory with the keys of minions, or why only the
// master can list them.
func (c *Config) KeyLookups() (dir string, err error) {
	driver := option(c.Master, "keys.cache_driver")
	switch {
	case c.Settings.Lookups == settings.LookupsMaster:
		err = errLookupsOff
	case driver != nil && driver != "localfs_key":
		err = fmt.Errorf("the master's keys.cache_driver is %v", driver)
	case c.Master.UniqueJID:
		err = errors.New("the master has unique_jid")
	default:
		err = errors.Join(unset(c.Master, "cluster_id", "key_cache", "disable_wheels", "disable_caches"),
			absolute(append(moduleDirs(c.Master, "wheel", "wheel_dirs"), moduleDirs(c.Master, "cache", "cache_dirs")...)))
	}
	return c.Master.PKIDir, err
}

// MayReplaceJobs reports whether a module of the operator's own may stand in
// place of those of Salt that look jobs up.
func (c *Config) MayReplaceJobs() bool {
	return c.RunnerDirs().MayHave("jobs") || moduleDirs(c.Master, "returners", "returner_dirs").MayHave("local_cache")
}

// MayReplaceKeys is MayReplaceJobs for those that list keys.
func (c *Config) MayReplaceKeys() bool {
	return moduleDirs(c.Master, "wheel", "wheel_dirs").MayHave("key") ||
		moduleDirs(c.Master, "cache", "cache_dirs").MayHave("localfs_key")
}

// unset returns an error if one of the options has a value that may be true in
// Python.
func unset(mc *masterconf.Config, names ...string) error {
	for _, name := range names {
		v, ok := mc.Option(name)
		if list, isList := v.([]any); !ok || v == nil || v == false || v == "" || isList && len(list) == 0 {
			continue
		}
		return fmt.Errorf("the master has %s", name)
	}
	return nil
}

// absolute returns an error if one of the directories depends on where the
// master was started.
func absolute(dirs runnerdirs.Dirs) error {
	for _, dir := range dirs {
		if !filepath.IsAbs(dir) {
			return fmt.Errorf("the folder of modules %s is relative to where the master was started", dir)
		}
	}
	return nil
}
