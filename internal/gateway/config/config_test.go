package config

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/server"
)

// load reads a configuration of two texts, in which DIR stands for a directory
// of its own. It contains the state directory, unless the settings have
// another.
func load(t *testing.T, master, set string) (c *Config, dir string, err error) {
	t.Helper()
	dir = t.TempDir()
	if !strings.Contains(set, "state_dir") {
		set += "\nstate_dir: DIR/state\n"
	}
	for name, text := range map[string]string{"master": master, "saltern.yaml": set} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(text, "DIR", dir)), 0o600))
	}
	c, err = Load(Files{MasterDir: dir, Settings: filepath.Join(dir, "saltern.yaml")})
	return c, dir, err
}

// good is load of a configuration without problems.
func good(t *testing.T, master, set string) *Config {
	t.Helper()
	c, _, err := load(t, master, set)
	require.NoError(t, err)
	return c
}

// All problems of both files are reported at once.
func TestProblems(t *testing.T) {
	t.Parallel()
	c, dir, err := load(t, "interface: nope\nrest_cherrypy: {port: 99999}\n", "limits: {conections: 5}\ntrusted_proxies: [x]\n")
	require.Error(t, err)
	var all []string
	for _, p := range Problems(err) {
		all = append(all, strings.ReplaceAll(p.Error(), dir, "DIR"))
	}
	require.Len(t, all, 4, "%q", all)
	require.Contains(t, strings.Join(all, "\n"), "interface")
	require.Contains(t, strings.Join(all, "\n"), "limits.conections: unknown key")
	require.Contains(t, strings.Join(all, "\n"), "trusted_proxies[0]")
	require.Contains(t, strings.Join(all, "\n"), "rest_cherrypy")
	require.NotEmpty(t, c.Warnings(), "those are shown beside the problems")
}

func TestProblemsOfSections(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ master, set, want string }{
		"auth.deciding":    {set: "auth: {deciding: [pma]}", want: `auth.deciding: external_auth has no "pma"`},
		"results":          {master: "job_cache: False", set: "results: verified", want: "job_cache: False"},
		"pepper_file":      {set: "tokens: {pepper_file: DIR/nope}", want: "tokens.pepper_file: "},
		"redis passwords":  {set: "tokens: {store: redis, pepper_file: DIR/nope, redis: {password_file: DIR/no}}", want: "tokens.redis.password_file: "},
		"redis TLS":        {set: "tokens: {store: redis, pepper_file: DIR/nope, redis: {tls: {ca: DIR/no}}}", want: "tokens.redis.tls: "},
		"mail password":    {set: "tokens: {reminders: {mail: {server: 'h:25', from: a@b.example, username: u, password_file: DIR/no}}}", want: "tokens.reminders.mail.password_file: "},
		"mail CA":          {set: "tokens: {reminders: {mail: {server: 'h:25', from: a@b.example, ca: DIR/no}}}", want: "tokens.reminders.mail.ca: "},
		"webhook secret":   {set: "tokens: {reminders: {webhook: {url: 'https://h/', secret_file: DIR/no}}}", want: "tokens.reminders.webhook.secret_file: "},
		"webhook CA":       {set: "tokens: {reminders: {webhook: {url: 'https://h/', ca: DIR/no}}}", want: "tokens.reminders.webhook.ca: "},
		"paths":            {master: "rest_cherrypy: {port: 8001, disable_ssl: true, app_path: 'a b', root_prefix: '/{x}'}", want: "root_prefix: \"/{x}\" is not a plain path\nrest_cherrypy: app_path: \"a b\" is not a plain path"},
		"no settings file": {set: "state_dir: [", want: "saltern.yaml"},
	} {
		_, _, err := load(t, c.master, c.set)
		require.ErrorContains(t, err, c.want, name)
	}
	_, err := Load(Files{MasterDir: t.TempDir(), Settings: filepath.Join(t.TempDir(), "nope.yaml")})
	require.ErrorIs(t, err, os.ErrNotExist, "a file that was named has to be there")
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	const quiet = "netapi_enable_clients: [local]\nexternal_auth: {pam: {alice: ['.*']}}\n"
	for name, c := range map[string]struct {
		master, set string
		want        string // the only warning; "" is none
	}{
		"nothing to say":         {quiet, "", ""},
		"no clients":             {"external_auth: {pam: {}}", "", "netapi_enable_clients is not set"},
		"rest_tornado has them":  {"rest_tornado: {port: 8001, disable_ssl: true, address: 127.0.0.1}", "", ""},
		"a proxy":                {quiet, "trusted_proxies: [127.0.0.1]", "public_url is not set"},
		"a proxy and URL":        {quiet, "trusted_proxies: [127.0.0.1]\npublic_url: https://h", ""},
		"another prefix":         {quiet + "rest_cherrypy: {port: 8001, disable_ssl: true, host: 127.0.0.1, root_prefix: /salt/}", "public_url: https://h", "public_url does not end with root_prefix"},
		"that prefix":            {quiet + "rest_cherrypy: {port: 8001, disable_ssl: true, host: 127.0.0.1, root_prefix: /salt/}", "public_url: https://h/salt", ""},
		"memory":                 {quiet, "tokens: {store: memory}", "tokens.store: memory: every token"},
		"max_life":               {quiet, "tokens: {max_life: 1d, native: {token_life: 2d}}", "tokens.native.token_life is more than max_life"},
		"max_life and never":     {quiet, "tokens: {max_life: 1d, vcd: {token_life: never}}", "tokens.vcd.token_life is more than max_life"},
		"owners for ever":        {quiet, "tokens: {owner_max_idle: never}", ""},
		"owners of ldap":         {quiet[:len(quiet)-2] + ", ldap: {}}\n", "tokens: {owner_max_idle: never}", "tokens.owner_max_idle: never"},
		"a role of the operator": {quiet, "tokens: {login_roles: [User, deploy]}", `"deploy" is not a built-in role`},
		"a role of assignments":  {quiet, "tokens: {assignments: [{users: x, roles: [deploy, User]}]}", `"deploy" is not a built-in role`},
		"an eauth of those":      {quiet, "tokens: {assignments: [{users: x, eauth: ldap, roles: [User]}]}", `tokens.assignments[0].eauth: external_auth has no "ldap"`},
		"tokens.eauth":           {quiet, "tokens: {eauth: ldap}", `tokens.eauth: external_auth has no "ldap"`},
	} {
		conf := good(t, c.master, c.set)
		if c.want == "" {
			require.Empty(t, conf.Warnings(), name)
			continue
		}
		require.Len(t, conf.Warnings(), 1, "%s: %q", name, conf.Warnings())
		require.Contains(t, conf.Warnings()[0], c.want, name)
	}
}

