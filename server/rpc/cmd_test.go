package rpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/records"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/internal/tokentest"
	"github.com/saltern-api/saltern/server/rpc"
	"github.com/saltern-api/saltern/server/rpc/commands"
	"github.com/saltern-api/saltern/server/rpc/saved"
	"github.com/saltern-api/saltern/server/web"
)

// chunk returns the chunk of a call as JSON by its keys.
func chunk(t *testing.T, c lowstate.Call) string {
	t.Helper()
	require.Len(t, c.Chunks, 1)
	all := make(map[string]json.RawMessage)
	for _, key := range []string{
		"client", "fun", "tgt", "tgt_type", "arg", "kwarg", "jid", "token", "eauth", "username", "password",
	} {
		if v, ok := c.Chunks[0].Get(key); ok {
			text, err := msgpack.AppendJSON(nil, v)
			require.NoError(t, err)
			all[key] = text
		}
	}
	text, err := json.Marshal(all)
	require.NoError(t, err)
	return string(text)
}

// TestRouteCmd has the commands that programs send, and what becomes of them.
func TestRouteCmd(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	bob := e.by(t, "bob")
	for kwarg, want := range map[string]string{
		`{"cmd":"local","fun":"state.sls","tgt_uuid":"` + saved.AllMinions + `","arg":{"arg":["one"]}}`:                                                       `{"client":"local_async","fun":"state.sls","tgt":"*","tgt_type":"glob","arg":["one"]}`,
		`{"cmd":"local","fun":"test.ping","tgt":{"*":{"tgt":"*","tgt_type":"glob"}},"masters":[]}`:                                                            `{"client":"local_async","fun":"test.ping","tgt":"*","tgt_type":"glob"}`,
		`{"cmd":"local","fun":"test.ping","tgt":{"salt":{"tgt":"L@id","tgt_type":"compound"}}}`:                                                               `{"client":"local_async","fun":"test.ping","tgt":"L@id","tgt_type":"compound"}`,
		`{"cmd":"local","fun":"test.ping","tgt":{"a":{"tgt":["x","y"],"tgt_type":"list"},"b":{"tgt":["x","y"],"tgt_type":"list"}}}`:                           `{"client":"local_async","fun":"test.ping","tgt":["x","y"],"tgt_type":"list"}`,
		`{"cmd":"local","fun":"test.ping","tgt":{"a":{"tgt":"web*"},"b":{"tgt":["x","y"],"tgt_type":"list"},"c":{"tgt":"G@a:b or c","tgt_type":"compound"}}}`: `{"client":"local_async","fun":"test.ping","tgt":"web* or L@x,y or ( G@a:b or c )","tgt_type":"compound"}`,
		`{"cmd":"local","fun":"test.ping","tgt":{"*":{"tgt":"web","tgt_type":"node"}},"jid":"20261129120054248604"}`:                                          `{"client":"local_async","fun":"test.ping","tgt":"web","tgt_type":"nodegroup","jid":"20261129120054248604"}`,
		`{"cmd":"local","fun":"state.apply","tgt":{"*":{"tgt":"*"}},"arg":{"arg":["x"],"kwarg":{"pillar":{"b":1,"a":12345678901234567890}}}}`:                 `{"client":"local_async","fun":"state.apply","tgt":"*","tgt_type":"glob","arg":["x"],"kwarg":{"pillar":{"b":1,"a":12345678901234567890}}}`,
		`{"cmd":"local","fun":"test.ping","tgt":{"*":{"tgt":"*"}},"arg":{"arg":[],"kwarg":{}},"disposition":["all-masters"]}`:                                 `{"client":"local_async","fun":"test.ping","tgt":"*","tgt_type":"glob","arg":[]}`,
		`{"cmd":"wheel","fun":"key.accept","masters":["any"],"arg":{"arg":["new1"]}}`:                                                                         `{"client":"wheel_async","fun":"key.accept","arg":["new1"]}`,
		`{"cmd":"runner","fun":"state.orch","masters":["*"],"arg":{"kwarg":{"mods":"x"}}}`:                                                                    `{"client":"runner_async","fun":"state.orch","kwarg":{"mods":"x"}}`,
	} {
		got := e.post(t, `{"resource":"cmd","method":"route_cmd","kwarg":`+kwarg+`}`, bob)
		require.Zero(t, got.code(), "%s: %+v", kwarg, got.Error)
		require.Regexp(t, `^"20261129125[89]54248604"$`, string(got.Ret))
		require.JSONEq(t, want, chunk(t, e.master.last(t)), kwarg)
		require.Equal(t, "salt-token-of-bob", e.master.last(t).Authority.Token)
	}
	for kwarg, parameter := range map[string]string{
		`{}`: "cmd", `{"cmd":"local"}`: "fun", `{"cmd":"ssh","fun":"a"}`: "cmd", `{"cmd":"local","fun":"a"}`: "tgt",
		`{"cmd":"local","fun":"a","tgt":{"*":{"tgt":"*"}},"tgt_uuid":"` + saved.AllMinions + `"}`: "tgt_uuid",
		`{"cmd":"local","fun":"a","tgt":{}}`:                                                      "tgt", `{"cmd":"local","fun":"a","tgt":{"*":{"tgt":"a"},"b":{"tgt":"b"}}}`: "tgt",
		`{"cmd":"local","fun":"a","tgt":{"*":{}}}`: "tgt", `{"cmd":"local","fun":"a","tgt":{"*":{"tgt":""}}}`: "tgt",
		`{"cmd":"local","fun":"a","tgt":{"*":{"tgt":"a","tgt_type":"x"}}}`: "tgt", `{"cmd":"local","fun":"a","tgt":{"*":{"tgt":["a"]}}}`: "tgt",
		`{"cmd":"local","fun":"a","tgt":{"a":{"tgt":"a b"},"b":{"tgt":"c"}}}`: "tgt", `{"cmd":"local","fun":"a","tgt":{"a":{"tgt":"and"},"b":{"tgt":"c"}}}`: "tgt",
		`{"cmd":"local","fun":"a","tgt":{"*":{"tgt":"*","token":"x"}}}`: "tgt",
		`{"cmd":"runner","fun":"a","arg":{"args":[]}}`:                  "arg", `{"cmd":"runner","fun":"a","arg":{"arg":{}}}`: "arg", `{"cmd":"runner","fun":"a","arg":{"kwarg":[]}}`: "arg",
		`{"cmd":"runner","fun":"a","jid":"20261129120054248604"}`: "jid", `{"cmd":"runner","fun":"a","disposition":["x"]}`: "disposition",
	} {
		got := e.post(t, `{"resource":"cmd","method":"route_cmd","kwarg":`+kwarg+`}`, bob)
		require.Equal(t, 4001, got.code(), kwarg)
		require.Equal(t, parameter, got.Error.Detail.Parameter, "%s: %+v", kwarg, got.Error)
	}
	got := e.post(t, `{"resource":"cmd","method":"route_cmd","kwarg":{"cmd":"local","fun":"a","tgt_uuid":"60c14cfc-09ca-4b5a-bc76-8294287c2e6c"}}`, bob)
	require.Equal(t, 4040, got.code())
}

