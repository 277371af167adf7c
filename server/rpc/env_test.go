package rpc_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/acl"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/records/sqlite"
	"github.com/saltern-api/saltern/records/sqlite/sqlitetest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/internal/tokentest"
	"github.com/saltern-api/saltern/server/jobs"
	"github.com/saltern-api/saltern/server/rpc"
)

// env is /rpc with the real issuer of tokens. The user admin is a superuser; bob has
// the role worker, and others have User alone.
type env struct {
	*tokentest.Gateway
	lines  lines
	master master
	store  records.Store
	api    *rpc.API

	once   sync.Once
	secret string // of unable
}

// master stands for the master: it answers the commands of one release, and keeps the
// calls.
type master struct {
	mu    sync.Mutex
	calls []lowstate.Call
	err   error
	ran   func() // is called while a command runs

	finds   string // what file_roots.find returns; of top.sls in two roots if it is empty
	twice   bool   // whether file_roots have /srv/salt twice
	removes string // what the removal of a file returns
}

// fileRoots returns what the wheel functions of file_roots return.
func (m *master) fileRoots(fun string, c lowstate.Chunk) string {
	kwarg, _ := c.Get("kwarg")
	var args struct {
		Path, Saltenv string
		Index         int
	}
	_ = json.Unmarshal(lowstate.AppendReturn(nil, kwarg), &args)
	tree := `{}`
	if args.Saltenv == "base" {
		tree = `{"/srv/salt":{"web":{"init.sls":"f"},"logo.png":"f"},"/srv/more":{"top.sls":"f","web":{"init.sls":"f","..":"f"}}}`
	}
	switch fun {
	case "file_roots.list_roots":
		return `{"base":[{"/srv/salt":{"web":{"init.sls":"f"},"logo.png":"f"},"/srv/more":{"top.sls":"f"}}],"dev":[{"/srv/dev":{}}]}`
	case "file_roots.list_env":
		return tree
	case "file_roots.read":
		return `[{"/srv/salt/web/init.sls":"a: 1"},{"/srv/more/web/init.sls":"a: 2"}]`
	case "file_roots.write":
		roots := []string{"/srv/salt/", "/srv/more/"}
		if m.twice {
			roots = []string{"/srv/salt/", "/srv/salt/", "/srv/more/"}
		}
		return `"Wrote data to file ` + roots[args.Index] + args.Path + `"`
	}
	switch {
	case m.finds != "":
		return m.finds
	case args.Path == "web/init.sls" && args.Saltenv == "base" && m.twice:
		return `[{"/srv/salt/web/init.sls":"txt"},{"/srv/salt/web/init.sls":"txt"},{"/srv/more/web/init.sls":"txt"}]`
	case args.Path == "web/init.sls" && args.Saltenv == "base":
		return `[{"/srv/salt/web/init.sls":"txt"},{"/srv/more/web/init.sls":"txt"}]`
	case args.Path == "logo.png":
		return `[{"/srv/salt/logo.png":"bin"}]`
	case args.Path == "top.sls":
		return `[{"/srv/more/top.sls":"txt"}]`
	}
	return `[]`
}

