package rpc_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/internal/tokentest"
)

// team saves a role, groups, links and a user.
func (e *env) team(t *testing.T) {
	t.Helper()
	admin := e.by(t, "admin")
	e.must(t, admin, "auth.save_role", `{"role_name":"to go","perms":["cmd-read"]}`)
	e.must(t, admin, "auth.save_group", `{"config_name":"internal","group_name":"team","roles":["User"]}`)
	e.must(t, admin, "auth.save_group", `{"config_name":"internal","group_name":"to go"}`)
	e.must(t, admin, "auth.save_group_link", `{"group_name":"team","config_name":"ldap","ext_group_name":"cn=team"}`)
	e.must(t, admin, "auth.save_group_link", `{"group_name":"team","config_name":"ldap","ext_group_name":"cn=gone","enabled":false}`)
	e.must(t, admin, "auth.save_user", `{"config_name":"internal","username":"erin","groups":["team"]}`)
}

// subjects returns the subjects of the audit lines of an event.
func (l *lines) subjects(event string) (all []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.all {
		if e.Event == event {
			all = append(all, e.User+": "+e.Subject)
		}
	}
	return all
}

// A team comes aboard, and goes again. What it gets counts at once, for its logins.
func TestTeam(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	admin, carol := e.by(t, "admin"), e.by(t, "carol")
	require.Equal(t, 4030, e.call(t, carol, "job.save_job", `{"name":"j","cmd":"local","fun":"test.ping"}`).code())
	roleUUID := string(e.must(t, admin, "auth.save_role", `{"role_name":"Web team","description":"of the web","perms":["job-read","job-write","license-read","cmd-run"]}`))
	require.JSONEq(t, `{"Web team":{"name":"Web team","desc":"of the web","uuid":`+roleUUID+`,"perms":["job-read","job-write","license-read","cmd-run"]}}`,
		string(e.must(t, admin, "auth.get_role", `{"role_uuid":`+roleUUID+`}`)))
	e.must(t, admin, "auth.save_role", `{"role_uuid":`+roleUUID+`,"description":"changed"}`)
	require.Contains(t, string(e.must(t, admin, "auth.get_role", `{"role_name":"Web team"}`)), `"desc":"changed","uuid":`+roleUUID+`,"perms":["job-read",`)

	group := string(e.must(t, admin, "auth.save_group", `{"config_name":"internal","group_name":"web","roles":[`+roleUUID+`]}`))
	user := string(e.must(t, admin, "auth.save_user", `{"config_name":"pam","username":"carol","groups":[`+group+`],"perms":["pillar-read"],"custom_data":{"a": [1]}}`))
	e.must(t, carol, "job.save_job", `{"name":"j","cmd":"local","fun":"test.ping"}`)
	var got struct {
		Username             string
		Roles, Perms, Groups []string
		CustomData           json.RawMessage `json:"custom_data"`
	}
	require.NoError(t, json.Unmarshal(e.must(t, admin, "auth.get_user", `{"account_uuid":`+user+`}`), &got))
	require.Equal(t, []string{"User", "Web team"}, got.Roles)
	require.Equal(t, []string{"web"}, got.Groups)
	require.True(t, slices.Contains(got.Perms, "job-write") && slices.Contains(got.Perms, "pillar-read"), got.Perms)
	require.JSONEq(t, `{"a":[1]}`, string(got.CustomData))

	e.must(t, admin, "auth.save_user", `{"account_uuid":`+user+`,"roles":["Read-only"]}`)
	require.Contains(t, string(e.must(t, admin, "auth.get_all_users", `{"include_roles":true}`)), `"roles":["Read-only","User","Web team"]`)
	require.Contains(t, string(e.must(t, admin, "auth.get_all_groups", `{"include_users":true}`)), `"username":"carol","email":null,"remote_uid":null,"roles":["Read-only","User","Web team"]`)
	require.Equal(t, 4051, e.call(t, admin, "auth.save_user", `{"account_uuid":`+user+`,"username":"caroline"}`).code())
	require.Equal(t, 4051, e.call(t, admin, "auth.save_group", `{"group_uuid":`+group+`,"group_name":"webs"}`).code())
	require.Equal(t, 4051, e.call(t, admin, "auth.save_role", `{"role_uuid":`+roleUUID+`,"role_name":"webs"}`).code())
	a := e.call(t, admin, "auth.delete_user", `{"account_uuid":`+user+`}`)
	require.Zero(t, a.code())
	require.NotEmpty(t, a.Warnings)
	require.Equal(t, 4030, e.call(t, carol, "job.save_job", `{"name":"j","cmd":"local","fun":"test.ping"}`).code())
	e.must(t, admin, "auth.delete_group", `{"group_uuid":`+group+`}`)
	e.must(t, admin, "auth.delete_role", `{"role_uuid":`+roleUUID+`}`)
	require.Equal(t, []string{
		": role worker", "admin: role Web team", "admin: role Web team", "admin: group pam/web", "admin: user pam/carol", "admin: user pam/carol",
	}, slices.DeleteFunc(e.lines.subjects(issuer.Changed), func(s string) bool { return len(s) > 0 && s[:5] == "carol" }))
	require.Equal(t, []string{"admin: user pam/carol", "admin: group pam/web", "admin: role Web team"}, e.lines.subjects(issuer.Removed))
}