const ping = `{"resource":"cmd","method":"route_cmd","kwarg":{"cmd":"local","fun":"test.ping","tgt":{"*":{"tgt":"*"}}}}`

// A command runs with the authority of its caller: the session's Salt token, or that
// of a token's owner within the token's scopes.
func TestAuthority(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	api, _ := e.APIToken(t, apitoken.ProfileNative)
	require.Zero(t, e.post(t, ping, tokentest.Bearer(api)).code())
	a := e.master.last(t).Authority
	require.Equal(t, "salt-token-of-bob", a.Token)
	require.Equal(t, "bob", a.Identity.User)
	require.NotNil(t, a.Scope)

	got := e.post(t, `{"resource":"cmd","method":"route_cmd","kwarg":{"cmd":"wheel","fun":"key.delete","arg":{"arg":["*"]}}}`, tokentest.Bearer(api))
	require.Equal(t, 4032, got.code(), "the role User has no wheel functions")
	require.Equal(t, "out_of_scope", got.Error.Detail.State)

	basic := []string{"Authorization: Basic Ym9iOnNlY3JldA==", "X-Xsrftoken: x", "Cookie: _xsrf=x"}
	require.Zero(t, e.post(t, ping, basic...).code())
	require.Equal(t, "salt-token-of-bob", e.master.last(t).Authority.Token)
	require.Nil(t, e.master.last(t).Authority.Identity)

	// A Salt token that is not of a login has no permissions here.
	require.Equal(t, 4031, e.post(t, ping, tokentest.Bearer(tokentest.SaltToken)).code())
}

