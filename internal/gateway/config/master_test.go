package config

import (
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
	"github.com/saltern-api/saltern/server"
)

func TestRunnerDirs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                       "",
		"runner_dirs: /a\nmodule_dirs: [/b, 5]":  "/a /b/runners /b/_runners 5/runners 5/_runners",
		"runner_dirs: [/a, /c]\nmodule_dirs: /b": "/a /c /b/runners /b/_runners",
		"runner_dirs: 5\nmodule_dirs: {x: y}":    "",
	} {
		c := good(t, "extension_modules: /ext\n"+text, "")
		require.Equal(t, strings.TrimSpace("/ext/runners "+want), strings.Join(c.RunnerDirs(), " "), text)
	}
}

func TestNodegroups(t *testing.T) {
	t.Parallel()
	c := good(t, "nodegroups: {web: 'web*  and G@os:Debian', list: [a, 5], 7: L@x}\n", "")
	require.Equal(t, lowstate.Nodegroups{"web": {"web*", "and", "G@os:Debian"}, "list": {"a", "5"}, "7": {"L@x"}}, c.Nodegroups())
	require.Empty(t, good(t, "", "").Nodegroups())
}

// Root may log in if the settings allow it, or if a rule names root itself:
// never because of a pattern, a star or a group.
func TestPAM(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rules, set string
		root       bool
	}{
		{"{}", "", false},
		{"{pam: {alice: []}}", "", false},
		{"{pam: {'*': []}}", "", false},
		{"{pam: {'ro*': [], 'r.*t': [], '.*': []}}", "", false},
		{"{pam: {root%: [], 'Root': []}}", "", false},
		{"{ldap: {root: []}, pam: {alice: []}}", "", false},
		{"{pam: {root: []}}", "", true},
		{"{pam: {alice: [], root: ['test.*']}}", "", true},
		{"{pam: {alice: []}}", "pam: {allow_root: true}", true},
		{"{pam: {root: []}}", "pam: {allow_root: false}", true},
	} {
		o := good(t, "auth.pam.service: web\nexternal_auth: "+c.rules, c.set+"\n").PAM()
		require.Equal(t, c.root, o.AllowRoot, c)
		require.Equal(t, "web", o.Service)
	}
	require.Equal(t, "/pam.d", good(t, "", "pam: {conf_dir: /pam.d}").PAM().ConfDir)
}

func TestOfTheMaster(t *testing.T) {
	t.Parallel()
	c := good(t, "external_auth: {pam: {}, ldap: {}}\nfailhard: true\nmax_request_body_size: 5\n", "")
	require.Equal(t, []string{"pam", "ldap"}, c.Eauths())
	require.Equal(t, true, c.Option("failhard"))
	require.Nil(t, c.Option("nope"))
	require.NotNil(t, c.Rules())
	me, err := user.Current()
	require.NoError(t, err)
	require.Equal(t, me.Username, c.ProcessUser())
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	const section = "rest_cherrypy: {port: 8001, disable_ssl: true"
	for _, c := range []struct {
		master, set string
		want        int64
	}{
		{"", "", 100 << 20},
		{section + "}", "", 100 << 20},
		{section + ", max_request_body_size: 5}", "", 5},
		{section + ", max_request_body_size: 5}", "max_request_body_size: 7", 7},
	} {
		require.Equal(t, c.want, good(t, c.master, c.set).BodyLimit(), c)
	}
}

func TestTornado(t *testing.T) {
	t.Parallel()
	const section = "rest_tornado: {port: 8001, disable_ssl: true, address: 127.0.0.1, cors_origin: 'https://ui.example.com', webhook_disable_auth: true}\n"
	require.Zero(t, good(t, "netapi_enable_clients: [local]", "").Tornado())
	want := server.TornadoOptions{WebhookDisableAuth: true, CORSOrigins: []string{"https://ui.example.com"}}
	require.Equal(t, want, good(t, section, "").Tornado(), "nil stands for all that rest_tornado has")
	want.EnabledClients = []string{}
	require.Equal(t, want, good(t, section+"netapi_enable_clients: []", "").Tornado())
	want.EnabledClients = []string{"local"}
	require.Equal(t, want, good(t, section+"netapi_enable_clients: [local]", "").Tornado())
}

func TestClientCertMode(t *testing.T) {
	t.Parallel()
	for reqs, want := range map[string]server.ClientCertMode{
		masterconf.CertRequired: server.ClientCertRequired, masterconf.CertOptional: server.ClientCertOptional,
		"CERT_NONE": server.ClientCertNone, "": server.ClientCertNone,
	} {
		require.Equal(t, want, clientCertMode(reqs), reqs)
	}
}

func TestSSH(t *testing.T) {
	t.Parallel()
	o := good(t, "roster: flat\nrosters: [/etc/a/../b, 5, /c]\n", "ssh: {program: /bin/salt-ssh, processes: 2}").SSH()
	require.Equal(t, "/bin/salt-ssh", o.Program)
	require.Equal(t, 2, o.Processes)
	require.Equal(t, "flat", o.Roster)
	require.Equal(t, []string{"/etc/b", "/c"}, o.Rosters)
	require.Empty(t, good(t, "rosters: /c", "").SSH().Rosters, "which Salt takes letter by letter")
}

func TestJobCache(t *testing.T) {
	t.Parallel()
	c := good(t, "", "")
	cache, err := c.JobCache()
	require.NoError(t, err)
	require.Equal(t, filepath.Join(c.Master.CacheDir, "jobs"), cache.Dir)
}

func TestEventsACL(t *testing.T) {
	t.Parallel()
	acl, err := good(t, "", "").EventsACL()
	require.NoError(t, err)
	require.Nil(t, acl)
	acl, err = good(t, "", "events_acl: [{users: ops*, eauth: pam, tags: salt/job/*}]").EventsACL()
	require.NoError(t, err)
	for who, want := range map[string]bool{"ops1 pam": true, "ops1 ldap": false, "alice pam": false} {
		name, eauth, _ := strings.Cut(who, " ")
		f := acl.Allowed(eventstream.Subject{User: name, Eauth: eauth})
		require.Equal(t, want, f.Match("salt/job/1/new"), who)
		require.False(t, f.Match("salt/auth"), who)
	}
	c := good(t, "", "events_acl: [{users: ops*, tags: x}]")
	c.Settings.EventsACL[0].Tags = nil
	_, err = c.EventsACL()
	require.ErrorContains(t, err, "rule 1: tags")
	require.ErrorContains(t, c.check(), "events_acl: rule 1: tags")
}
