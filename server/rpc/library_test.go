package rpc_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/server/internal/tokentest"
	"github.com/saltern-api/saltern/server/rpc"
	"github.com/saltern-api/saltern/server/rpc/saved"
)

const checkDisk = "60c14cfc-09ca-4b5a-bc76-8294287c2e6c"

// save saves two jobs and two targets of admin's.
func (e *env) save(t *testing.T) {
	t.Helper()
	admin := e.by(t, "admin")
	e.must(t, admin, "job.save_job", `{"job_uuid":"`+checkDisk+`","name":"Check disk usage","desc":"Checks disk usage on targeted devices","cmd":"local","fun":"disk.usage","tgt_uuid":"`+saved.AllMinions+`"}`)
	e.must(t, admin, "job.save_job", `{"job_uuid":"60c14cfc-09ca-4b5a-bc76-000000000001","name":"to go","cmd":"local","fun":"test.ping"}`)
	for n, name := range map[int]string{2: "web", 3: "gone"} {
		_, err := e.store.PutSaved(t.Context(), records.Saved{
			Kind: records.SavedTarget, ID: fmt.Sprintf("60c14cfc-09ca-4b5a-bc76-%012d", n), User: "admin", Eauth: "pam", Name: name,
			Body: json.RawMessage(`{"tgt":{"*":{"tgt_type":"glob","tgt":"` + name + `*"}}}`),
		})
		require.NoError(t, err)
	}
}

// call sends a call of a method by its whole name.
func (e *env) call(t *testing.T, by, name, kwarg string) answer {
	t.Helper()
	resource, method, _ := strings.Cut(name, ".")
	return e.post(t, fmt.Sprintf(`{"resource":%q,"method":%q,"kwarg":%s}`, resource, method, kwarg), by)
}

func (e *env) must(t *testing.T, by, name, kwarg string) json.RawMessage {
	t.Helper()
	a := e.call(t, by, name, kwarg)
	require.Zero(t, a.code(), "%s %s: %+v", name, kwarg, a.Error)
	return a.Ret
}

// The seed's job comes back key for key, in its order.
func TestSeedJob(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	admin := e.by(t, "admin")
	e.must(t, admin, "job.save_job", `{"job_uuid":"`+checkDisk+`","name":"Check disk usage","desc":"Checks disk usage on targeted devices",`+
		`"cmd":"local","fun":"disk.usage","tgt_uuid":"`+saved.AllMinions+`","arg":{"arg":[],"kwarg":{}},"masters":[]}`)
	got := e.post(t, `{ "resource": "job", "method": "get_jobs", "kwarg": {}, "args": [] }`, admin)
	require.Regexp(t, `^\{"count":1,"results":\[\{"uuid":"`+checkDisk+`","name":"Check disk usage","desc":"Checks disk usage on targeted devices",`+
		`"cmd":"local","tgt_uuid":"7f93b928-388b-11e6-b133-346895ecb8f3","fun":"disk.usage","arg":\{"arg":\[\],"kwarg":\{\}\},"masters":\[\],`+
		`"metadata":\{"auth":\{"owner":\{"uuid":"[0-9a-f-]{36}","config_name":"internal","username":"admin"\},"access":\{\}\}\},`+
		`"tgt_name":"All Minions"\}\],"limit":50\}$`, string(got.Ret))
}