// A role editor who is no superuser gives no more than there is to give.
func TestEditors(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	admin, carol := e.by(t, "admin"), e.by(t, "carol")
	e.must(t, admin, "auth.save_role", `{"role_name":"editor","perms":["role-read","role-write","role-delete","user-read","user-write","user-delete","group-read","group-write","group-delete"]}`)
	e.must(t, admin, "auth.save_user", `{"config_name":"internal","username":"carol","roles":["editor"]}`)
	e.must(t, admin, "auth.save_group", `{"config_name":"internal","group_name":"strong","roles":["Superuser"]}`)
	e.must(t, admin, "auth.save_group", `{"config_name":"internal","group_name":"weak","roles":["User"]}`)
	token := func(user, name, scopes string, p apitoken.Profile) string {
		var names []string
		require.NoError(t, json.Unmarshal([]byte(scopes), &names))
		secret, _, err := e.Tokens.Create(t.Context(), issuer.Caller{User: user, Eauth: "pam", LoggedIn: true}, issuer.NewToken{Name: name, Scopes: names, Profile: p})
		require.NoError(t, err)
		return tokentest.Bearer(secret.Reveal())
	}
	editors := map[string]string{
		"login": carol, "token": token("carol", "a", `["editor"]`, apitoken.ProfileNative), "token of all scopes": token("carol", "b", `["Superuser"]`, apitoken.ProfileCSP),
		"a superuser's token": token("admin", "c", `["editor"]`, apitoken.ProfileNative),
	}
	for name, by := range editors {
		for _, c := range [][2]string{
			{"auth.save_role", `{"role_name":"more","perms":["audit-read"]}`},
			{"auth.save_role", `{"role_name":"editor","perms":["superuser"]}`},
			{"auth.save_user", `{"config_name":"internal","username":"carol","roles":["Superuser"]}`},
			{"auth.save_user", `{"config_name":"internal","username":"carol","perms":["superuser"]}`},
			{"auth.save_user", `{"config_name":"internal","username":"carol","groups":["strong"]}`},
			{"auth.save_group", `{"config_name":"internal","group_name":"weak","roles":["Administrator"]}`},
			{"auth.save_group_link", `{"group_name":"strong","config_name":"ldap","ext_group_name":"x"}`},
		} {
			require.Equal(t, 4030, e.call(t, by, c[0], c[1]).code(), "%s: %s %s", name, c[0], c[1])
		}
		e.must(t, by, "auth.save_role", `{"role_name":"less","perms":["role-read"]}`)
		e.must(t, by, "auth.save_group", `{"config_name":"internal","group_name":"new","roles":["editor"]}`)
		require.Equal(t, 4030, e.call(t, by, "admin.trim_database", `{"test":true}`).code(), name)
	}
	require.Equal(t, 4031, e.call(t, token("admin", "d", `["Superuser"]`, apitoken.ProfileVCD), "auth.save_role", `{"role_name":"less","perms":["role-read"]}`).code())
	require.Equal(t, issuer.Caller{User: "admin"}.User, e.lines.last(t).User)
	e.must(t, token("admin", "e", `["Superuser"]`, apitoken.ProfileNative), "auth.save_role", `{"role_name":"more","perms":["audit-read"]}`)
	require.NoError(t, e.Tokens.May(t.Context(), issuer.Caller{User: "admin", Eauth: "pam", LoggedIn: true}, role.Superuser))
}

