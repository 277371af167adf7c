package role

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/acl"
)

func rolesFor(t *testing.T, own ...Role) *Roles {
	t.Helper()
	roles, err := NewRoles(own...)
	require.NoError(t, err)
	return roles
}

func local(fun string, args ...any) Call {
	return Call{Client: "local", Funs: []Function{{Name: fun, Args: args}}, Tgt: "*", TgtType: "glob"}
}

func master(client, fun string) Call { return Call{Client: client, Funs: []Function{{Name: fun}}} }

func TestBuiltInRoles(t *testing.T) {
	t.Parallel()
	roles := rolesFor(t)
	extras := local("test.ping")
	extras.Extras = true
	another := local("test.ping")
	another.JID = true
	const S, A, U, R = 0, 1, 2, 3
	for _, c := range []struct {
		name string
		call Call
		may  [4]bool // Superuser, Administrator, User, Read-only
	}{
		{"a function", local("cmd.run", "id"), [4]bool{S: true, A: true, U: true}},
		{"with a returner", extras, [4]bool{S: true, A: true, U: true}},
		{"under the id of another job", another, [4]bool{S: true, A: true, U: true}},
		{"what only shows", local("grains.items"), [4]bool{true, true, true, true}},
		{"also asynchronously", Call{Client: "local_async", Funs: []Function{{Name: "test.ping"}}, Tgt: "*"}, [4]bool{true, true, true, true}},
		{"but nothing like it", local("grains.setval", "a", "b"), [4]bool{S: true, A: true, U: true}},
		{"a list of both", Call{Client: "local", Funs: []Function{{Name: "test.ping"}, {Name: "cmd.run"}}, Tgt: "*"},
			[4]bool{S: true, A: true, U: true}},
		{"a runner", master("runner", "salt.cmd"), [4]bool{S: true, A: true}},
		{"one that shows jobs", master("runner", "jobs.list_jobs"), [4]bool{true, true, true, true}},
		{"one that shows returns", master("runner_async", "jobs.lookup_jid"), [4]bool{true, true, true, true}},
		{"one that may delete keys", master("runner", "manage.down"), [4]bool{S: true, A: true}},
		{"a wheel function", master("wheel", "config.values"), [4]bool{S: true, A: true}},
		{"one that shows keys", master("wheel", "key.list_all"), [4]bool{true, true, true, true}},
		{"one that accepts some", master("wheel_async", "key.accept"), [4]bool{S: true, A: true}},
		{"one that reads files of the master", master("wheel", "file_roots.read"), [4]bool{S: true, A: true, U: true}},
		{"one that writes them", master("wheel", "file_roots.write"), [4]bool{S: true, A: true}},
		{"salt-ssh", Call{Client: "ssh", Funs: []Function{{Name: "test.ping"}}, Tgt: "*"}, [4]bool{S: true, A: true}},
		{"its shell", Call{Client: "ssh", Funs: []Function{{Name: "id"}}, Tgt: "*", RawShell: true}, [4]bool{S: true, A: true}},
		{"a client that is none", master("cloud", "x.y"), [4]bool{}},
		{"no function", Call{Client: "local", Tgt: "*"}, [4]bool{}},
	} {
		for i, name := range []string{"Superuser", "Administrator", "User", "Read-only"} {
			d := roles.Compile([]string{name}, Options{}).Allows(c.call)
			want := Refused
			if c.may[i] {
				want = Allowed
			}
			require.Equal(t, want, d.Verdict, "%s: %s", name, c.name)
			require.Equal(t, want == Refused, d.Why != "", "%s: %s", name, c.name)
		}
	}
}