// There are warnings for a state directory that others may write to, and for
// hashes sent in clear text.
func TestWarningsOfState(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o770))
	require.Contains(t, stateDirWarnings(dir)[0], "its mode 0770 lets others change what is in it")
	require.NoError(t, os.Chmod(dir, 0o750))
	require.Empty(t, stateDirWarnings(dir))
	require.Empty(t, stateDirWarnings(filepath.Join(dir, "not yet")))

	for addr, want := range map[string]bool{
		"127.0.0.1:6379": true, "localhost:6379": true, "[::1]:6379": true, "[::ffff:127.0.0.1]:6379": true, "/run/redis.sock": true,
		"10.0.0.1:6379": false, "redis.example.com:6379": false, "[fd00::1]:6379": false,
	} {
		require.Equal(t, want, isLocal(addr), addr)
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	c := good(t, "rest_cherrypy: {port: 8001, host: 127.0.0.1}\n"+
		"external_auth: {ldap: {}, pam: {}}\neauth_acl_module: demo\n", "listen: [{address: '127.0.0.1:8002'}]\nlog: {level: warn}\n")
	require.Equal(t, slog.LevelWarn, c.LogLevel())
	lines := c.Summary()
	require.Len(t, lines, 5, "%q", lines)
	require.Equal(t, "listen: https://127.0.0.1:8001 as main", lines[0])
	require.Equal(t, "listen: http://127.0.0.1:8002 as main", lines[1])
	require.Contains(t, lines[2], "tokens: the tokens of an owner known by eauth ldap are refused 30d after")
	require.Contains(t, lines[3], "eauth ldap: eauth_acl_module is set")
	require.Contains(t, lines[4], "eauth pam: eauth_acl_module is set")

	require.Len(t, good(t, "external_auth: {ldap: {}}", "tokens: {owner_max_idle: never}").Summary(), 1)
	for mode, want := range map[server.ClientCertMode]string{
		server.ClientCertNone:     "http://h:1 as wsgi",
		server.ClientCertOptional: "http://h:1 as wsgi, client certificates optional",
		server.ClientCertRequired: "http://h:1 as wsgi, client certificates required",
	} {
		require.Equal(t, want, describe(server.ListenerSpec{Surface: server.WSGI, Address: "h:1", Clients: server.ClientCerts{Mode: mode}}))
	}
}

// Omitted names in saltern.yaml have the defaults of settings.
func TestDefaultPlace(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(DefaultSettings); err == nil {
		t.Skip("this machine has a saltern.yaml")
	}
	c, err := Load(Files{MasterDir: t.TempDir()})
	require.NoError(t, err)
	require.Equal(t, settings.Default(), c.Settings)
}