// Run implements run.Gateway.
func (m *master) Run(_ context.Context, c lowstate.Call) (lowstate.Result, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, c)
	if m.ran != nil {
		m.ran()
	}
	if m.err != nil {
		return lowstate.Result{}, m.err
	}
	client, _ := c.Chunks[0].Text("client")
	fun, _ := c.Chunks[0].Text("fun")
	if scope, ok := c.Authority.Scope.(*role.Set); ok {
		var tgt any
		if v, ok := c.Chunks[0].Get("tgt"); ok {
			if err := json.Unmarshal(lowstate.AppendReturn(nil, v), &tgt); err != nil {
				return lowstate.Result{}, err
			}
		}
		typ, _ := c.Chunks[0].Text("tgt_type")
		d := scope.Allows(role.Call{Client: client, Funs: []role.Function{{Name: fun}}, Tgt: tgt, TgtType: typ})
		if d.Verdict == role.Refused {
			return lowstate.Result{}, &lowstate.Error{Kind: lowstate.OutOfScope, Text: d.Why}
		}
	}
	var answer lowstate.Answer
	switch client {
	case "local_async":
		p := lowstate.Published{JID: jidOf(59), Minions: []string{"web1"}}
		if tgt, _ := c.Chunks[0].Get("tgt"); strings.Contains(string(tgt), "nobody") {
			p = lowstate.Published{}
		}
		answer = p
	case "runner_async", "wheel_async":
		answer = lowstate.Started{Tag: "salt/run/" + jidOf(58), JID: jidOf(58)}
	case "wheel":
		ret := `{"local":["master.pem"],"minions":["web1","web2"],"minions_pre":["new1","new2"],"minions_rejected":["bad1"],"minions_denied":["new1"]}`
		if fun != "key.list_all" {
			ret = `{"minions":["web1","web2","new1"]}`
		}
		if fun == "key.finger_master" {
			ret = `{"local":{"master.pub":"aa:bb"}}`
		}
		if strings.HasPrefix(fun, "file_roots.") {
			ret = m.fileRoots(fun, c.Chunks[0])
		}
		answer = lowstate.WheelReturn{Raw: packed(`{"tag":"salt/wheel/1","data":{"fun":"wheel.` + fun + `","jid":"` + jidOf(57) + `","success":true,"return":` + ret + `}}`)}
	case "runner":
		ret := `{"up":["web1"],"down":["web2"]}`
		switch fun {
		case "manage.versions":
			ret = `{"Master":"3008.3","Up to date":{"web1":"3008.3"}}`
		case "salt.cmd":
			ret = cmp.Or(m.removes, "true")
			if arg, _ := c.Chunks[0].Get("arg"); strings.Contains(string(lowstate.AppendReturn(nil, arg)), "grains.items") {
				ret = `{"os":"Debian"}`
			}
		case "cache.grains":
			ret = `{"web1":` + grainsOf["web1"] + `,"web2":` + grainsOf["web2"] + `}`
			if kwarg, _ := c.Chunks[0].Get("kwarg"); strings.Contains(string(kwarg), "G@os:Ubuntu") {
				ret = `{"web2":` + grainsOf["web2"] + `,"not-seen":{}}`
			}
		}
		answer = lowstate.RunnerReturn{Return: msgpack.InMemory(packed(ret))}
	}
	return lowstate.Result{Answers: []lowstate.Answer{answer}, Chunks: c.Chunks, Records: []lowstate.Record{{Client: client, Fun: fun, Begun: true, Done: true}}}, nil
}

// grainsOf are the cached grains of the minions.
var grainsOf = map[string]string{
	"web1": `{"os":"Debian","host":"Web1","ipv4":["10.0.0.2","127.0.0.1"],"saltversion":"3008.3","num_cpus":10}`,
	"web2": `{"os":"Ubuntu","host":"web2","ipv4":["10.0.0.1","127.0.0.1"],"saltversion":"3006.26","num_cpus":4,"roles":["db","web"]}`,
}

// minionFiles has two minions, of which the first is connected.
type minionFiles struct{}

func (minionFiles) Cached() bool { return true }

func (minionFiles) Keys(context.Context) (map[string][]string, error) {
	return map[string][]string{"minions": {"web1", "web2"}, "minions_pre": {"new1"}}, nil
}

func (minionFiles) Grains(id string) (msgpack.Raw, bool) { return packed(grainsOf[id]), true }

func (minionFiles) Connected([]string) map[string]bool {
	return map[string]bool{"web1": true, "web2": false}
}

// last returns the last call.
func (m *master) last(t *testing.T) lowstate.Call {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	require.NotEmpty(t, m.calls)
	return m.calls[len(m.calls)-1]
}