// A job is found again by its name, and only by its owner.
func TestSaveJob(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	admin, bob := e.by(t, "admin"), e.by(t, "bob")
	first := e.must(t, bob, "job.save_job", `{"name":"nightly","cmd":"local","fun":"test.ping"}`)
	again := e.must(t, bob, "job.save_job", `{"name":"nightly","cmd":"local","fun":"test.version","desc":"x"}`)
	require.Equal(t, string(first), string(again))
	others := e.must(t, admin, "job.save_job", `{"name":"nightly","cmd":"local","fun":"test.ping"}`)
	require.NotEqual(t, string(first), string(others))
	e.must(t, bob, "job.save_job", `{"job_uuid":`+string(first)+`,"desc":"changed"}`)
	got := string(e.must(t, bob, "job.get_jobs", `{}`))
	require.Contains(t, got, `"desc":"changed","cmd":"local","tgt_uuid":null,"fun":"test.version"`)
	require.Contains(t, got, `"count":1,`)
	require.Equal(t, 4090, e.call(t, bob, "job.save_job", `{"job_uuid":`+string(others)+`,"name":"mine","cmd":"local","fun":"a"}`).code())
	require.Equal(t, 4040, e.call(t, bob, "job.delete_job", `{"job_uuid":`+string(others)+`}`).code())
	require.Contains(t, string(e.must(t, admin, "job.get_jobs", `{}`)), `"count":2,`, "a superuser sees all")
	for kwarg, want := range map[string]string{
		`{"limit":"1","page":1}`: `{"count":2,"results":[{"uuid":`, `{"limit":0}`: `"limit":0}`, `{"fun":"VERSION"}`: `{"count":1,`, `{"name":"x"}`: `{"count":0,"results":[],`,
		`{"masters":["m"]}`: `{"count":2,`, `{"job_uuid":` + string(first) + `}`: `{"count":1,`,
	} {
		require.Contains(t, string(e.must(t, admin, "job.get_jobs", kwarg)), want, kwarg)
	}
}

// Access lists decide what others may do, and the permissions of the roles.
func TestAccess(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	e.save(t)
	admin := e.by(t, "admin")
	boss := issuer.Caller{User: "admin", Eauth: "pam", LoggedIn: true}
	secret, _, err := e.Tokens.Create(t.Context(), boss, issuer.NewToken{Name: "as superuser", Scopes: []string{"Superuser"}, Profile: apitoken.ProfileNative})
	require.NoError(t, err)
	require.Contains(t, string(e.must(t, tokentest.Bearer(secret.Reveal()), "job.get_jobs", `{}`)), `"count":2,`)

	bob := e.by(t, "bob")
	require.Contains(t, string(e.must(t, bob, "job.get_jobs", `{}`)), `"count":0,`)
	require.Equal(t, 4040, e.call(t, bob, "cmd.route_cmd", `{"job_uuid":"`+checkDisk+`"}`).code())
	e.must(t, admin, "job.save_job_access", `{"job_uuid":"`+checkDisk+`","access_payload":{"Superuser":{"read":true},"nobody's":["write","delete"]}}`)
	require.Contains(t, string(e.must(t, admin, "job.get_job_access", `{"job_uuid":"`+checkDisk+`"}`)),
		`"access":{"Superuser":{"read":true,"write":false,"discover":false,"delete":false},"nobody's":{"read":false,"write":true,"discover":false,"delete":true}}`)
	require.Contains(t, string(e.must(t, bob, "job.get_jobs", `{}`)), `"count":0,`, "bob has none of these roles")

	for kwarg, code := range map[string]int{
		`{"tgt_uuid":"` + saved.AllMinions + `"}`: 4030, `{"tgt_uuid":"60c14cfc-09ca-4b5a-bc76-000000000002"}`: 4040,
	} {
		require.Equal(t, code, e.call(t, bob, "tgt.delete_target_group", kwarg).code(), kwarg)
	}
	require.Contains(t, string(e.must(t, bob, "tgt.get_target_group", `{}`)), `{"count":1,"results":[{"name":"All Minions"`)
	require.Contains(t, string(e.must(t, admin, "tgt.get_target_group", `{"limit":1,"page":1}`)), `{"count":3,"results":[{"name":"gone"`)
}