// A handler that forgets the caller, or is given another one, gets the authority of
// that one, or none.
func TestSwappedCaller(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		swap func(*caller.Caller) *caller.Caller
		code int
	}{
		"anonymous":              {func(*caller.Caller) *caller.Caller { return &caller.Caller{} }, 4031},
		"another name":           {func(c *caller.Caller) *caller.Caller { c.User, c.Eauth = "admin", "pam"; return c }, 0},
		"without the credential": {func(c *caller.Caller) *caller.Caller { c.Session, c.Principal = nil, nil; return c }, 4031},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := new(env)
			e.Gateway = tokentest.Build(t, func(o *tokentest.Options) {
				o.Swap = c.swap
				o.RPC = func(a *rpc.API) { a.Gateway = &e.master }
			})
			got := e.post(t, ping, e.by(t, "bob"))
			require.Equal(t, c.code, got.code())
			if c.code == 0 {
				require.Equal(t, "salt-token-of-bob", e.master.last(t).Authority.Token, "it is the session's, whatever the name is")
			} else {
				require.Empty(t, e.master.calls)
			}
		})
	}
}

// What the master says against a command is an error of the call, but for a
// credential that has ended: then the request is refused, so that programs log in again.
func TestMasterRefuses(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	bob := e.by(t, "bob")
	for kind, code := range map[lowstate.Kind]int{
		lowstate.Internal: 5000, lowstate.BadRequest: 4000, lowstate.TooLarge: 4130, lowstate.Unauthorized: 4030,
		lowstate.OutOfScope: 4032, lowstate.Failed: 5001, lowstate.Unavailable: 5030, lowstate.Timeout: 5040,
	} {
		e.master.err = &lowstate.Error{Kind: kind, Text: "said of it", Err: errors.New("not for clients")}
		got := e.post(t, ping, bob)
		require.Equal(t, code, got.code())
		require.NotContains(t, got.Error.Message, "not for clients")
		require.Equal(t, kind == lowstate.Unavailable, got.Error.Detail.RetryAfter > 0)
	}
	e.master.err = errors.New("not for clients")
	require.Equal(t, "An unexpected error occurred", e.post(t, ping, bob).Error.Message)
	e.master.err = lowstate.ErrUnauthenticated
	a := e.Send(t, http.MethodPost, rpc.Path, ping, bob)
	require.Equal(t, http.StatusUnauthorized, a.Status)
	require.Equal(t, 4010, envelopeOf(t, a).code())
}

// A target that matches no minion has a job id, and a command that has ended.
func TestNobody(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	bob := e.by(t, "bob")
	got := e.post(t, strings.Replace(ping, `"tgt":"*"`, `"tgt":"nobody"`, 1), bob)
	require.Zero(t, got.code())
	require.Regexp(t, `^"[0-9]{20}"$`, string(got.Ret))
	require.NotEmpty(t, got.Warnings)
	status := e.post(t, `{"resource":"cmd","method":"get_cmd_status","kwarg":{"jids":[`+string(got.Ret)+`]}}`, bob)
	require.JSONEq(t, `["complete"]`, string(status.Ret))
	rows := e.cmds(t, bob, `{"jid":`+string(got.Ret)+`}`)
	require.Len(t, rows, 1)
	require.Equal(t, "completed_all_successful", rows[0].State)
	require.Zero(t, rows[0].Expected)
	require.Equal(t, "nobody", e.tgtOf(t, string(got.Ret), bob))
	got = e.post(t, strings.Replace(ping, `"tgt":"*"`, `"tgt":["nobody","no \"one\""],"tgt_type":"list"`, 1), bob)
	require.Equal(t, `nobody,no "one"`, e.tgtOf(t, string(got.Ret), bob))
}