// Access lists and scopes name roles. Where one was deleted, a new one of its name counts
// in them: whoever makes it gets nothing by that, as it gives the role to nobody.
func TestDeletedRole(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	admin, eve, bob := e.by(t, "admin"), e.by(t, "eve"), e.by(t, "bob")
	boss := issuer.Caller{User: "admin", Eauth: "pam", LoggedIn: true}
	for name, perms := range map[string]string{
		"editor": `"role-read","role-write","role-delete","user-read","user-write","group-read","group-write","token-manage","target-read","job-read","cmd-run","target-allminions-run"`,
		"web":    `"target-read"`,
	} {
		e.must(t, admin, "auth.save_role", `{"role_name":"`+name+`","perms":[`+perms+`]}`)
	}
	e.must(t, admin, "auth.save_user", `{"config_name":"internal","username":"eve","roles":["editor"]}`)
	e.must(t, admin, "auth.save_user", `{"config_name":"internal","username":"bob","roles":["worker","web"]}`)
	e.must(t, admin, "auth.save_group", `{"config_name":"internal","group_name":"team","roles":["web"]}`)
	id := string(e.must(t, admin, "tgt.save_target_group", `{"name":"shared","tgt":{"*":{"tgt":"web*"}}}`))
	e.must(t, admin, "tgt.save_target_group_access", `{"tgt_uuid":`+id+`,"access_payload":{"web":["read","write"]}}`)
	token := func(c issuer.Caller, name string) string {
		secret, _, err := e.Tokens.Create(t.Context(), c, issuer.NewToken{Name: name, Scopes: []string{"web"}, Profile: apitoken.ProfileNative})
		require.NoError(t, err)
		return tokentest.Bearer(secret.Reveal())
	}
	old := token(boss, "old")
	sees := func(by string) bool {
		a := e.call(t, by, "tgt.get_target_group", `{"name":"shared"}`)
		return a.code() == 0 && strings.Contains(string(a.Ret), `"count":1,`)
	}
	require.True(t, sees(bob))
	require.True(t, sees(old))

	e.must(t, eve, "auth.delete_role", `{"role_name":"web"}`)
	require.False(t, sees(bob))
	require.False(t, sees(old), "its scope allows nothing")
	e.must(t, eve, "auth.save_role", `{"role_name":"web","perms":["target-read","cmd-run","target-allminions-run"]}`)
	require.False(t, sees(bob), "who had the former role does not have this one")
	for _, c := range [][2]string{
		{"auth.save_user", `{"config_name":"internal","username":"eve","roles":["editor","web"]}`},
		{"auth.save_user", `{"config_name":"internal","username":"mallory","roles":["web"]}`},
		{"auth.save_group", `{"config_name":"internal","group_name":"team","roles":["web"]}`},
	} {
		require.Equal(t, 4030, e.call(t, eve, c[0], c[1]).code(), c[1])
	}
	own := token(issuer.Caller{User: "eve", Eauth: "pam", LoggedIn: true}, "own")
	require.False(t, sees(eve))
	require.False(t, sees(own), "a scope is no role of its owner")
	require.Equal(t, 4030, e.call(t, own, "tgt.delete_target_group", `{"tgt_uuid":`+id+`}`).code())
	e.must(t, admin, "auth.save_user", `{"config_name":"internal","username":"bob","roles":["worker","web"]}`)
	require.True(t, sees(bob), "a superuser gives it")
}

