package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/settings"
)

func TestCheckResults(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ more, want string }{
		{"", ""},
		{"minimum_auth_version: 3", ""},
		{"minimum_auth_version: 4", ""},
		{"master_job_cache: redis", `verified needs the master's job cache: the master's master_job_cache is "redis" and not local_cache`},
		{"job_cache: False", "the master has job_cache: False"},
		{"ext_job_cache: mysql", "the master has ext_job_cache: mysql, and keeps no returns itself"},
		{"cachedir: /nope", "nope/jobs (has the master never run, or is it on another host?)"},
		{"minimum_auth_version: 0", "its minimum_auth_version is 0 and not 3"},
		{"minimum_auth_version: 'x'", "its minimum_auth_version is x and not 3"},
	} {
		mc := aclConfig(t, tc.more)
		if filepath.Base(mc.CacheDir) != "nope" {
			require.NoError(t, os.MkdirAll(filepath.Join(mc.CacheDir, "jobs"), 0o700))
		}
		require.NoError(t, checkResults(mc, settings.ResultsBus), tc.more)
		err := checkResults(mc, settings.ResultsVerified)
		if tc.want == "" {
			require.NoError(t, err, tc.more)
			continue
		}
		require.ErrorContains(t, err, tc.want, tc.more)
	}

	mc := aclConfig(t, "")
	require.NoError(t, os.MkdirAll(mc.CacheDir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(mc.CacheDir, "jobs"), nil, 0o600))
	require.ErrorContains(t, checkResults(mc, settings.ResultsVerified), "cannot be read")
}
