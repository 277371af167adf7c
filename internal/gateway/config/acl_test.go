package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/lowstate/saltssh"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
)

// aclConfig loads a master's file whose root_dir is a directory with the keys
// of two minions. more is added to the file.
func aclConfig(t *testing.T, more string) *masterconf.Config {
	t.Helper()
	dir := t.TempDir()
	minions := filepath.Join(dir, "pki", "minions")
	require.NoError(t, os.MkdirAll(filepath.Join(minions, "folder"), 0o700))
	for _, name := range []string{"web1", "db1", ".key_cache"} {
		require.NoError(t, os.WriteFile(filepath.Join(minions, name), nil, 0o600))
	}
	text := "root_dir: " + dir + "\npki_dir: /pki\n" + more
	require.NoError(t, os.WriteFile(filepath.Join(dir, "master"), []byte(text), 0o600))
	mc, _, err := masterconf.Load(dir)
	require.NoError(t, err)
	return mc
}

const aclText = `
external_auth:
  pam:
    alice:
      - test.*
      - 'web*':
          - state.apply:
              args: [base]
              kwargs: {test: null}
    'ops%': ['@runner', {2: [x], 1.5: null}]
    '*': [grains.*]
  odd:
    1000: [test.*]
    alice: [test.*]
  list: [alice]
  none:
  5: {alice: [test.*]}
`

func TestACLRules(t *testing.T) {
	t.Parallel()
	rules := aclRules(aclConfig(t, aclText))
	alice := acl.Subject{Eauth: "pam", User: "alice"}
	ops := acl.Subject{Eauth: "pam", User: "bob", Groups: []string{"ops"}}

	apply := acl.Call{Fun: "state.apply", Tgt: "web*", TgtType: "glob", Args: []any{
		"base", acl.Map{{Key: "__kwarg__", Value: true}, {Key: "test", Value: true}},
	}}
	require.Equal(t, acl.Allowed, rules.Publish(alice, apply))
	apply.Tgt = "*"
	require.Equal(t, acl.Refused, rules.Publish(alice, apply))
	require.Equal(t, acl.Refused, rules.Publish(ops, apply))
	require.Equal(t, acl.Allowed, rules.Runner(ops, "jobs.active", nil, nil))
	require.Equal(t, acl.Refused, rules.Wheel(ops, "key.list_all", nil, nil))

	require.Equal(t, `["grains.*", "test.*", {"web*": [{"state.apply": {"args": ["base"], "kwargs": {"test": null}}}]}]`,
		string(rules.Perms(alice)))
	require.Equal(t, `["@runner", "grains.*", {"2": ["x"], "1.5": null}]`, string(rules.Perms(ops)))

	ping := acl.Call{Fun: "test.ping", Tgt: "*", TgtType: "glob"}
	for module, want := range map[string]acl.Verdict{
		"pam": acl.Allowed, "odd": acl.Refused, "list": acl.Refused, "none": acl.Refused, "5": acl.Refused,
	} {
		require.Equal(t, want, rules.Publish(acl.Subject{Eauth: module, User: "alice"}, ping), module)
	}
	require.Equal(t, `["test.*"]`, string(rules.Perms(acl.Subject{Eauth: "odd", User: "alice"})))
}

func TestACLOptions(t *testing.T) {
	t.Parallel()
	ping := acl.Call{Fun: "test.ping", Tgt: "web1", TgtType: "glob"}
	verdict := func(more string, who acl.Subject) acl.Verdict {
		who.Eauth = "pam"
		return aclRules(aclConfig(t, "external_auth: {pam: {'*': [{'web*': ['.*']}], star: [test.ping]}}\n"+more)).Publish(who, ping)
	}
	alice := acl.Subject{User: "alice"}
	require.Equal(t, acl.Allowed, verdict("", alice))
	require.Equal(t, acl.Refused, verdict("permissive_acl: true", alice))
	require.Equal(t, acl.Refused, verdict("auth.enable_expanded_auth_matching: true", alice))
	kept := acl.Subject{User: "alice", HasAuthList: true}
	require.Equal(t, acl.Allowed, verdict("", kept))
	require.Equal(t, acl.Refused, verdict("keep_acl_in_token: true", kept))

	for _, more := range []string{
		"keys.cache_driver: redis", "key_cache: sched", "cluster_id: a", "enable_ssh_minions: true", "minion_data_cache: false",
	} {
		require.Equal(t, acl.Unknown, verdict(more, alice), more)
		require.Equal(t, acl.Allowed, verdict(more, acl.Subject{User: "star"}), more)
	}
	for _, more := range []string{"keys.cache_driver: localfs_key", "key_cache: ''", "cluster_id:", "enable_ssh_minions: false"} {
		require.Equal(t, acl.Allowed, verdict(more, alice), more)
	}
}

