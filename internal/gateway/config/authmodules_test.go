package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
)

// TestModes is about the lines of the log and config-test for eauth modules that give
// rights.
func TestModes(t *testing.T) {
	t.Parallel()
	const creds = ": the master authorizes with the credentials of each request"
	for name, c := range map[string]struct {
		master   string
		deciding []string
		files    map[string]string
		want     []string // the beginning of each line
		says     map[string]eauth.ModuleRights
	}{
		"nothing": {
			master: "external_auth: {pam: {alice: ['.*']}, ldap: {'ops%': ['.*', {'web*': ['test.*']}]}}",
			says:   map[string]eauth.ModuleRights{"pam": {}, "ldap": {}},
		},
		"eauth_acl_module": {
			master: "eauth_acl_module: demo\nexternal_auth: {pam: {alice: ['.*']}}",
			want:   []string{"pam: eauth_acl_module is set" + creds},
			says:   map[string]eauth.ModuleRights{"pam": {ACL: true}},
		},
		"an eauth_acl_module that is empty": {master: "eauth_acl_module: ''\nexternal_auth: {pam: {alice: ['.*']}}"},
		"an eauth_acl_module that is odd": {
			master: "eauth_acl_module: true\nexternal_auth: {pam: {alice: ['.*']}}",
			want:   []string{"pam: eauth_acl_module is set" + creds},
		},
		"kept in tokens": {
			master: "eauth_acl_module: demo\nkeep_acl_in_token: true\nexternal_auth: {pam: {alice: ['.*']}}",
			want:   []string{"pam: eauth_acl_module is set" + creds + "; API tokens of these users are refused"},
		},
		"a module of the operator's": {
			master: "external_auth: {pam: {alice: ['.*']}, demo: {alice: ['.*']}}",
			want:   []string{"demo: the eauth module demo may have an acl() or a process_acl()" + creds},
		},
		"OUs": {
			master: "external_auth: {ldap: {alice: ['@runner', {'ldap(OU=web)': ['test.*']}]}}",
			want:   []string{"ldap: external_auth has rules for OUs of the directory" + creds},
			says:   map[string]eauth.ModuleRights{"ldap": {Process: true}},
		},
		"as the operator says": {
			master:   "external_auth: {pam: {alice: ['.*']}}",
			deciding: []string{"pam"},
			want:     []string{"pam: saltern.yaml names it in auth.deciding" + creds},
		},
		"another pam in auth_dirs": {
			master: "auth_dirs: [DIR/own]\nexternal_auth: {pam: {alice: ['.*']}}",
			files:  map[string]string{"own/pam.py": ""},
			want:   []string{"pam: the eauth module pam may be the one in DIR/own/pam.py" + creds},
			says:   map[string]eauth.ModuleRights{"pam": {ACL: true, Process: true}},
		},
		"another pam in extension_modules": {
			master: "extension_modules: DIR/ext\nroot_dir: /\nexternal_auth: {pam: {alice: ['.*']}}",
			files:  map[string]string{"ext/auth/pam.py": ""},
			want:   []string{"pam: the eauth module pam may be the one in DIR/ext/auth/pam.py" + creds},
		},
		"another pam in the default folder": {
			master: "root_dir: DIR\nexternal_auth: {pam: {alice: ['.*']}}",
			files:  map[string]string{"var/cache/salt/master/extmods/auth/pam.py": ""},
			want:   []string{"pam: the eauth module pam may be the one in DIR/var/cache/salt/master/extmods/auth/pam.py" + creds},
		},
		"another pam in module_dirs": {
			master: "module_dirs: [DIR/a, DIR/b]\nexternal_auth: {pam: {alice: ['.*']}}",
			files:  map[string]string{"b/_auth/pam.py": ""},
			want:   []string{"pam: the eauth module pam may be the one in DIR/b/_auth/pam.py" + creds},
		},
		"a folder of the master's own": {
			master: "auth_dirs: [auth]\nexternal_auth: {pam: {alice: ['.*']}}",
			want:   []string{"pam: the folder auth of eauth modules cannot be read" + creds},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, text := range c.files {
				path := filepath.Join(dir, file)
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
				require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
			}
			master := strings.ReplaceAll(c.master, "DIR", dir)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "master"), []byte(master), 0o600))
			mc, _, err := masterconf.Load(dir)
			require.NoError(t, err)
			set := settings.Default()
			set.Auth.Deciding = c.deciding
			conf := &Config{Master: mc, Settings: set}
			got := conf.Modes()
			require.Len(t, got, len(c.want), "%q", got)
			for i, want := range c.want {
				require.Truef(t, strings.HasPrefix(got[i], strings.ReplaceAll(want, "DIR", dir)), "%q", got[i])
			}
			for module, want := range c.says {
				require.Equal(t, want, conf.ModuleRights()(module), module)
			}
		})
	}
}

