package rpc

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
)

// program is a program with its credential.
type program struct {
	r      *env.Env
	header map[string]string
}

// call sends a call, and returns what it returns.
func (p program) call(t *testing.T, resource, method, kwarg string) json.RawMessage {
	t.Helper()
	ret, text := p.try(t, resource, method, kwarg)
	require.Empty(t, text, "%s.%s %s", resource, method, kwarg)
	return ret
}

// try sends a call, and returns what it returns, or the error.
func (p program) try(t *testing.T, resource, method, kwarg string) (ret json.RawMessage, text string) {
	t.Helper()
	a := envtest.Send(t, p.r, p.r.Main, envtest.Request{
		Path: "rpc", Kind: "application/x-www-form-urlencoded", Header: p.header,
		Body: fmt.Sprintf(`{"resource": %q, "method": %q, "kwarg": %s}`, resource, method, kwarg),
	})
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	var e struct {
		Ret   json.RawMessage
		Error *struct{ Message string }
	}
	require.NoError(t, json.Unmarshal([]byte(a.Body), &e), a.Body)
	if e.Error != nil {
		return nil, e.Error.Message
	}
	return e.Ret, ""
}

func decoded[T any](t *testing.T, text json.RawMessage) (v T) {
	t.Helper()
	require.NoError(t, json.Unmarshal(text, &v), string(text))
	return v
}

// login logs a user of the default eauth module in, whose password is the name.
func login(t *testing.T, r *env.Env, user string) program {
	t.Helper()
	return loginAs(t, r, user, user, "internal")
}

// loginAs logs in as programs do, below /raas, and returns the program with its jwt.
func loginAs(t *testing.T, r *env.Env, user, password, configName string) program {
	t.Helper()
	a := envtest.Send(t, r, r.Main, envtest.Request{
		Path: "raas/account/login", Kind: "text/plain",
		Body: fmt.Sprintf(`{"username": %q, "password": %q, "config_name": %q, "token_type": "jwt"}`, user, password, configName),
	})
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	got := decoded[struct {
		JWT           string
		Authenticated bool
		Attributes    struct {
			Username   string
			ConfigName string `json:"config_name"`
		}
	}](t, json.RawMessage(a.Body))
	require.True(t, got.Authenticated)
	require.Equal(t, user, got.Attributes.Username)
	require.Equal(t, configName, got.Attributes.ConfigName)
	return program{r, map[string]string{"Authorization": "JWT " + got.JWT, "X-Xsrftoken": a.Header.Get("X-Xsrftoken")}}
}

// returns waits until minions have returned for a job.
func (p program) returns(t *testing.T, jid string, minions int) map[string]struct {
	Return  json.RawMessage
	Success bool
	Retcode int
} {
	t.Helper()
	type returned = map[string]struct {
		Return  json.RawMessage
		Success bool
		Retcode int
	}
	var got returned
	require.Eventually(t, func() bool {
		got = decoded[returned](t, p.call(t, "ret", "get_jid", fmt.Sprintf(`{"jid": %q}`, jid)))
		return len(got) == minions
	}, envtest.Patience, 50*time.Millisecond)
	return got
}