// Commands have what they were made of, and are found by it.
func TestOrigins(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	e.save(t)
	admin, bob := e.by(t, "admin"), e.by(t, "bob")
	const web = "60c14cfc-09ca-4b5a-bc76-000000000002"
	nobody := string(e.must(t, admin, "tgt.save_target_group", `{"name":"none","desc":"None of them","tgt":{"*":{"tgt":"nobody"}}}`))
	for kwarg, want := range map[string]lowstate.Origin{
		`{"job_uuid":"` + strings.ToUpper(checkDisk) + `"}`:           {Job: checkDisk, JobName: "Check disk usage", Tgt: saved.AllMinions, TgtName: "All Minions"},
		`{"job_uuid":"` + checkDisk + `","tgt_uuid":"` + web + `"}`:   {Job: checkDisk, JobName: "Check disk usage", Tgt: web, TgtName: "web"},
		`{"job_uuid":"` + checkDisk + `","tgt":{"*":{"tgt":"web1"}}}`: {Job: checkDisk, JobName: "Check disk usage"},
		`{"cmd":"local","fun":"test.ping","tgt_uuid":"` + web + `"}`:  {Tgt: web, TgtName: "web"},
		`{"cmd":"runner","fun":"jobs.active"}`:                        {},
	} {
		e.must(t, admin, "cmd.route_cmd", kwarg)
		require.Equal(t, want, e.master.last(t).Origin, kwarg)
	}
	jid := string(e.must(t, admin, "cmd.route_cmd", `{"job_uuid":"`+checkDisk+`","tgt_uuid":`+nobody+`}`))
	_, err := e.store.Put(t.Context(), records.Batch{
		Jobs: []records.Job{{JID: jidOf(4), User: "admin", Eauth: "pam", Client: "local_async", Fun: "test.ping", Minions: []string{"a"}, Origin: records.Origin{
			Sched: "60c14cfc-09ca-4b5a-bc76-000000000009", SchedName: "at night", Job: "60c14cfc-09ca-4b5a-bc76-000000000001", JobName: "to go"},
		}},
		Returns: []records.Return{{JID: jidOf(4), Minion: "a", Time: time.Date(2026, 11, 29, 12, 4, 55, 0, time.UTC), Success: true, Value: packed(`true`)}},
	})
	require.NoError(t, err)
	for kwarg, count := range map[string]int{
		`{}`: 2, `{"job_uuid":"` + checkDisk + `"}`: 1, `{"job_names":["to go","x"]}`: 1, `{"tgt_uuid":` + nobody + `}`: 1, `{"tgt_names":["none"]}`: 1, `{"tgt_names":["web"]}`: 0,
		`{"sched_names":["at night"]}`: 1, `{"sched_uuid":"60C14CFC-09CA-4B5A-BC76-000000000009"}`: 1, `{"include_adhoc_scheduled":"scheduled"}`: 1, `{"include_adhoc_scheduled":"adhoc"}`: 1,
		`{"include_adhoc":false}`: 1, `{"include_adhoc":true,"include_adhoc_scheduled":"scheduled"}`: 2, `{"sort_by":"job_name"}`: 2,
	} {
		require.Len(t, e.cmds(t, admin, kwarg), count, kwarg)
	}
	require.Regexp(t, `"job_desc":"Checks disk usage on targeted devices","job_name":"Check disk usage","job_source":"raas","job_uuid":"`+checkDisk+`".*`+
		`"origination":"Ad-Hoc".*"sched_name":null,"sched_uuid":null.*"tgt_desc":"None of them","tgt_name":"none","tgt_uuid":`+nobody,
		string(e.must(t, admin, "cmd.get_cmds", `{"jid":`+jid+`}`)))
	require.Regexp(t, `"origination":"Scheduled".*"sched_name":"at night"`, string(e.must(t, admin, "cmd.get_cmds", `{"jid":"`+jidOf(4)+`"}`)))
	for kwarg, count := range map[string]string{
		`{"job_name":"to go"}`: `1`, `{"job_name":"x"}`: `0`, `{"job_uuid":"60c14cfc-09ca-4b5a-bc76-000000000001","sort_by":"job_name"}`: `1`, `{"tgt_uuid":` + nobody + `}`: `0`,
		`{"jid":"` + jidOf(4) + `","job_name":"to go"}`: `1`, `{"jid":"` + jidOf(4) + `","job_name":"x"}`: `0`,
	} {
		require.Contains(t, string(e.must(t, admin, "ret.get_returns", kwarg)), `{"count":`+count+`,`, kwarg)
	}

	// The description is for those who see the job, whoever's the command is.
	_, err = e.store.Put(t.Context(), records.Batch{Jobs: []records.Job{
		{JID: jidOf(5), User: "bob", Eauth: "pam", Client: "local_async", Fun: "test.ping", Origin: records.Origin{Job: checkDisk, JobName: "Check disk usage"}},
	}})
	require.NoError(t, err)
	require.Contains(t, string(e.must(t, bob, "cmd.get_cmds", `{}`)), `"job_desc":null,"job_name":"Check disk usage"`)
}