func TestMay(t *testing.T) {
	t.Parallel()
	roles := rolesFor(t)
	for _, c := range []struct {
		role               string
		may, mayNot, login []Permission // login: with a login only
	}{
		{"Superuser", []Permission{Superuser, AuditRead, EventWrite, UserRead, RoleRead, TokenIntrospect}, nil,
			[]Permission{TokenManage, TokenManageAll, UserWrite, UserDelete, RoleWrite, RoleDelete, ServiceAccountWrite, ServiceAccountDelete}},
		{"Administrator", []Permission{AuditRead, EventRead, CmdWheelRun}, []Permission{Superuser},
			[]Permission{TokenManage, TokenManageAll, UserWrite, RoleWrite}},
		{"User", []Permission{CmdRun, EventRead, RoleRead}, []Permission{Superuser, AuditRead, UserRead, EventWrite, TokenManageAll, MinionWrite},
			[]Permission{TokenManage}},
		{"Read-only", []Permission{CmdRead, ReturnerRead, MinionRead, UserRead}, []Permission{CmdRun, AuditRead, JobRun, EventWrite, TokenManage}, nil},
	} {
		token := roles.Compile([]string{c.role}, Options{})
		person := roles.Compile([]string{c.role}, Options{Login: true})
		for _, p := range c.may {
			require.True(t, token.May(p), "%s: %s", c.role, p)
			require.True(t, person.May(p), "%s: %s", c.role, p)
		}
		for _, p := range c.mayNot {
			require.False(t, token.May(p), "%s: %s", c.role, p)
			require.False(t, person.May(p), "%s: %s", c.role, p)
		}
		for _, p := range c.login {
			require.False(t, token.May(p), "%s: %s", c.role, p)
			require.True(t, person.May(p), "%s: %s", c.role, p)
		}
		require.False(t, person.May("no-such"))
		require.False(t, person.May(""))
	}
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	roles := rolesFor(t, Role{Name: "ci", ACL: ACL{acl.Map{{Key: "web*", Value: []any{"state.apply"}}}}})
	ci, reader := roles.Compile([]string{"ci"}, Options{}), roles.Compile([]string{"Read-only"}, Options{})
	super := roles.Compile([]string{"Superuser"}, Options{})
	for _, c := range []struct {
		method, path      string
		ci, reader, super bool
	}{
		{http.MethodPost, "/", true, true, true}, // each call is checked on its own
		{http.MethodPost, "/logout", true, true, true},
		{http.MethodGet, "/minions/{mid}", false, true, true},
		{http.MethodHead, "/jobs", false, true, true},
		{http.MethodGet, "/events", false, true, true},
		{http.MethodPost, "/hook/*", false, false, true},
		{http.MethodPost, "/keys", false, false, true},
		{http.MethodGet, "/v1/audit", false, false, true},
		{http.MethodPost, "/v1/tokens", false, false, false},
		{http.MethodDelete, "/cloudapi/1.0.0/tokens/{urn}", false, false, false},
		{http.MethodPost, "/token", false, false, false},
		{http.MethodPost, "/login", false, false, false},
		{http.MethodGet, "/nowhere", false, false, false},
	} {
		require.Equal(t, c.ci, ci.MayReach(c.method, c.path), "%s %s", c.method, c.path)
		require.Equal(t, c.reader, reader.MayReach(c.method, c.path), "%s %s", c.method, c.path)
		require.Equal(t, c.super, super.MayReach(c.method, c.path), "%s %s", c.method, c.path)
	}
	seen := make(map[Endpoint]bool)
	for _, e := range Endpoints() {
		_, known := describe(e.Needs)
		require.True(t, known || e.Needs == "", "%v", e)
		key := Endpoint{Method: e.Method, Path: e.Path}
		require.False(t, seen[key], "%v stands there twice", e)
		seen[key] = true
	}
	for _, functions := range stands {
		for fun, p := range functions {
			_, known := describe(p)
			require.True(t, known, fun)
		}
	}
}