// TestSequences runs what public programs of SaltStack Config do, call by call.
func TestSequences(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		t.Run("curl with a password", func(t *testing.T) {
			basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(env.User+":"+env.User))
			a := envtest.Send(t, r, r.Main, envtest.Request{Method: http.MethodGet, Path: "version", Header: map[string]string{"Authorization": basic}})
			xsrf := a.Header.Get("X-Xsrftoken")
			p := program{r, map[string]string{"Authorization": basic, "X-Xsrftoken": xsrf, "Cookie": "_xsrf=" + xsrf}}
			jid := decoded[string](t, p.call(t, "cmd", "route_cmd",
				`{"cmd": "local", "fun": "test.arg", "tgt_uuid": "7f93b928-388b-11e6-b133-346895ecb8f3", "arg": {"arg": ["one sls"]}}`))
			for minion, ret := range p.returns(t, jid, 3) {
				require.Equal(t, []string{"one sls"}, decoded[struct{ Args []string }](t, ret.Return).Args, minion)
				require.True(t, ret.Success)
			}
		})

		t.Run("an operator with a jwt", func(t *testing.T) {
			p := login(t, r, env.User)
			require.Equal(t, "scc_auth_probe", decoded[string](t, p.call(t, "test", "echo", `{"message": "scc_auth_probe"}`)))
			jid := decoded[string](t, p.call(t, "cmd", "route_cmd",
				`{"cmd": "local", "fun": "test.ping", "tgt": {"salt": {"tgt": "L@ms--0,ms--1", "tgt_type": "compound"}}}`))
			p.returns(t, jid, 2)
			require.Eventually(t, func() bool {
				return string(p.call(t, "cmd", "get_cmd_status", fmt.Sprintf(`{"jids": [%q, "20200101000000000000"]}`, jid))) == `["complete","not-found"]`
			}, envtest.Patience, 50*time.Millisecond)
			page := decoded[struct {
				Count   int
				Results []struct {
					State, Fun, User string
					Expected         int
				}
			}](t, p.call(t, "cmd", "get_cmds", fmt.Sprintf(`{"jid": %q}`, jid)))
			require.Equal(t, 1, page.Count)
			require.Equal(t, "completed_all_successful", page.Results[0].State)
			require.Equal(t, 2, page.Results[0].Expected)
			returns := decoded[struct {
				Count, Limit int
				Results      []struct {
					MinionID string `json:"minion_id"`
					Return   bool
				}
			}](t, p.call(t, "ret", "get_returns", fmt.Sprintf(`{"jid": %q, "sort_by": "minion_id"}`, jid)))
			require.Equal(t, 2, returns.Count)
			require.Equal(t, 50, returns.Limit)
			require.True(t, returns.Results[1].Return)
		})

		t.Run("keys", func(t *testing.T) {
			p := login(t, r, env.User)
			jid := decoded[string](t, p.call(t, "cmd", "route_cmd", `{"cmd": "wheel", "fun": "key.gen_accept", "masters": ["any"], "arg": {"arg": ["made"]}}`))
			require.Len(t, jid, 20)
			type rows struct {
				Count   int
				Results []struct {
					Master, Minion string
					KeyState       []string `json:"key_state"`
				}
			}
			state := func(want string) {
				require.Eventually(t, func() bool {
					got := decoded[rows](t, p.call(t, "minions", "get_minion_key_state", `{"minion_id": "made", "limit": 0, "page": 0}`))
					if want == "" {
						return got.Count == 0
					}
					return got.Count == 1 && len(got.Results[0].KeyState) == 1 && got.Results[0].KeyState[0] == want
				}, envtest.Patience, 50*time.Millisecond, want)
			}
			state("accepted")
			change := func(kwarg string) {
				got := decoded[struct {
					TaskIDs []string `json:"task_ids"`
					Changed [][]string
				}](t, p.call(t, "minions", "set_minion_key_state", kwarg))
				require.Len(t, got.TaskIDs, 1, kwarg)
				require.Equal(t, [][]string{{"salt", "made"}}, got.Changed)
			}
			change(`{"state": "reject", "minions": [["salt", "made"]], "include_accepted": true}`)
			state("rejected")
			change(`{"state": "accept", "minions": [["salt", "made"]], "include_rejected": "true"}`)
			state("accepted")
			change(`{"state": "delete", "minions": [["salt", "made"]]}`)
			state("")

			present := decoded[rows](t, p.call(t, "minions", "get_minion_presence", `{"status": "present"}`))
			require.Equal(t, 3, present.Count)
		})

		t.Run("a runner, and an error of it", func(t *testing.T) {
			p := login(t, r, env.User)
			jid := decoded[string](t, p.call(t, "cmd", "route_cmd", `{"cmd": "runner", "masters": ["*"], "fun": "test.arg", "arg": {"arg": ["x"], "kwarg": {"y": 1}}}`))
			for _, ret := range p.returns(t, jid, 1) {
				require.Contains(t, string(ret.Return), `"x"`)
			}
			_, text := p.try(t, "cmd", "route_cmd", `{"cmd": "runner", "fun": "no.such_function"}`)
			require.NotEmpty(t, text)
		})

		t.Run("nobody", func(t *testing.T) {
			p := login(t, r, env.User)
			jid := decoded[string](t, p.call(t, "cmd", "route_cmd", `{"cmd": "local", "fun": "test.ping", "tgt": {"*": {"tgt": "nobody", "tgt_type": "glob"}}}`))
			require.Equal(t, `["complete"]`, string(p.call(t, "cmd", "get_cmd_status", fmt.Sprintf(`{"jids": [%q]}`, jid))))
		})

		t.Run("a saved job, over a restart", func(t *testing.T) {
			p := login(t, r, env.User)
			const save = `{"name": "Check disk usage", "desc": "Checks disk usage on targeted devices", "cmd": "local", "fun": "disk.usage",
				"tgt_uuid": "7f93b928-388b-11e6-b133-346895ecb8f3"}`
			uuid := decoded[string](t, p.call(t, "job", "save_job", save))
			require.Equal(t, uuid, decoded[string](t, p.call(t, "job", "save_job", save)), "the same name again")
			tgt := decoded[string](t, p.call(t, "tgt", "save_target_group", `{"name": "one", "tgt": {"*": {"tgt": ["ms--1"], "tgt_type": "list"}}}`))
			jobs := p.call(t, "job", "get_jobs", `{}`)
			require.NoError(t, r.StopGateway(t.Context()))
			require.NoError(t, r.StartGateway(t.Context()))

			// The session outlives the restart, and so does what was saved.
			require.JSONEq(t, string(jobs), string(p.call(t, "job", "get_jobs", `{}`)))
			all := decoded[string](t, p.call(t, "cmd", "route_cmd", fmt.Sprintf(`{"job_uuid": %q}`, uuid)))
			for _, ret := range p.returns(t, all, 3) {
				require.Contains(t, string(ret.Return), `"1K-blocks"`)
			}
			one := decoded[string](t, p.call(t, "cmd", "route_cmd", fmt.Sprintf(`{"job_uuid": %q, "tgt_uuid": %q}`, uuid, tgt)))
			require.Contains(t, p.returns(t, one, 1), "ms--1")
			for kwarg, want := range map[string][]string{
				fmt.Sprintf(`{"job_uuid": %q}`, uuid): {one, all}, `{"job_names": ["Check disk usage"]}`: {one, all}, fmt.Sprintf(`{"tgt_uuid": %q}`, tgt): {one},
				`{"tgt_names": ["All Minions"], "job_names": ["Check disk usage"]}`: {all},
			} {
				var got []string
				for _, row := range decoded[struct{ Results []struct{ JID string } }](t, p.call(t, "cmd", "get_cmds", kwarg)).Results {
					got = append(got, row.JID)
				}
				require.Equal(t, want, got, kwarg)
			}
		})

		t.Run("a token within its scopes", func(t *testing.T) {
			session := envtest.Login(t, r, env.User)
			token := envtest.MakeToken(t, r, session, "rpc", "User").Token
			p := program{r, map[string]string{"Authorization": "Bearer " + token, "X-RaaS-RPC-Version": "13"}}
			jid := decoded[string](t, p.call(t, "cmd", "route_cmd", `{"cmd": "local", "fun": "test.ping", "tgt": {"*": {"tgt": "ms--0"}}}`))
			p.returns(t, jid, 1)
			_, text := p.try(t, "cmd", "route_cmd", `{"cmd": "wheel", "fun": "key.delete", "arg": {"arg": ["nobody"]}}`)
			require.NotEmpty(t, text)
		})
	})
}