// roles that an access list names, by a token's scopes and its owner's roles.
func TestAccessByRole(t *testing.T) {
	t.Parallel()
	e := new(env)
	e.Gateway = tokentest.Build(t, func(o *tokentest.Options) {
		o.LoginRoles = []string{"User", "Administrator"}
		o.RPC = func(a *rpc.API) { a.Gateway, a.Library = &e.master, sharedStore(t, e) }
	})
	bob, carol := e.by(t, "bob"), e.by(t, "carol")
	id := string(e.must(t, bob, "job.save_job", `{"name":"shared","cmd":"local","fun":"test.ping","tgt_uuid":"`+saved.AllMinions+`"}`))
	require.Equal(t, 4040, e.call(t, carol, "cmd.route_cmd", `{"job_uuid":`+id+`}`).code())
	e.must(t, bob, "job.save_job_access", `{"job_uuid":`+id+`,"access_payload":{"Administrator":["read"]}}`)
	e.must(t, carol, "cmd.route_cmd", `{"job_uuid":`+id+`}`)
	require.Equal(t, "salt-token-of-carol", e.master.last(t).Authority.Token, "it runs as who runs it")
	require.Equal(t, 4030, e.call(t, carol, "job.save_job", `{"job_uuid":`+id+`,"desc":"x"}`).code())
	require.Equal(t, 4030, e.call(t, carol, "job.delete_job", `{"job_uuid":`+id+`}`).code())
	token := func(scope string) string {
		secret, _, err := e.Tokens.Create(t.Context(), issuer.Caller{User: "carol", Eauth: "pam", LoggedIn: true},
			issuer.NewToken{Name: scope, Scopes: []string{scope}, Profile: apitoken.ProfileNative})
		require.NoError(t, err)
		return tokentest.Bearer(secret.Reveal())
	}
	require.Equal(t, 4040, e.call(t, token("User"), "cmd.route_cmd", `{"job_uuid":`+id+`}`).code(), "the role is not among the scopes")
	e.must(t, token("Administrator"), "cmd.route_cmd", `{"job_uuid":`+id+`}`)
	e.must(t, bob, "job.save_job_access", `{"job_uuid":`+id+`,"access_payload":{"Administrator":{"discover":true,"write":"true","delete":true}}}`)
	e.must(t, carol, "job.save_job", `{"job_uuid":`+id+`,"desc":"x"}`)
	require.Equal(t, 4030, e.call(t, carol, "job.save_job_access", `{"job_uuid":`+id+`,"access_payload":{}}`).code(), "write gives nobody more")
	require.Contains(t, string(e.must(t, carol, "job.get_jobs", `{}`)), `"username":"bob"`, "the owner stays")
	e.must(t, carol, "job.delete_job", `{"job_uuid":`+id+`}`)
}