// packed returns JSON as msgpack.
func packed(text string) msgpack.Raw {
	raw, err := msgpack.AppendFromJSON(nil, []byte(text))
	if err != nil {
		panic(err)
	}
	return raw
}

func jidOf(minute int) string { return fmt.Sprintf("2026112912%02d54248604", minute) }

// record puts a job of bob's with one return that is good and one that is not, and
// one that is missing; and one of admin's, with nothing returned.
func (e *env) record(t *testing.T) {
	t.Helper()
	at := time.Date(2026, 11, 29, 12, 0, 55, 0, time.UTC)
	_, err := e.store.Put(t.Context(), records.Batch{
		Jobs: []records.Job{
			{JID: jidOf(0), User: "bob", Eauth: "pam", Client: "local_async", Fun: "disk.usage", Arguments: json.RawMessage(`["/"]`), Tgt: "*", TgtType: "glob", Minions: []string{"web1", "web2", "web3"}},
			{JID: jidOf(1), User: "admin", Eauth: "pam", Client: "local", Fun: "state.apply", Tgt: "web*", TgtType: "glob", Minions: []string{"web1"}},
			{JID: jidOf(2), User: "bob", Eauth: "pam", Client: "runner_async", Fun: "runner.jobs.active", Minions: []string{"salt"}},
			{JID: jidOf(3), User: "bob", Eauth: "pam", Client: "local", Fun: "saltutil.refresh_grains", Tgt: "*", TgtType: "glob", Minions: []string{"web1"}},
		},
		Returns: []records.Return{
			{JID: jidOf(0), Minion: "web1", Fun: "disk.usage", Time: at, Success: true, Value: packed(`{"/":{"used":1}}`)},
			{JID: jidOf(0), Minion: "web2", Fun: "disk.usage", Time: at.Add(time.Second), Success: true, Retcode: 1, Value: packed(`"it failed"`)},
		},
		Ends: []records.End{{JID: jidOf(0), Time: at.Add(5 * time.Second)}},
	})
	require.NoError(t, err)
}

// lines are entries of the audit log.
type lines struct {
	mu  sync.Mutex
	all []audit.Entry
}

// Write implements audit.Writer.
func (l *lines) Write(_ context.Context, e audit.Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, e)
}

// Find implements upkeep.AuditLog. It has two pages.
func (l *lines) Find(_ context.Context, q audit.Query) (p audit.Page, err error) {
	if q.After == "" {
		return audit.Page{More: true, Next: "1", Entries: []json.RawMessage{
			json.RawMessage(`{"time":"2026-11-29T12:00:01Z","event":"login","outcome":"ok","user":"bob","eauth":"pam"}`),
			json.RawMessage(`{"time":"2026-11-29T12:00:00Z","event":"command","outcome":"refused","user":"admin","eauth":"pam"}`),
		}}, nil
	}
	return audit.Page{Entries: []json.RawMessage{json.RawMessage(`{"time":"2026-11-29T11:00:00Z","event":"lost","outcome":"ok"}`)}}, nil
}

func (l *lines) last(t *testing.T) audit.Entry {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	require.NotEmpty(t, l.all)
	return l.all[len(l.all)-1]
}

func newEnv(t *testing.T, change func(*rpc.API)) *env {
	t.Helper()
	e := new(env)
	sharedStore(t, e)
	e.Gateway = tokentest.Build(t, func(o *tokentest.Options) {
		o.Audit = &e.lines
		o.Assignments = []issuer.Assignment{{Users: []string{"bob"}, Roles: []string{"worker"}}}
		o.RPC = func(a *rpc.API) {
			a.Gateway, a.Writer, a.Library, a.Upkeep = &e.master, e.store, e.store, e.store
			reader := jobs.NewReader(&jobs.API{
				Minions: minionFiles{}, Records: jobs.NewRecords(e.store), Rights: a.Rights, Rules: acl.New([]acl.Module{{Name: "pam", Rules: acl.Map{
					{Key: "admin", Value: []any{".*", "@runner", "@wheel"}}, {Key: "bob", Value: []any{".*"}},
				}}}, acl.Options{}),
			})
			a.Records, a.Minions = reader, reader
			a.Schedules, a.Standings = e.store, a.Rights.(*issuer.Service)
			a.Values, a.AuditLog = e.store, &e.lines
			e.api = a
			if change != nil {
				change(a)
			}
		}
	})
	require.NoError(t, e.Tokens.PutRole(t.Context(), issuer.Caller{Operator: true}, worker, true))
	return e
}