func (e *env) tgtOf(t *testing.T, jid, by string) string {
	t.Helper()
	got := e.post(t, `{"resource":"ret","method":"get_load","kwarg":{"master_id":"x","jid":`+jid+`}}`, by)
	var load struct{ Tgt string }
	require.NoError(t, json.Unmarshal(got.Ret, &load))
	return load.Tgt
}

type row struct {
	JID, Fun, State, User, Cmd string
	Expected                   int
}

// cmds returns the rows of get_cmds.
func (e *env) cmds(t *testing.T, by, kwarg string) []row {
	t.Helper()
	got := e.post(t, `{"resource":"cmd","method":"get_cmds","kwarg":`+kwarg+`}`, by)
	require.Zero(t, got.code(), "%s: %+v", kwarg, got.Error)
	var page struct {
		Count   int
		Results []row
	}
	require.NoError(t, json.Unmarshal(got.Ret, &page))
	require.NotNil(t, page.Results, kwarg)
	return page.Results
}

func TestGetCmds(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	e.record(t)
	admin, bob := e.by(t, "admin"), e.by(t, "bob")
	for kwarg, want := range map[string][]int{
		`{}`: {2, 1, 0}, `{"reverse":false}`: {0, 1, 2}, `{"limit":"1"}`: {2}, `{"limit":1,"page":1}`: {1}, `{"limit":0}`: {2, 1, 0}, `{"limit":-1,"page":1}`: {},
		`{"filter_refresh_grains":"false"}`: {3, 2, 1, 0}, `{"fun":"saltutil.refresh_grains"}`: {3}, `{"fun":"disk.*"}`: {0},
		`{"cmd":"runner"}`: {2}, `{"highstate":true}`: {1}, `{"highstate":"false"}`: {2, 0}, `{"users":["bob"]}`: {2, 0}, `{"users":["bob","admin"]}`: {2, 1, 0},
		`{"state":["completed_missing_returns"]}`: {0}, `{"state":["completed_missing_returns"],"state_invert":true}`: {2, 1}, `{"state":["paused"]}`: {},
		`{"daterange":["2026-11-29T12:01:00","2026-11-29T13:02:00+01:00"]}`: {1}, `{"daterange":["29.11.2026 12:01","29.11.2026 12:02"],"daterange_fmt":"%d.%m.%Y %H:%M"}`: {1},
		`{"job_names":["x"]}`: {}, `{"include_adhoc":false}`: {}, `{"include_adhoc":true}`: {2, 1, 0}, `{"include_adhoc_scheduled":"scheduled"}`: {}, `{"master_id":"sal"}`: {2, 1, 0}, `{"master_id":"x"}`: {},
		`{"sort_by":"returned"}`: {0, 2, 1}, `{"sort_by":"expected","reverse":false,"limit":1,"page":2}`: {0}, `{"sort_by":"user","reverse":false}`: {1, 0, 2}, `{"sort_by":"cmd"}`: {2, 1, 0},
	} {
		var got []int
		for _, r := range e.cmds(t, admin, kwarg) {
			var n int
			_, err := fmt.Sscanf(r.JID, "2026112912%02d", &n)
			require.NoError(t, err)
			got = append(got, n)
		}
		require.ElementsMatch(t, want, got, kwarg)
		if !strings.Contains(kwarg, `"sort_by"`) && len(want) > 0 {
			require.Equal(t, want, got, kwarg)
		}
	}
	for kwarg, warns := range map[string]bool{`{"state":["paused","new"]}`: true, `{"state":["stopped"],"state_invert":true}`: false, `{"state":["new"]}`: false} {
		require.Equal(t, warns, len(e.call(t, admin, "cmd.get_cmds", kwarg).Warnings) == 1, kwarg)
	}
	require.Len(t, e.call(t, admin, "schedule.get_inflight", `{"paused":"true"}`).Warnings, 1)
	require.Len(t, e.cmds(t, bob, `{}`), 2, "those of others are not shown")
	require.Equal(t, 4040, e.post(t, `{"resource":"cmd","method":"get_cmd_details","kwarg":{"jid":"`+jidOf(1)+`"}}`, bob).code())
	got := e.post(t, `{"resource":"cmd","method":"get_cmd_details","kwarg":{"jid":"`+jidOf(0)+`","minion_id_exact":"web1"}}`, bob)
	require.Contains(t, string(got.Ret), `"full_ret":{"_stamp"`)
	got = e.post(t, `{"resource":"cmd","method":"get_cmd_details","kwarg":{"jid":"`+jidOf(0)+`","has_return":false}}`, bob)
	require.JSONEq(t, `{"count":1,"results":[{"minion_id":"web3","master_id":"salt","has_return":false,"has_errors":false,"alter_time":null}]}`, string(got.Ret))
}