func TestRulesAndTargets(t *testing.T) {
	t.Parallel()
	roles := rolesFor(t,
		Role{Name: "ci", ACL: ACL{acl.Map{{Key: "web*", Value: []any{"state.apply"}}}, "@jobs", acl.Map{{Key: "@wheel", Value: []any{"key.list.*"}}}}},
		Role{Name: "ping", ACL: ACL{"test.ping"}},
		Role{Name: "db", ACL: ACL{acl.Map{{Key: "db* and not db9", Value: []any{"state.*", "test.*"}}}}},
		Role{Name: "uptime", ACL: ACL{acl.Map{{Key: "*", Value: []any{acl.Map{{Key: "cmd.run", Value: []any{
			acl.Map{{Key: "args", Value: []any{"uptime$"}}, {Key: "kwargs", Value: acl.Map{{Key: "runas", Value: "nobody$"}}}}}}}}}}}},
		Role{Name: "web-team", Permissions: []Permission{CmdRun, CmdRead}, Targets: []string{"web*", "G@role:web"}},
		Role{Name: "group", Permissions: []Permission{CmdRun}, Targets: []string{"N@web"}},
	)
	two := func(a, b string) Call {
		return Call{Client: "local", Funs: []Function{{Name: a}, {Name: b}}, Tgt: "*", TgtType: "glob"}
	}
	extras := func(c Call) Call { c.Extras = true; return c }
	kwargs := func(mark any, runas string) acl.Map {
		return acl.Map{{Key: "__kwarg__", Value: mark}, {Key: "runas", Value: runas}}
	}
	for _, c := range []struct {
		name   string
		scopes []string
		call   Call
		want   string // empty: refused; "allowed"; else the narrowed target
	}{
		{"what it is for", []string{"ci"}, local("state.apply", "base"), "* and web*"},
		{"nothing else", []string{"ci"}, local("cmd.run", "id"), ""},
		{"a prefix is enough, as in external_auth", []string{"ci"}, local("state.apply_all"), "* and web*"},
		{"not with a returner", []string{"ci"}, extras(local("state.apply")), ""},
		{"runners of a module", []string{"ci"}, master("runner", "jobs.list_jobs"), "allowed"},
		{"others not", []string{"ci"}, master("runner", "salt.cmd"), ""},
		{"wheel functions", []string{"ci"}, master("wheel", "key.list_all"), "allowed"},
		{"others not", []string{"ci"}, master("wheel", "key.accept"), ""},
		{"waiting is no exception for a caller", []string{"ci"}, local("saltutil.find_job"), ""},
		{"without a target, on all", []string{"ping"}, local("test.ping"), "allowed"},

		{"scopes add up: targets", []string{"ci", "db"}, local("state.apply"), "* and ( ( db* and not db9 ) or web* )"},
		{"scopes add up: functions", []string{"ci", "ping"}, local("test.ping"), "allowed"},
		{"where only one allows it", []string{"ci", "db"}, local("test.ping"), "* and ( db* and not db9 )"},
		{"a list runs where each function may", []string{"ci", "db"}, two("state.apply", "test.ping"),
			"* and ( ( db* and not db9 ) or web* ) and ( db* and not db9 )"},
		{"one of which may everywhere", []string{"ci", "ping"}, two("state.apply", "test.ping"), "* and web*"},
		{"both the same", []string{"db"}, two("state.apply", "test.ping"), "* and ( db* and not db9 )"},
		{"one of which may nowhere", []string{"ci", "ping"}, two("cmd.run", "test.ping"), ""},
		{"all of which may everywhere", []string{"ping"}, two("test.ping", "test.ping"), "allowed"},

		{"good arguments", []string{"uptime"}, local("cmd.run", "uptime", kwargs(true, "nobody")), "allowed"},
		{"another argument", []string{"uptime"}, local("cmd.run", "uptime; id", kwargs(true, "nobody")), ""},
		{"another keyword argument", []string{"uptime"}, local("cmd.run", "uptime", kwargs(true, "root")), ""},
		{"none", []string{"uptime"}, local("cmd.run", "uptime"), ""},
		{"a mark that minions do not take", []string{"uptime"}, local("cmd.run", "uptime", kwargs(int64(1), "nobody")), ""},
		{"keywords twice", []string{"uptime"}, local("cmd.run", "uptime", kwargs(true, "root"), kwargs(true, "nobody")), ""},
		{"one more as text", []string{"uptime"}, local("cmd.run", "uptime", "runas=root", kwargs(true, "nobody")), ""},

		{"any function on some minions", []string{"web-team"}, local("cmd.run", "id"), "* and ( G@role:web or web* )"},
		{"with a returner too", []string{"web-team"}, extras(local("cmd.run", "id")), "* and ( G@role:web or web* )"},
		{"no runners with that", []string{"web-team"}, master("runner", "salt.cmd"), ""},
		{"but what it may see", []string{"web-team"}, master("runner", "jobs.active"), "allowed"},
		{"with another scope", []string{"web-team", "db"}, local("test.ping"), "* and ( ( db* and not db9 ) or G@role:web or web* )"},
		{"a nodegroup", []string{"group"}, local("cmd.run", "id"), "* and ( ( L@web1,web2 or web9 ) )"},

		{"a role that is gone", []string{"gone"}, local("test.ping"), ""},
		{"no role", nil, local("test.ping"), ""},
		{"upper case is another name", []string{"CI"}, local("state.apply"), ""},
	} {
		set := roles.Compile(c.scopes, Options{Nodegroups: func(words []string) ([]string, error) {
			require.Equal(t, []string{"N@web"}, words)
			return []string{"(", "L@web1,web2", "or", "web9", ")"}, nil
		}})
		d := set.Allows(c.call)
		switch c.want {
		case "":
			require.Equal(t, notAllowed, d, c.name)
		case "allowed":
			require.Equal(t, allowed, d, c.name)
		default:
			require.Equal(t, Decision{Verdict: Narrowed, Tgt: c.want, TgtType: "compound"}, d, c.name)
		}
	}
}

