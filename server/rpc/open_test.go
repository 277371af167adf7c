package rpc_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/internal/tokentest"
	"github.com/saltern-api/saltern/server/rpc"
	"github.com/saltern-api/saltern/server/rpc/saved"
)

// A role with cmd-run and no targets runs on the saved targets that name it, and on
// nothing else; it cannot give itself targets.
func TestOpenRole(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	admin := e.by(t, "admin")
	boss := issuer.Caller{User: "admin", Eauth: "pam", LoggedIn: true}
	for _, r := range []role.Role{
		{Name: "web-ops", Permissions: []role.Permission{role.CmdRun, role.TargetRead, role.TargetWrite}},
		{Name: "db-ops", Permissions: []role.Permission{role.CmdRun}, Targets: []string{"db*"}},
	} {
		require.NoError(t, e.Tokens.PutRole(t.Context(), boss, r, true))
	}
	token := func(scope string) string {
		secret, _, err := e.Tokens.Create(t.Context(), boss, issuer.NewToken{Name: scope, Scopes: []string{scope}, Profile: apitoken.ProfileNative})
		require.NoError(t, err)
		return tokentest.Bearer(secret.Reveal())
	}
	web, db := token("web-ops"), token("db-ops")
	id := string(e.must(t, admin, "tgt.save_target_group", `{"name":"web","tgt":{"*":{"tgt":["web1","web2"],"tgt_type":"list"}}}`))
	other := string(e.must(t, admin, "tgt.save_target_group", `{"name":"pattern","tgt":{"*":{"tgt":"mail*"}}}`))
	const everywhere = `{"cmd":"local","fun":"test.ping","tgt":{"*":{"tgt":"*"}}}`
	allows := func() role.Decision {
		return e.master.last(t).Authority.Scope.Allows(role.Call{Client: "local", Funs: []role.Function{{Name: "test.ping"}}, Tgt: "*", TgtType: "glob"})
	}
	require.Equal(t, 4032, e.call(t, web, "cmd.route_cmd", everywhere).code(), "no target names it")
	e.must(t, admin, "tgt.save_target_group_access", `{"tgt_uuid":`+id+`,"access_payload":{"web-ops":["read"],"db-ops":["read"]}}`)
	e.must(t, admin, "tgt.save_target_group_access", `{"tgt_uuid":`+other+`,"access_payload":{"web-ops":["write"]}}`)
	e.must(t, web, "cmd.route_cmd", `{"cmd":"local","fun":"test.ping","tgt_uuid":`+id+`}`)
	e.must(t, web, "cmd.route_cmd", everywhere)
	require.Equal(t, role.Decision{Verdict: role.Narrowed, Tgt: "* and L@web1,web2", TgtType: "compound"}, allows())
	e.must(t, admin, "tgt.save_target_group_access", `{"tgt_uuid":`+other+`,"access_payload":{"web-ops":["discover"]}}`)
	e.must(t, web, "cmd.route_cmd", everywhere)
	require.Equal(t, "* and ( L@web1,web2 or mail* )", allows().Tgt)
	require.Equal(t, 4032, e.call(t, web, "cmd.route_cmd", `{"cmd":"runner","fun":"jobs.active"}`).code())
	e.must(t, db, "cmd.route_cmd", everywhere)
	require.Equal(t, "* and db*", allows().Tgt, "it has targets of its own")

	// Its own targets, and what they are, are none that it may name itself in.
	own := string(e.must(t, web, "tgt.save_target_group", `{"name":"all of them","tgt":{"*":{"tgt":"*"}}}`))
	for method, kwarg := range map[string]string{
		"tgt.save_target_group_access": `{"tgt_uuid":` + own + `,"access_payload":{"web-ops":["read"]}}`, "tgt.save_target_group": `{"tgt_uuid":` + id + `,"tgt":{"*":{"tgt":"*"}}}`,
	} {
		require.Equal(t, 4030, e.call(t, web, method, kwarg).code(), method)
	}
	e.must(t, web, "tgt.save_target_group_access", `{"tgt_uuid":`+own+`,"access_payload":{"db-ops":["read"]}}`)
	e.must(t, admin, "tgt.delete_target_group", `{"tgt_uuid":[`+id+`,`+other+`]}`)
	require.Equal(t, 4032, e.call(t, web, "cmd.route_cmd", everywhere).code())
}

