package config

import (
	"errors"
	"fmt"

	"github.com/saltern-api/saltern/saltmaster/presence"
)

// filesDriver is the driver of Salt's stores that keeps them in files.
const filesDriver = "localfs"

// MinionCache returns the data that the master has cached of minions, or why its
// files cannot be read.
func (c *Config) MinionCache() (presence.Minions, error) {
	mc := c.Master
	switch {
	case !mc.MinionDataCache:
		return presence.Minions{}, errors.New("the master has minion_data_cache: False")
	case mc.Cache != filesDriver:
		return presence.Minions{}, fmt.Errorf("the master has cache: %s", mc.Cache)
	case moduleDirs(mc, "cache", "cache_dirs").MayHave(filesDriver):
		return presence.Minions{}, errors.New("the master has a cache driver localfs of its own")
	}
	return presence.Minions{CacheDir: mc.CacheDir, PublishPort: mc.PublishPort}, nil
}

// SaltTokens returns why the master's tokens may not be files, by its release: the
// configuration does not say which one reads it. Whether they are is seen when one is
// written.
func (c *Config) SaltTokens() error {
	var problems []error
	if mc := c.Master; mc.EauthTokens != filesDriver {
		problems = append(problems, fmt.Errorf("the master has eauth_tokens: %s, which Salt 3006 and 3007 read", mc.EauthTokens))
	}
	switch mc := c.Master; {
	case mc.EauthTokensCacheDriver == "" && mc.Cache != filesDriver:
		problems = append(problems, fmt.Errorf("the master has cache: %s, in which Salt 3008 keeps tokens", mc.Cache))
	case mc.EauthTokensCacheDriver != "" && mc.EauthTokensCacheDriver != filesDriver:
		problems = append(problems, fmt.Errorf("the master has eauth_tokens.cache_driver: %s, which Salt 3008 reads", mc.EauthTokensCacheDriver))
	}
	return errors.Join(problems...)
}

// StoreNotes describes what of the master's stores is not read here, and what comes of
// it, a line each.
func (c *Config) StoreNotes() (lines []string) {
	if err := c.SaltTokens(); err != nil {
		for _, err := range Problems(err) {
			lines = append(lines, fmt.Sprintf("tokens: %v: where that is the release, the master makes and looks up all Salt tokens, "+
				"API tokens and schedules do not run, and what is logged out is refused here until it expires", err))
		}
	}
	if _, err := c.JobCache(); err != nil {
		lines = append(lines, fmt.Sprintf("records: %v: what is fired while the event bus is away is not recorded", err))
	}
	if _, err := c.JobLookups(); err != nil {
		lines = append(lines, fmt.Sprintf("jobs: %v: the master looks them up", err))
	}
	if _, err := c.KeyLookups(); err != nil {
		lines = append(lines, fmt.Sprintf("keys: %v: the master lists them, and GET /v1/minions does not work", err))
	}
	if _, err := c.MinionCache(); err != nil {
		lines = append(lines, fmt.Sprintf("minions: %v: GET /v1/minions has no grains and does not know who is connected", err))
	}
	return lines
}