func TestNodegroupsThatCannotBeReplaced(t *testing.T) {
	t.Parallel()
	role := Role{Name: "group", Permissions: []Permission{CmdRun}, Targets: []string{"N@web"}}
	require.NoError(t, role.Check())
	for name, o := range map[string]Options{
		"nobody knows them": {},
		"no such":           {Nodegroups: func([]string) ([]string, error) { return nil, errors.New("none") }},
		"still one":         {Nodegroups: func(w []string) ([]string, error) { return w, nil }},
		"no expression":     {Nodegroups: func([]string) ([]string, error) { return []string{"a", ")", "or", "(", "b"}, nil }},
	} {
		require.Equal(t, notAllowed, Compile(o, role).Allows(local("cmd.run")), name)
	}
}

// TestUncheckedRoles shows that the wrong parts of a role allow nothing.
func TestUncheckedRoles(t *testing.T) {
	t.Parallel()
	set := Compile(Options{Login: true}, Role{
		Permissions: []Permission{"", "no-such", CmdRun},
		Targets:     []string{"web1 ) or ( db1", ""},
		ACL:         ACL{"test.ping", acl.Map{{Key: "", Value: []any{"x"}}}},
	})
	require.Equal(t, notAllowed, set.Allows(local("test.ping")))
	require.Equal(t, notAllowed, set.Allows(master("runner", "x.y")))
	require.False(t, set.May("no-such"))
	require.False(t, set.May(""))
}

func TestHosts(t *testing.T) {
	t.Parallel()
	roles := rolesFor(t, Role{Name: "web", ACL: ACL{acl.Map{{Key: "web* or G@os:x", Value: []any{"test.*"}}}, acl.Map{{Key: "web*", Value: []any{"state.*"}}}, "grains.*"}})
	on := func(ids ...string) func() ([]string, bool) { return func() ([]string, bool) { return ids, true } }
	for _, c := range []struct {
		name, fun string
		call      Call
		want      Verdict
	}{
		{"all within", "state.apply", Call{Hosts: on("web1", "web2")}, Allowed},
		{"one outside: salt-ssh cannot be narrowed", "state.apply", Call{Hosts: on("web1", "db1")}, Refused},
		{"allowed everywhere", "grains.items", Call{Hosts: on("db1")}, Allowed},
		{"hosts that nobody can tell", "state.apply", Call{}, Refused},
		{"nor the roster", "state.apply", Call{Hosts: func() ([]string, bool) { return nil, false }}, Refused},
		{"no hosts", "state.apply", Call{Hosts: on()}, Refused},
		{"a limit that cannot be told", "test.ping", Call{Hosts: on("web1")}, Refused},
		{"another function", "cmd.run", Call{Hosts: on("web1")}, Refused},
		{"a shell, whatever it begins with", "grains.items; id", Call{Hosts: on("web1"), RawShell: true}, Refused},
		{"options", "grains.items", Call{Hosts: on("web1"), Extras: true}, Refused},
	} {
		c.call.Client, c.call.Funs = "ssh", []Function{{Name: c.fun}}
		require.Equal(t, c.want, roles.Compile([]string{"web"}, Options{}).Allows(c.call).Verdict, c.name)
	}
}