// worker is a role with what is needed to run and save things.
var worker = role.Role{Name: "worker", Permissions: []role.Permission{
	role.CmdRunnerRun, role.CmdWheelRun, role.JobWrite, role.JobDelete, role.TargetWrite, role.TargetDelete,
	role.ScheduleWrite, role.ScheduleDelete, role.MinionWrite, role.MinionDelete, role.MasterRead, role.EventWrite, role.FSRead, role.FSWrite, role.FSDelete,
}}

// answer is an envelope.
type answer struct {
	RIQ   json.RawMessage
	Ret   json.RawMessage
	Error *struct {
		Code    int
		Message string
		Detail  struct {
			State, Parameter string
			RetryAfter       int `json:"retry_after"`
		}
	}
	Warnings []string
}

// code returns the code of the error; 0 without one.
func (a answer) code() int {
	if a.Error == nil {
		return 0
	}
	return a.Error.Code
}

// post sends a body, which is answered with 200.
func (e *env) post(t *testing.T, body string, headers ...string) (a answer) {
	t.Helper()
	got := e.Send(t, http.MethodPost, rpc.Path, body, headers...)
	require.Equal(t, http.StatusOK, got.Status, got.Body)
	return envelopeOf(t, got)
}

// envelopeOf reads an envelope, which has exactly its four members.
func envelopeOf(t *testing.T, got tokentest.Answer) (a answer) {
	t.Helper()
	require.Equal(t, "application/json", got.Header.Get("Content-Type"), "never HTML")
	var members map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(got.Body), &members), got.Body)
	require.Len(t, members, 4, got.Body)
	require.NoError(t, json.Unmarshal([]byte(got.Body), &a), got.Body)
	require.NotNil(t, a.Warnings, got.Body)
	if a.Error != nil {
		require.Equal(t, "null", string(a.Ret))
		require.NotEmpty(t, a.Error.Message)
		require.NotEmpty(t, a.Error.Detail.State)
	}
	return a
}

// by returns the header of a new session of a user.
func (e *env) by(t *testing.T, user string) string {
	t.Helper()
	return tokentest.Bearer(e.Session(t, user))
}

// unable returns the header of an API token of admin's whose role has next to no
// permissions.
func (e *env) unable(t *testing.T) string {
	t.Helper()
	e.once.Do(func() {
		admin := issuer.Caller{User: "admin", Eauth: "pam", LoggedIn: true}
		require.NoError(t, e.Tokens.PutRole(t.Context(), admin, role.Role{Name: "next-to-nothing", Permissions: []role.Permission{role.EventWrite}}, true))
		secret, _, err := e.Tokens.Create(t.Context(), admin, issuer.NewToken{
			Name: "unable", Scopes: []string{"next-to-nothing"}, Profile: apitoken.ProfileNative,
		})
		require.NoError(t, err)
		e.secret = secret.Reveal()
	})
	return tokentest.Bearer(e.secret)
}

// sharedStore returns a store of its own for an env.
func sharedStore(t *testing.T, e *env) records.Store {
	t.Helper()
	e.store = sqlitetest.Open(t, sqlite.Options{MaxValue: 1000})
	return e.store
}

// everything allows everyone everything.
type everything struct{}

// May implements method.Rights.
func (everything) May(context.Context, issuer.Caller, role.Permission) error { return nil }