func TestGetReturns(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	e.record(t)
	bob := e.by(t, "bob")
	web2 := string(e.must(t, bob, "tgt.save_target_group", `{"name":"web2","tgt":{"*":{"tgt":"*2"}}}`))
	for arguments, want := range map[string][]string{
		`"arg":["` + jidOf(0) + `"]`: {"web1", "web2"}, `"kwarg":{}`: {"web1", "web2"}, `"kwarg":{"limit":1,"page":1}`: {"web2"},
		`"kwarg":{"minion_id":"b2"}`: {"web2"}, `"kwarg":{"has_errors":"true"}`: {"web2"}, `"kwarg":{"has_errors":false}`: {"web1"},
		`"kwarg":{"sort_by":"minion_id","reverse":true,"limit":1}`: {"web2"}, `"kwarg":{"fun":"test.ping"}`: {}, `"kwarg":{"args":"/"}`: {"web1", "web2"}, `"kwarg":{"args":"x"}`: {},
		`"kwarg":{"user":"bob","start":"` + jidOf(0) + `","end":"` + jidOf(0) + `"}`: {"web1", "web2"}, `"kwarg":{"start":"` + jidOf(1) + `"}`: {}, `"kwarg":{"jid":"` + jidOf(1) + `"}`: {},
		`"kwarg":{"jid":"` + jidOf(0) + `","fun":"disk.*"}`: {"web1", "web2"}, `"kwarg":{"jid":"` + jidOf(0) + `","fun":"x"}`: {}, `"kwarg":{"tgt_name":"x"}`: {},
		`"kwarg":{"match_tgt_uuid":` + web2 + `}`: {"web2"}, `"kwarg":{"match_tgt_uuid":"` + saved.AllMinions + `"}`: {"web1", "web2"}, `"kwarg":{"match_tgt_uuid":` + web2 + `,"sort_by":"jid"}`: {"web2"},
	} {
		got := e.post(t, `{"resource":"ret","method":"get_returns",`+arguments+`}`, bob)
		require.Zero(t, got.code(), "%s: %+v", arguments, got.Error)
		var page struct {
			Count, Limit int
			Results      []struct {
				MinionID string `json:"minion_id"`
				Return   json.RawMessage
			}
		}
		require.NoError(t, json.Unmarshal(got.Ret, &page), string(got.Ret))
		names := []string{}
		for _, r := range page.Results {
			names = append(names, r.MinionID)
			require.NotEmpty(t, r.Return)
		}
		require.Equal(t, want, names, arguments)
		require.GreaterOrEqual(t, page.Count, len(want))
	}
	require.JSONEq(t, `{}`, string(e.post(t, `{"resource":"ret","method":"get_jid","arg":["`+jidOf(1)+`"]}`, bob).Ret), "another user's job")
}

// breaking are records that break while they are read.
type breaking struct {
	commands.Records
	left int
}

