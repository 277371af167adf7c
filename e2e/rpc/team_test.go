package rpc

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

// TestTeam has a team come aboard: a role with many permissions, a group of a directory
// that is linked with it, a target, and an access list. It ends with the records.
func TestTeam(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		admin, member := login(t, r, env.User), login(t, r, env.ReadOnly)
		role := decoded[string](t, admin.call(t, "auth", "save_role", `{"role_name": "Web Operators", "description": "Who runs the web servers", "perms": [
			"cmd-read", "cmd-run", "job-read", "job-run", "job-write", "target-read", "target-write", "minion-read", "master-read", "fs-read",
			"returner-read", "schedule-read", "schedule-write", "schedule-delete", "license-read", "pillar-read", "cloud-read", "metadata-auth-read"]}`))
		group := decoded[string](t, admin.call(t, "auth", "save_group", `{"config_name": "directory", "group_name": "cn=web", "roles": ["Web Operators"]}`))
		admin.call(t, "auth", "save_group_link", `{"group_name": "cn=web", "config_name": "internal", "ext_group_name": "web-operators"}`)
		tgt := decoded[string](t, admin.call(t, "tgt", "save_target_group", `{"name": "Web servers", "tgt": {"*": {"tgt": ["ms--0", "ms--1"], "tgt_type": "list"}}}`))
		admin.call(t, "tgt", "save_target_group_access", fmt.Sprintf(
			`{"tgt_uuid": %q, "access_payload": {"Web Operators": {"read": true, "write": false, "discover": "true", "delete": false}}}`, tgt))

		// The member sees the target when it has the role, and runs on it what the master
		// lets it run.
		one := fmt.Sprintf(`{"tgt_uuid": %q}`, tgt)
		type rows struct{ Count int }
		require.Zero(t, decoded[rows](t, member.call(t, "tgt", "get_target_group", one)).Count)
		user := decoded[string](t, admin.call(t, "auth", "save_user", fmt.Sprintf(`{"config_name": "internal", "username": %q, "roles": [%q]}`, env.ReadOnly, role)))
		require.Equal(t, 1, decoded[rows](t, member.call(t, "tgt", "get_target_group", one)).Count)
		jid := decoded[string](t, member.call(t, "cmd", "route_cmd", fmt.Sprintf(`{"cmd": "local", "fun": "test.ping", "tgt_uuid": %q}`, tgt)))
		member.returns(t, jid, 2)
		_, text := member.try(t, "cmd", "route_cmd", fmt.Sprintf(`{"cmd": "local", "fun": "cmd.run", "tgt_uuid": %q, "arg": {"arg": ["id"]}}`, tgt))
		require.NotEmpty(t, text, "the master decides last")

		// Nobody gives what they do not have.
		for _, c := range [][2]string{
			{"save_role", `{"role_name": "Web Operators", "perms": ["superuser"]}`}, {"save_group", `{"config_name": "internal", "group_name": "x", "roles": ["Superuser"]}`},
			{"save_user", fmt.Sprintf(`{"account_uuid": %q, "roles": ["Superuser"]}`, user)}, {"get_all_users", `{}`},
		} {
			_, text := member.try(t, "auth", c[0], c[1])
			require.NotEmpty(t, text, c[0])
		}
		_, text = admin.try(t, "auth", "change_password", fmt.Sprintf(`{"account_uuid": %q, "password": "x"}`, user))
		require.Contains(t, text, "passwords are those of the master's eauth modules")

		// It is kept over a restart, and goes again.
		require.NoError(t, r.StopGateway(t.Context()))
		require.NoError(t, r.StartGateway(t.Context()))
		require.Equal(t, 1, decoded[rows](t, member.call(t, "tgt", "get_target_group", one)).Count)
		require.Contains(t, string(admin.call(t, "auth", "get_group_links", `{}`)), `"ext_group_name":"web-operators"`)
		admin.call(t, "auth", "delete_user", fmt.Sprintf(`{"account_uuid": %q}`, user))
		require.Zero(t, decoded[rows](t, member.call(t, "tgt", "get_target_group", one)).Count)
		admin.call(t, "auth", "delete_group", fmt.Sprintf(`{"group_uuid": %q}`, group))
		admin.call(t, "auth", "delete_role", fmt.Sprintf(`{"role_uuid": %q}`, role))

		t.Run("trim", func(t *testing.T) {
			type trimmed struct {
				Test            bool
				Audit, Schedule int
				Jobs            struct{ Commands int }
			}
			const days = `"audit": 90, "events": "30", "jobs": "0", "schedule": 48`
			_, text := member.try(t, "admin", "trim_database", `{`+days+`, "test": "True"}`)
			require.NotEmpty(t, text)
			counted := decoded[trimmed](t, admin.call(t, "admin", "trim_database", `{`+days+`, "test": "True"}`))
			require.True(t, counted.Test)
			require.Positive(t, counted.Jobs.Commands)
			removed := decoded[trimmed](t, admin.call(t, "admin", "trim_database", `{`+days+`}`))
			require.False(t, removed.Test)
			require.Positive(t, removed.Jobs.Commands)
			require.Zero(t, decoded[rows](t, admin.call(t, "cmd", "get_cmds", fmt.Sprintf(`{"jid": %q}`, jid))).Count)
		})
	})
}