// The roles of a login limit it likewise.
func TestOpenLogin(t *testing.T) {
	t.Parallel()
	e := new(env)
	sharedStore(t, e)
	e.Gateway = tokentest.Build(t, func(o *tokentest.Options) {
		o.LoginRoles = []string{"web-ops"}
		o.RPC = func(a *rpc.API) { a.Gateway, a.Library = &e.master, e.store }
	})
	require.NoError(t, e.Tokens.PutRole(t.Context(), issuer.Caller{User: "root", Operator: true}, role.Role{
		Name: "web-ops", Permissions: []role.Permission{role.CmdRun, role.TargetRead, role.TargetWrite},
	}, true))
	bob := e.by(t, "bob")
	const everywhere = `{"cmd":"local","fun":"test.ping","tgt":{"*":{"tgt":"*"}}}`
	require.Equal(t, 4032, e.call(t, bob, "cmd.route_cmd", everywhere).code())
	own := string(e.must(t, bob, "tgt.save_target_group", `{"name":"all","tgt":{"*":{"tgt":"*"}}}`))
	require.Equal(t, 4030, e.call(t, bob, "tgt.save_target_group_access", `{"tgt_uuid":`+own+`,"access_payload":{"web-ops":["read"]}}`).code())
}

// job-run is for jobs on minions, and for no more of these than the other roles of a login
// allow. What acts on the master needs the permission for it.
func TestRunSavedJobRights(t *testing.T) {
	t.Parallel()
	e := new(env)
	sharedStore(t, e)
	e.Gateway = tokentest.Build(t, func(o *tokentest.Options) {
		o.LoginRoles = []string{"saver"}
		o.Assignments = []issuer.Assignment{
			{Users: []string{"carol"}, Roles: []string{"ops"}}, {Users: []string{"dave"}, Roles: []string{"db-ops"}}, {Users: []string{"erin"}, Roles: []string{"everywhere"}},
			{Users: []string{"frank"}, Roles: []string{"User", "wheels"}},
		}
		o.RPC = func(a *rpc.API) { a.Gateway, a.Library = &e.master, e.store }
	})
	for name, r := range map[string]role.Role{
		"saver": {Permissions: []role.Permission{role.JobRead, role.JobWrite, role.JobRun, role.TargetWrite}},
		"ops":   {Permissions: []role.Permission{role.CmdRun}}, "db-ops": {Permissions: []role.Permission{role.CmdRun}, Targets: []string{"db*"}},
		"everywhere": {Permissions: []role.Permission{role.TargetAllMinionsRun}}, "wheels": {Permissions: []role.Permission{role.CmdWheelRun, role.CmdRunnerRun}},
	} {
		r.Name = name
		require.NoError(t, e.Tokens.PutRole(t.Context(), issuer.Caller{User: "root", Operator: true}, r, true))
	}
	for user, want := range map[string]struct{ wheel, runner, all, web int }{
		"bob":   {4030, 4030, 4030, 0}, // job-run alone
		"carol": {4030, 4030, 4032, 4032},
		"dave":  {4030, 4030, 0, 0}, // narrowed to db*
		"erin":  {4030, 4030, 0, 0},
		"frank": {},
	} {
		by := e.by(t, user)
		tgt := string(e.must(t, by, "tgt.save_target_group", `{"name":"web","tgt":{"*":{"tgt":"web*"}}}`))
		with := ""
		run := func(job string) int {
			id := string(e.must(t, by, "job.save_job", `{"name":"j",`+job+`}`))
			defer func() { require.NoError(t, e.store.DeleteSaved(t.Context(), records.SavedJob, strings.Trim(id, `"`))) }()
			return e.call(t, by, "cmd.route_cmd", `{"job_uuid":`+id+with+`}`).code()
		}
		require.Equal(t, want.wheel, run(`"cmd":"wheel","fun":"key.accept"`), user)
		require.Equal(t, want.runner, run(`"cmd":"runner","fun":"jobs.active"`), user)
		require.Equal(t, want.all, run(`"cmd":"local","fun":"test.ping","tgt_uuid":"`+saved.AllMinions+`"`), user)
		require.Equal(t, want.web, run(`"cmd":"local","fun":"test.ping","tgt_uuid":`+tgt), user)
		if user == "bob" { // other arguments make another command of it
			job := `"cmd":"local","fun":"cmd.run","arg":{"arg":["df -h"]},"tgt_uuid":` + tgt
			for arg, code := range map[string]int{`[]`: 0, `[ "df -h" ]`: 0, `["reboot"]`: 4030} {
				with = `,"arg":{"arg":` + arg + `}`
				require.Equal(t, code, run(job), arg)
			}
		}
		if user == "dave" {
			d := e.master.last(t).Authority.Scope.Allows(role.Call{Client: "local", Funs: []role.Function{{Name: "test.ping"}}, Tgt: "web*", TgtType: "glob"})
			require.Equal(t, "* and web* and db*", d.Tgt)
		}
	}
}

