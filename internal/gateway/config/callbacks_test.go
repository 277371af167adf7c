package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/records/callback"
)

// Nothing of a secret, or of the path of a URL, gets into an error or into what
// config-test prints.
func TestCallbacks(t *testing.T) {
	t.Parallel()
	secret := func(text string, mode os.FileMode) string {
		file := filepath.Join(t.TempDir(), "secret")
		require.NoError(t, os.WriteFile(file, []byte(text+"\n"), mode))
		return file
	}
	good := secret("hunter2", 0o600)
	const url = "https://ci.example.com/hunter2?k=hunter2"
	for name, c := range map[string]struct{ set, problem, says string }{
		"none":         {},
		"one":          {set: "callbacks: [{name: ci, url: '" + url + "', secret_file: " + good + "}]", says: "callback ci: ended jobs are posted to https://ci.example.com, without results, for every caller"},
		"some callers": {set: "callbacks: [{name: ci, url: '" + url + "', secret_file: " + good + ", results: true, users: ops}]", says: "with results, for some callers"},
		"no file":      {set: "callbacks: [{name: ci, url: '" + url + "', secret_file: /does/not/exist}]", problem: "callbacks[0].secret_file"},
		"open to all":  {set: "callbacks: [{name: ci, url: '" + url + "', secret_file: " + secret("hunter2", 0o644) + "}]", problem: "its mode"},
		"no CA":        {set: "callbacks: [{name: ci, url: '" + url + "', secret_file: " + good + ", ca: " + good + "}]", problem: "callbacks[0].ca"},
		"no records": {
			set:     "records: {store: 'off'}\ncallbacks: [{name: ci, url: '" + url + "', secret_file: " + good + "}]",
			problem: "callbacks need records, which records.store: off turns off",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, err := load(t, "", c.set)
			if c.problem != "" {
				require.ErrorContains(t, err, c.problem)
				require.NotContains(t, err.Error(), "hunter2")
				return
			}
			require.NoError(t, err)
			text := strings.Join(got.Summary(), "\n")
			require.Contains(t, text, c.says)
			require.NotContains(t, text, "hunter2")
		})
	}
}

func TestMayNameCallback(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("s"), 0o600))
	for set, want := range map[string][3]bool{
		"":                               {true, true, true},
		", users: 'op?'":                 {true, false, false},
		", users: [x, d*]":               {false, true, false},
		", groups: wheel":                {false, true, false},
		", users: ops, groups: wheel":    {true, true, false},
		", eauth: ldap":                  {false, false, true},
		", eauth: [pam, ldap], users: o": {false, false, false},
	} {
		c, _, err := load(t, "", "callbacks: [{name: ci, url: 'https://h/', secret_file: "+secret+set+"}]")
		require.NoError(t, err, set)
		may := c.Callbacks.Destinations[0].May
		for i, who := range []callback.Caller{{User: "ops", Eauth: "pam"}, {User: "dev", Eauth: "pam", Groups: []string{"a", "wheel"}}, {User: "zed", Eauth: "ldap"}} {
			require.Equal(t, want[i], may == nil || may(who), "%s %v", set, who)
		}
	}
}