// TestSSHOptionsOfTheSettings compares the names that saltern.yaml may list
// with those that the client ssh requires.
func TestSSHOptionsOfTheSettings(t *testing.T) {
	t.Parallel()
	require.ElementsMatch(t, lowstate.SSHPrivileges(), settings.SSHOptions())
}

// TestRosterKind shows that nothing but a flat roster counts as one.
func TestRosterKind(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "roster: flat": "flat", "roster: cache": "cache", "roster: [flat, cache]": "several", "roster:": "",
	} {
		require.Equal(t, want, rosterKind(option(aclConfig(t, text), "roster")), text)
	}
}

// TestSSHRules evaluates the rules of salt-ssh: the accepted minions are web1
// and db1, the roster has web1 and host.
func TestSSHRules(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "salt-ssh")
	script := "#!/bin/sh\necho '{\"/roster\": {\"web1\": \"10.0.0.1\", \"host\": \"10.0.0.2\"}}' >output\n"
	require.NoError(t, os.WriteFile(program, []byte(script), 0o700))
	verdict := func(more, tgt string, compared bool) acl.Verdict {
		mc := aclConfig(t, "external_auth: {pam: {alice: [{'web*': [test.ping]}, {'*': [test.echo]}]}}\n"+more)
		p := saltssh.New(saltssh.Options{Program: program, TempDir: t.TempDir(), Roster: rosterKind(option(mc, "roster"))})
		rules := (&Config{Master: mc}).SSHRules(p.Hosts, func() bool { return compared })
		fun := "test.ping"
		if compared {
			fun = "test.echo"
		}
		return rules.SSH(acl.Subject{Eauth: "pam", User: "alice"}, acl.Call{Fun: fun, Tgt: tgt, TgtType: "glob"})
	}
	require.Equal(t, acl.Allowed, verdict("", "web1", false))
	require.Equal(t, acl.Allowed, verdict("", "w*", false))
	require.Equal(t, acl.Refused, verdict("", "host", false))
	require.Equal(t, acl.Allowed, verdict("enable_ssh_minions: true", "web1", false), "it always is for salt-ssh")
	require.Equal(t, acl.Unknown, verdict("roster: cache", "web1", false))
	require.Equal(t, acl.Unknown, verdict("roster: [flat, cache]", "web1", false))
	require.Equal(t, acl.Unknown, verdict("cluster_id: a", "web1", false))
	require.Equal(t, acl.Allowed, verdict("", "web1", true))
	require.Equal(t, acl.Refused, verdict("", "host", true), "Salt 3006 compares *")
}

func TestAcceptedMinions(t *testing.T) {
	t.Parallel()
	mc := aclConfig(t, "")
	ids, err := acceptedMinions(mc)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"web1", "db1"}, ids)

	link := filepath.Join(mc.PKIDir, "minions", "link")
	require.NoError(t, os.Symlink("web1", link))
	_, err = acceptedMinions(mc)
	require.ErrorContains(t, err, "symbolic link")
	require.NoError(t, os.Remove(link))

	index := filepath.Join(mc.CacheDir, resourceIndex)
	require.NoError(t, os.MkdirAll(filepath.Dir(index), 0o700))
	require.NoError(t, os.WriteFile(index, nil, 0o600))
	_, err = acceptedMinions(mc)
	require.ErrorContains(t, err, "resources")

	require.NoError(t, os.RemoveAll(mc.PKIDir))
	_, err = acceptedMinions(mc)
	require.ErrorIs(t, err, os.ErrNotExist)
}