// TestRunJob has the rules of inputs.
func TestRunJob(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	bob := e.by(t, "bob")
	tgt := string(e.must(t, bob, "tgt.save_target_group", `{"name":"web","tgt":{"*":{"tgt":"web*"}}}`))
	id := string(e.must(t, bob, "job.save_job", `{"name":"j","cmd":"local","fun":"state.apply","tgt_uuid":`+tgt+`,"arg":{"arg":["one"],"kwarg":{
		"plain": [1], "must":{"input_type":"string","required":true}, "may":{"input_type":"number"}, "with":{"input_type":"bool","default":true},
		"one":{"input_type":"select","select":["a","b"],"default":"a","required":true}, "fixed":{"input_type":"string","required":true,"hidden":true,"default":"f"},
		"pillar":{"n":{"input_type":"number","required":true}, "p":{"q":2}}}}}`))
	run := func(rest string) answer { return e.call(t, bob, "cmd.route_cmd", `{"job_uuid":`+id+rest+`}`) }
	require.Zero(t, run(`,"arg":{"arg":[],"kwarg":{"must":"m","fixed":"other","pillar":{"n":"3"}}}`).code())
	require.JSONEq(t, `{"client":"local_async","fun":"state.apply","tgt":"web*","tgt_type":"glob","arg":["one"],
		"kwarg":{"plain":[1],"must":"m","with":true,"one":"a","fixed":"f","pillar":{"n":"3","p":{"q":2}}}}`, chunk(t, e.master.last(t)))
	require.Zero(t, run(`,"tgt":{"salt":{"tgt":"L@id","tgt_type":"compound"}},"arg":{"arg":["two"],"kwarg":{"must":"m","may":1,"one":"b","pillar":{"n":3}}}`).code())
	require.JSONEq(t, `{"client":"local_async","fun":"state.apply","tgt":"L@id","tgt_type":"compound","arg":["two"],
		"kwarg":{"plain":[1],"must":"m","may":1,"with":true,"one":"b","fixed":"f","pillar":{"n":3,"p":{"q":2}}}}`, chunk(t, e.master.last(t)))
	for _, rest := range []string{
		``, `,"arg":{"kwarg":{"must":"m"}}`, `,"arg":{"kwarg":{"must":1,"pillar":{"n":3}}}`, `,"arg":{"kwarg":{"must":"m","one":"c","pillar":{"n":3}}}`,
		`,"arg":{"kwarg":{"must":"m","other":1,"pillar":{"n":3}}}`, `,"arg":{"kwarg":{"must":"m","plain":2,"pillar":{"n":3}}}`,
		`,"arg":{"kwarg":{"must":"m","pillar":{"n":3,"p":1}}}`, `,"fun":"cmd.run"`, `,"cmd":"runner"`,
	} {
		require.Equal(t, 4001, run(rest).code(), rest)
	}
	for _, arg := range []string{`{"kwarg":{"a":{"input_type":"date"}}}`, `{"kwarg":{"a":{"input_type":"number","default":"x"}}}`, `{"args":[]}`} {
		require.Equal(t, 4001, e.call(t, bob, "job.save_job", `{"name":"k","cmd":"local","fun":"a","arg":`+arg+`}`).code(), arg)
	}
	got := e.call(t, bob, "tgt.delete_target_group", `{"tgt_uuid":`+tgt+`}`)
	require.Equal(t, 4091, got.code())
	require.Equal(t, "FailedResourceDependency", got.Error.Detail.State)
	require.Contains(t, got.Error.Message, `"j"`)
	e.must(t, bob, "tgt.delete_target_group", `{"tgt_uuid":`+tgt+`,"force":"true"}`)
	require.Equal(t, 4001, run(`,"arg":{"kwarg":{"must":"m","pillar":{"n":3}}}`).code(), "its target is gone, and it has none")
}

// What is older than some days is removed, by superusers only.
func TestTrim(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	e.record(t)
	admin, bob := e.by(t, "admin"), e.by(t, "bob")
	require.Equal(t, 4030, e.call(t, bob, "admin.trim_database", `{"jobs":0}`).code())
	secret, _, err := e.Tokens.Create(t.Context(), issuer.Caller{User: "bob", Eauth: "pam", LoggedIn: true},
		issuer.NewToken{Name: "as superuser", Scopes: []string{"Superuser"}, Profile: apitoken.ProfileNative})
	require.NoError(t, err)
	require.Equal(t, 4030, e.call(t, tokentest.Bearer(secret.Reveal()), "admin.trim_database", `{"jobs":0}`).code(), "a scope adds no right")

	require.JSONEq(t, `{"test":false,"jobs":{"commands":0,"minions-expected":0,"returns":0,"jids":0}}`, string(e.must(t, admin, "admin.trim_database", `{"jobs":-1}`)))
	require.JSONEq(t, `{"test":false}`, string(e.must(t, admin, "admin.trim_database", `{}`)))
	require.JSONEq(t, `{"test":false,"jobs":{"commands":0,"minions-expected":0,"returns":0,"jids":0}}`, string(e.must(t, admin, "admin.trim_database", `{"jobs":36500}`)))
	require.Len(t, e.cmds(t, admin, `{}`), 3)
	require.JSONEq(t, `{"test":false,"jobs":{"commands":4,"minions-expected":6,"returns":2,"jids":4}}`, string(e.must(t, admin, "admin.trim_database", `{"jobs":"0","test":"false"}`)))
	require.Equal(t, issuer.Removed, e.lines.last(t).Event)
	require.Empty(t, e.cmds(t, admin, `{}`))
}