// A role that runs where access lists name it is made by those who may run anywhere:
// else its editor would name it in a target of its own first.
func TestOpenRoleOfEditors(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	admin := e.by(t, "admin")
	boss := issuer.Caller{User: "admin", Eauth: "pam", LoggedIn: true}
	web := role.Role{Name: "web", Permissions: []role.Permission{role.CmdRun, role.RoleWrite, role.RoleRead, role.TargetWrite, role.TargetRead}, Targets: []string{"web*"}}
	require.NoError(t, e.Tokens.PutRole(t.Context(), boss, web, true))
	secret, _, err := e.Tokens.Create(t.Context(), boss, issuer.NewToken{Name: "web", Scopes: []string{"web"}, Profile: apitoken.ProfileNative})
	require.NoError(t, err)
	by := tokentest.Bearer(secret.Reveal())
	all := string(e.must(t, by, "tgt.save_target_group", `{"name":"all","tgt":{"*":{"tgt":"*"}}}`))
	e.must(t, by, "tgt.save_target_group_access", `{"tgt_uuid":`+all+`,"access_payload":{"web":["read"]}}`)
	web.Targets = nil
	p, ok, err := e.Tokens.Check(t.Context(), secret.Reveal(), issuer.Origin{})
	require.NoError(t, err)
	require.True(t, ok)
	require.ErrorIs(t, e.Tokens.PutRole(t.Context(), p.Caller(issuer.Origin{}), web, false), issuer.Forbidden)
	e.must(t, by, "cmd.route_cmd", `{"cmd":"local","fun":"test.ping","tgt_uuid":`+all+`}`)
	d := e.master.last(t).Authority.Scope.Allows(role.Call{Client: "local", Funs: []role.Function{{Name: "test.ping"}}, Tgt: "*", TgtType: "glob"})
	require.Equal(t, "* and web*", d.Tgt)
	e.must(t, admin, "auth.save_role", `{"role_name":"open","perms":["cmd-run"]}`)
}

// Users are known once they have logged in, and what they have saved can be given to
// others.
func TestTransfer(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	admin, bob, carol := e.by(t, "admin"), e.by(t, "bob"), e.by(t, "carol")
	var users struct {
		Results []struct{ UUID, Username string }
	}
	require.NoError(t, json.Unmarshal(e.must(t, admin, "auth.get_all_users", `{}`), &users))
	ids := make(map[string]string)
	for _, u := range users.Results {
		ids[u.Username] = u.UUID
	}
	require.Len(t, ids, 3)
	job := string(e.must(t, bob, "job.save_job", `{"name":"j","cmd":"local","fun":"test.ping"}`))
	tgt := string(e.must(t, bob, "tgt.save_target_group", `{"name":"t","tgt":{"*":{"tgt":"*"}}}`))
	give := `{"from_user_uuid":"` + ids["bob"] + `","to_user_uuid":"` + ids["carol"] + `"`
	require.Equal(t, 4030, e.call(t, bob, "auth.transfer_resources", give+`}`).code())
	all := `"jobs":[` + job + `],"target_groups":[` + tgt + `]}`
	require.JSONEq(t, `{"test":true,`+all, string(e.must(t, admin, "auth.transfer_resources", give+`,"test":true}`)))
	require.JSONEq(t, `{"test":false,"jobs":[],"target_groups":[`+tgt+`]}`, string(e.must(t, admin, "auth.transfer_resources", give+`,"resource_uuids":[`+tgt+`]}`)))
	require.Equal(t, []string{"admin: owner of " + tgt[1:len(tgt)-1] + " of target_groups"}, e.lines.subjects(issuer.Changed)[3:])
	require.Contains(t, string(e.must(t, carol, "job.get_jobs", `{}`)), `"count":0,`)
	require.JSONEq(t, `{"test":false,"jobs":[`+job+`],"target_groups":[]}`, string(e.must(t, admin, "auth.transfer_resources", give+`}`)))
	require.Contains(t, string(e.must(t, carol, "job.get_jobs", `{}`)), `"username":"carol"`)
	require.Contains(t, string(e.must(t, bob, "job.get_jobs", `{}`)), `"count":0,`)
}