func (b *breaking) Returns(ctx context.Context, c *caller.Caller, jid string, q records.ReturnQuery) (records.ReturnPage, error) {
	if b.left--; b.left < 0 {
		return records.ReturnPage{}, &web.Error{Status: http.StatusServiceUnavailable, Text: "The records cannot be reached now"}
	}
	q.Limit = 1
	return b.Records.Returns(ctx, c, jid, q)
}

// An answer whose records break off is an error, and nothing of what was read.
func TestRecordsBreak(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(a *rpc.API) { a.Records = &breaking{a.Records, 1} })
	e.record(t)
	a := e.Send(t, http.MethodPost, rpc.Path,
		`[`+echo+`,{"resource":"ret","method":"get_jid","arg":["`+jidOf(0)+`"],"riq":4},`+echo+`]`, e.by(t, "bob"))
	require.Equal(t, http.StatusOK, a.Status)
	require.JSONEq(t, `[{"riq":3,"ret":"scc_auth_probe","error":null,"warnings":[]},
		{"riq":4,"ret":null,"error":{"code":5030,"message":"The records cannot be reached now","detail":{"state":"unavailable","retry_after":5}},"warnings":[]},
		{"riq":3,"ret":"scc_auth_probe","error":null,"warnings":[]}]`, a.Body)
}

// Without records and without a master the methods that need them are neither
// discovered nor served.
func TestNotServed(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(a *rpc.API) { a.Records, a.Gateway, a.Library = nil, nil, nil })
	bob := e.by(t, "bob")
	got := e.post(t, `{"resource":"api","method":"discover"}`, bob)
	require.NotContains(t, string(got.Ret), `"cmd"`)
	require.NotContains(t, string(got.Ret), `"ret"`)
	for _, m := range rpc.Methods() {
		if m.Resource == "cmd" || m.Resource == "ret" || m.Resource == "minions" || m.Resource == "job" || m.Resource == "tgt" {
			require.Equal(t, 4002, e.post(t, callOf(m, ""), bob).code(), m)
		}
	}
}

// Keys are changed in the states that the parameters include, by their names.
func TestSetKeyState(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	admin := e.by(t, "admin")
	for kwarg, want := range map[string]string{
		`{"state":"accept","minions":[["salt","new1"],["x","bad1"],["x","new1"]]}`:                                    `{"match":{"minions_pre":["new1"]}}`,
		`{"state":"accept","minions":[["salt","bad1"],["x","new1"]],"include_rejected":true,"include_denied":1}`:      ``,
		`{"state":"accept","minions":[["salt","bad1"],["x","new1"]],"include_rejected":true,"include_denied":"true"}`: `{"match":{"minions_pre":["new1"],"minions_rejected":["bad1"],"minions_denied":["new1"]},"include_rejected":true,"include_denied":true}`,
		`{"state":"reject","minions":[["salt","web1"],["x","new2"]],"include_accepted":true}`:                         `{"match":{"minions":["web1"],"minions_pre":["new2"]},"include_accepted":true}`,
		`{"state":"delete","minions":[["salt","web1"],["x","bad1"],["x","*"]]}`:                                       `{"match":{"minions":["web1"],"minions_rejected":["bad1"]}}`,
	} {
		got := e.post(t, `{"resource":"minions","method":"set_minion_key_state","kwarg":`+kwarg+`}`, admin)
		if want == "" {
			require.Equal(t, 4001, got.code())
			continue
		}
		require.Zero(t, got.code(), "%+v", got.Error)
		var sent map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(chunk(t, e.master.last(t))), &sent))
		require.JSONEq(t, want, string(sent["kwarg"]), kwarg)
	}
	got := e.post(t, `{"resource":"minions","method":"set_minion_key_state","kwarg":{"state":"accept","minions":[["salt","web1"]]}}`, admin)
	require.JSONEq(t, `{"task_ids":[],"changed":[]}`, string(got.Ret))
	require.NotEmpty(t, got.Warnings)
	require.Equal(t, 4030, e.post(t, `{"resource":"minions","method":"set_minion_key_state","kwarg":{"state":"delete","minions":[["salt","web1"]]}}`, e.unable(t)).code())
}