// A user's own cmd-run is that of no role: no access list gives it targets.
func TestOwnCmdRun(t *testing.T) {
	t.Parallel()
	e := new(env)
	sharedStore(t, e)
	e.Gateway = tokentest.Build(t, func(o *tokentest.Options) {
		o.LoginRoles = []string{"saver"}
		o.RPC = func(a *rpc.API) { a.Gateway, a.Library = &e.master, e.store }
	})
	root := issuer.Caller{User: "root", Operator: true}
	require.NoError(t, e.Tokens.PutRole(t.Context(), root, role.Role{Name: "saver", Permissions: []role.Permission{role.TargetRead, role.TargetWrite}}, true))
	require.NoError(t, e.Tokens.PutUser(t.Context(), root, "pam", "bob", func(u *issuer.SavedUser) { u.Permissions = []role.Permission{role.CmdRun} }))
	admin, bob := e.by(t, "admin"), e.by(t, "bob")
	e.must(t, admin, "tgt.save_target_group", `{"name":"all","tgt":{"*":{"tgt":"*"}}}`)
	require.Equal(t, 4032, e.call(t, bob, "cmd.route_cmd", `{"cmd":"local","fun":"test.ping","tgt":{"*":{"tgt":"web*"}}}`).code())
}

// Nobody gives a role with cmd-run and no targets more minions than they may run on
// themselves, whether the role is their own or not.
func TestOpenRoleOfOthers(t *testing.T) {
	t.Parallel()
	e := new(env)
	sharedStore(t, e)
	e.Gateway = tokentest.Build(t, func(o *tokentest.Options) {
		o.LoginRoles = []string{"editor"}
		o.Assignments = []issuer.Assignment{
			{Users: []string{"admin"}, Roles: []string{"Superuser"}}, {Users: []string{"carol"}, Roles: []string{"ops"}}, {Users: []string{"dave"}, Roles: []string{"web"}},
		}
		o.RPC = func(a *rpc.API) { a.Gateway, a.Library = &e.master, e.store }
	})
	for _, r := range []role.Role{
		{Name: "editor", Permissions: []role.Permission{role.TargetRead, role.TargetWrite, role.TokenManage}},
		{Name: "ops", Permissions: []role.Permission{role.CmdRun}}, {Name: "web", Permissions: []role.Permission{role.CmdRun}, Targets: []string{"web*"}},
	} {
		require.NoError(t, e.Tokens.PutRole(t.Context(), issuer.Caller{User: "root", Operator: true}, r, true))
	}
	token := func(user string, scopes ...string) string {
		secret, _, err := e.Tokens.Create(t.Context(), issuer.Caller{User: user, Eauth: "pam", LoggedIn: true},
			issuer.NewToken{Name: strings.Join(scopes, " "), Scopes: scopes, Profile: apitoken.ProfileNative})
		require.NoError(t, err)
		return tokentest.Bearer(secret.Reveal())
	}
	for _, c := range []struct {
		name, by, tgt, role string
		code                int
	}{
		{"a role that the caller does not have", e.by(t, "bob"), "*", "ops", 4030},
		{"one that there may be later", e.by(t, "bob"), "*", "later", 4030},
		{"one with targets of its own", e.by(t, "bob"), "*", "web", 0},
		{"beyond the caller's minions", e.by(t, "dave"), "*", "ops", 4030},
		{"within these", e.by(t, "dave"), "web1*", "ops", 0},
		{"a token without the role", token("carol", "editor"), "*", "ops", 4030},
		{"a token without its owner's targets", token("dave", "editor"), "web1*", "ops", 4030},
		{"a token with these", token("dave", "editor", "web"), "web1*", "ops", 0},
		{"a superuser's narrow token", token("admin", "editor"), "*", "ops", 4030},
		{"a superuser", e.by(t, "admin"), "*", "ops", 0},
	} {
		id := string(e.must(t, c.by, "tgt.save_target_group", `{"name":"t","tgt":{"*":{"tgt":"`+c.tgt+`"}}}`))
		list := func(role string) int {
			return e.call(t, c.by, "tgt.save_target_group_access", `{"tgt_uuid":`+id+`,"access_payload":{"`+role+`":["discover"],"editor":["read"]}}`).code()
		}
		require.Equal(t, c.code, list(c.role), c.name)
		require.Zero(t, list("Read-only"), c.name)
	}

	// What a superuser has shared stays so, and is not widened by who owns it.
	bob, admin := e.by(t, "bob"), e.by(t, "admin")
	id := string(e.must(t, bob, "tgt.save_target_group", `{"name":"t","tgt":{"*":{"tgt":"db1"}}}`))
	e.must(t, admin, "tgt.save_target_group_access", `{"tgt_uuid":`+id+`,"access_payload":{"ops":["read"]}}`)
	e.must(t, bob, "tgt.save_target_group", `{"tgt_uuid":`+id+`,"name":"renamed","tgt":{"*":{"tgt":"db1"}}}`)
	e.must(t, bob, "tgt.save_target_group_access", `{"tgt_uuid":`+id+`,"access_payload":{"ops":["read","write"]}}`)
	require.Equal(t, 4030, e.call(t, bob, "tgt.save_target_group", `{"tgt_uuid":`+id+`,"tgt":{"*":{"tgt":"*"}}}`).code())
}