// TestDirectory has the members of groups of a directory get roles: the master's own
// eauth module knows the users and their groups, and its external_auth decides last.
func TestDirectory(t *testing.T) {
	modules := t.TempDir() // since Python leaves its own files beside them
	require.NoError(t, os.CopyFS(modules, os.DirFS("testdata/authmodules")))
	for release, salt := range sandboxtest.Salts(t) {
		t.Run(release, func(t *testing.T) {
			directory(t, suite.Own(t, env.Options{
				Sandbox: sandbox.Options{
					Salt: salt, Minions: envtest.Minions()[:2], WorkerThreads: envtest.FewWorkers, MasterConfig: map[string]any{
						"auth_dirs": []string{modules},
						"external_auth": map[string]any{
							"pam":       map[string]any{env.User: []any{".*", "@runner", "@wheel"}},
							"directory": map[string]any{"cn=web%": []any{"test.*"}, "cn=mail%": []any{"test.*"}, "cn=staff%": []any{"grains.items"}},
						},
					},
				},
				Settings: "tokens: {login_roles: [], assignments: [{users: [" + env.User + "], eauth: [pam], roles: [Superuser]}]}\n",
			}))
		})
	}
}

func directory(t *testing.T, r *env.Env) {
	admin := login(t, r, env.User)
	members := make(map[string]program)
	for _, user := range []string{"anna", "carl", "dora"} {
		members[user] = loginAs(t, r, user, "open sesame", "directory")
	}
	const ping = `{"cmd": "local", "fun": "test.ping", "tgt": {"*": {"tgt": "ms--0"}}}`
	for user, p := range members {
		_, text := p.try(t, "cmd", "route_cmd", ping)
		require.NotEmpty(t, text, "%s has no role yet", user)
	}
	admin.call(t, "auth", "save_role", `{"role_name": "Web Operators", "description": "Who runs the web servers", "perms": ["cmd-read", "cmd-run", "returner-read", "target-read", "minion-read"]}`)

	// The group of the directory has the role itself, and another group of it is linked
	// with a group that has it.
	admin.call(t, "auth", "save_group", `{"config_name": "directory", "group_name": "cn=web", "roles": ["Web Operators"]}`)
	team := decoded[string](t, admin.call(t, "auth", "save_group", `{"config_name": "internal", "group_name": "Operators", "roles": ["Web Operators"]}`))
	admin.call(t, "auth", "save_group_link", fmt.Sprintf(`{"group_uuid": %q, "config_name": "directory", "ext_group_name": "cn=mail"}`, team))
	tgt := decoded[string](t, admin.call(t, "tgt", "save_target_group", `{"name": "Web servers", "tgt": {"*": {"tgt": ["ms--0"], "tgt_type": "list"}}}`))
	admin.call(t, "tgt", "save_target_group_access", fmt.Sprintf(
		`{"tgt_uuid": %q, "access_payload": {"Web Operators": {"read": true, "write": false, "discover": true, "delete": false}}}`, tgt))

	for _, user := range []string{"anna", "carl"} {
		p := members[user]
		require.Contains(t, string(p.call(t, "tgt", "get_target_group", `{"name": "Web servers"}`)), tgt, user)
		jid := p.run(t, fmt.Sprintf(`{"cmd": "local", "fun": "test.ping", "tgt_uuid": %q}`, tgt))
		require.Contains(t, p.returns(t, jid, 1), "ms--0", user)
		jid = p.run(t, `{"cmd": "local", "fun": "test.arg", "tgt": {"*": {"tgt": "*"}}}`)
		require.Contains(t, p.returns(t, jid, 1), "ms--0", "the access list says where the role runs")
		_, text := p.try(t, "cmd", "route_cmd", fmt.Sprintf(`{"cmd": "local", "fun": "cmd.run", "tgt_uuid": %q, "arg": {"arg": ["id"]}}`, tgt))
		require.NotEmpty(t, text, "the master decides last")
	}
	for _, method := range []string{"get_target_group", "get_target_group_minions"} {
		_, text := members["dora"].try(t, "tgt", method, fmt.Sprintf(`{"tgt_uuid": %q}`, tgt))
		require.NotEmpty(t, text, "dora is in none of the groups")
	}
	groups := string(admin.call(t, "auth", "get_all_groups", `{"config_name": "directory", "include_users": true}`))
	require.Contains(t, groups, `"username":"anna"`)
	require.NotContains(t, groups, "internal")
	user := string(admin.call(t, "auth", "get_user", `{"username": "carl", "config_name": "directory"}`))
	require.Contains(t, user, `"roles":["Web Operators"]`)

	// Without the link, and without the group, nobody has the role any more.
	admin.call(t, "auth", "delete_group_link", fmt.Sprintf(`{"group_uuid": %q, "config_name": "directory", "ext_group_name": "cn=mail"}`, team))
	admin.call(t, "auth", "delete_group", `{"config_name": "directory", "group_name": "cn=web"}`)
	for _, user := range []string{"anna", "carl"} {
		_, text := members[user].try(t, "cmd", "route_cmd", ping)
		require.NotEmpty(t, text, user)
	}
}