func TestCheckDeciding(t *testing.T) {
	t.Parallel()
	mc := aclConfig(t, aclText)
	require.NoError(t, checkDeciding(mc, nil))
	require.NoError(t, checkDeciding(mc, []string{"pam", "odd"}))
	require.EqualError(t, checkDeciding(mc, []string{"pma", "pam", "x"}),
		"auth.deciding: external_auth has no \"pma\"\nauth.deciding: external_auth has no \"x\"")
}

// Without a login, the rules of external_auth apply to a token, as to a session
// of salt-api unless acl() has returned other rights.
func TestRightsUnknown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		master string
		want   bool
	}{
		"nothing":                   {"", false},
		"kept":                      {"keep_acl_in_token: true", false},
		"eauth_acl_module":          {"eauth_acl_module: demo", false},
		"eauth_acl_module and kept": {"eauth_acl_module: demo\nkeep_acl_in_token: true", true},
	} {
		mc := aclConfig(t, "external_auth: {pam: {alice: ['.*']}}\n"+c.master)
		require.Equal(t, c.want, (&Config{Master: mc, Settings: settings.Default()}).RightsUnknown()("pam"), name)
	}
	mc := aclConfig(t, "external_auth: {ldap: {alice: [{'ldap(OU=x)': ['.*']}]}, demo: {}, rest: {}}")
	unknown := (&Config{Master: mc, Settings: settings.Default()}).RightsUnknown()
	require.False(t, unknown("ldap"), "rules for OUs give a session nothing at salt-api, nor here")
	require.True(t, unknown("demo"))
	require.True(t, unknown("rest"), "which needs keep_acl_in_token, whatever the file says")
}

// A token that a request has made serves the next one only where the master
// would make the same again.
func TestReusable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mc       masterconf.Config
		set      settings.Auth
		reusable []string
	}{
		"default":           {reusable: []string{"auto", "file", "ldap", "sharedsecret"}},
		"some":              {set: settings.Auth{ReuseModules: []string{"file"}}, reusable: []string{"file"}},
		"none":              {set: settings.Auth{ReuseModules: []string{}}},
		"keep_acl_in_token": {mc: masterconf.Config{KeepACLInToken: true}},
		"a module decides":  {set: settings.Auth{Deciding: []string{"ldap"}}, reusable: []string{"auto", "file", "sharedsecret"}},
	} {
		c.mc.ExtensionModules = t.TempDir()
		set := settings.Default()
		set.Auth.Deciding = c.set.Deciding
		if c.set.ReuseModules != nil {
			set.Auth.ReuseModules = c.set.ReuseModules
		}
		reusable := (&Config{Master: &c.mc, Settings: set}).Reusable()
		var got []string
		for _, module := range []string{"auto", "file", "ldap", "sharedsecret", "pam", "rest", "yubico", "keystone", "django", "mysql", "other"} {
			if reusable(module) {
				got = append(got, module)
			}
		}
		require.Equal(t, c.reusable, got, name)
	}
}