// A role that an owner of targets has named while it had targets of its own gets none of
// these when it has no targets any more, and neither does one that is changed so later.
func TestRoleThatIsOpened(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	admin := e.by(t, "admin")
	boss := issuer.Caller{User: "admin", Eauth: "pam", LoggedIn: true}
	web := role.Role{Name: "web", Permissions: []role.Permission{role.CmdRun, role.TargetRead, role.TargetWrite}, Targets: []string{"web*"}}
	require.NoError(t, e.Tokens.PutRole(t.Context(), boss, web, true))
	secret, _, err := e.Tokens.Create(t.Context(), boss, issuer.NewToken{Name: "web", Scopes: []string{"web"}, Profile: apitoken.ProfileNative})
	require.NoError(t, err)
	by := tokentest.Bearer(secret.Reveal())
	const list = `,"access_payload":{"web":["read"]}}`
	target := func(by, tgt string) string {
		id := string(e.must(t, by, "tgt.save_target_group", `{"name":"t","tgt":{"*":{"tgt":"`+tgt+`"}}}`))
		e.must(t, by, "tgt.save_target_group_access", `{"tgt_uuid":`+id+list)
		return id
	}
	all, part, given := target(by, "*"), target(by, "web1*"), target(admin, "db*")
	moved := target(by, "web2*")
	e.must(t, by, "tgt.save_target_group", `{"tgt_uuid":`+moved+`,"tgt":{"*":{"tgt":"mail*"}}}`)
	web.Targets = nil
	require.NoError(t, e.Tokens.PutRole(t.Context(), boss, web, false))
	runsOn := func() string {
		e.must(t, by, "cmd.route_cmd", `{"cmd":"local","fun":"test.ping","tgt":{"*":{"tgt":"*"}}}`)
		return e.master.last(t).Authority.Scope.Allows(role.Call{Client: "local", Funs: []role.Function{{Name: "test.ping"}}, Tgt: "*", TgtType: "glob"}).Tgt
	}
	require.Equal(t, "* and ( db* or web1* )", runsOn())
	for _, id := range []string{all, part, moved, given} {
		e.call(t, by, "tgt.save_target_group_access", `{"tgt_uuid":`+id+list)
	}
	require.Equal(t, "* and ( db* or web1* )", runsOn(), "the same list once more is no new one")
	e.must(t, admin, "tgt.save_target_group_access", `{"tgt_uuid":`+moved+list)
	require.Equal(t, "* and ( db* or mail* or web1* )", runsOn(), "a superuser names it")
}
