package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// api_acl and authorized_ips in the forms in use: any that admits or excludes
// an address by mistake is a problem.
func TestAddressLists(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		users   map[string][]string // of api_acl; nil for none
		problem string
	}{
		"api_acl: {users: {bob: [10.0.0.1, '::1'], '*': ['*']}}": {users: map[string][]string{"bob": {"10.0.0.1", "::1"}, "*": {"*"}}},
		"api_acl: {users: {bob: 10.0.0.1}}":                      {users: map[string][]string{"bob": {"10.0.0.1"}}},
		"api_acl: {users: {bob: {10.0.0.1: x}}}":                 {users: map[string][]string{"bob": {"10.0.0.1"}}},
		"api_acl: {users: {bob: }}":                              {users: map[string][]string{"bob": nil}},
		"api_acl: {users: {}}":                                   {users: map[string][]string{}},
		"api_acl: {users: }":                                     {users: map[string][]string{}},
		"api_acl: {user: {bob: ['*']}}":                          {users: map[string][]string{}},
		"api_acl: {}":                                            {},
		"api_acl: ":                                              {},
		"api_acl: {users: {1000: ['*']}}":                        {problem: "users: 1000 has to be text; put quotes around it"},
		"api_acl: {users: {yes: ['*']}}":                         {problem: "users: true has to be text; put quotes around it"},
		"api_acl: {users: {bob: [localhost]}}":                   {problem: `"localhost" is no address`},
		"api_acl: {users: {bob: [5]}}":                           {problem: "users: bob: has to be a list of addresses"},
		"api_acl: {users: [bob]}":                                {problem: "users has to be a map of names with addresses"},
		"api_acl: [bob]":                                         {problem: "has to be a map with users"},
		"authorized_ips: [10.0.0.1, 10.1.0.0/16]":                {},
		"authorized_ips: {10.0.0.1: x}":                          {},
		"authorized_ips: [localhost]":                            {problem: `authorized_ips: "localhost" is no address`},
		"authorized_ips: ['10.0.0.1 ']":                          {problem: `authorized_ips: "10.0.0.1 " is no address`},
	} {
		dir := t.TempDir()
		master := "rest_cherrypy:\n  port: 8000\n  disable_ssl: true\n  " + text + "\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, "master"), []byte(master), 0o600))
		empty := filepath.Join(dir, "saltern.yaml")
		require.NoError(t, os.WriteFile(empty, nil, 0o600))
		c, err := Load(Files{MasterDir: dir, Settings: empty})
		if want.problem != "" {
			require.ErrorContains(t, err, want.problem, text)
			continue
		}
		require.NoError(t, err, text)
		if want.users == nil {
			require.Nil(t, c.Main.APIACL, text)
			continue
		}
		require.Equal(t, want.users, c.Main.APIACL.Users, text)
	}
}
