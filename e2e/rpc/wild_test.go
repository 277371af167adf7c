package rpc

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
)

// master is the name of the masters of the tests.
const master = "sandbox"

// keyRow is a row of minions.get_minion_key_state.
type keyRow struct {
	Master, Minion string
	KeyState       []string `json:"key_state"`
}

// pending has the key of a minion wait to be accepted, until the test ends.
func pending(t *testing.T, r *env.Env, id string) {
	t.Helper()
	pki := filepath.Join(r.Dir(), "pki")
	key, err := os.ReadFile(filepath.Join(pki, "minions", "ms--0"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(pki, "minions_pre", id), key, 0o600))
	t.Cleanup(func() {
		for _, state := range []string{"minions", "minions_pre", "minions_rejected", "minions_denied"} {
			_ = os.Remove(filepath.Join(pki, state, id)) // it is in one of them at the most
		}
	})
}

// states returns the states of a minion's key.
func (p program) states(t *testing.T, id string) []string {
	t.Helper()
	for _, row := range decoded[struct{ Results []keyRow }](t, p.call(t, "minions", "get_minion_key_state", `{"limit": "0", "page": 0}`)).Results {
		if row.Minion == id {
			return row.KeyState
		}
	}
	return nil
}

// positional sends a call with its arguments in a list, and returns what it returns.
func (p program) positional(t *testing.T, resource, method, name, args string) json.RawMessage {
	t.Helper()
	a := envtest.Send(t, p.r, p.r.Main, envtest.Request{
		Path: "rpc", Header: p.header, Body: fmt.Sprintf(`{"resource": %q, "method": %q, %q: %s}`, resource, method, name, args),
	})
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	got := decoded[struct {
		Ret   json.RawMessage
		Error json.RawMessage
	}](t, json.RawMessage(a.Body))
	require.Equal(t, "null", string(got.Error), a.Body)
	return got.Ret
}

// TestInTheWild has whole sequences of public programs.
func TestInTheWild(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		t.Run("PowerShell", func(t *testing.T) {
			pending(t, r, "power1")
			get := envtest.Send(t, r, r.Main, envtest.Request{Method: http.MethodGet, Path: "account/login"})
			xsrf := get.Header.Get("X-Xsrftoken")
			require.NotEmpty(t, xsrf)
			a := envtest.Send(t, r, r.Main, envtest.Request{
				Path: "account/login", Kind: "-", Header: map[string]string{"X-Xsrftoken": xsrf},
				Body: fmt.Sprintf(`{"username": %q, "password": %q, "config_name": "internal"}`, env.User, env.User),
			})
			require.Equal(t, http.StatusOK, a.Status, a.Body)
			require.True(t, decoded[struct{ Authenticated bool }](t, json.RawMessage(a.Body)).Authenticated)
			session := ""
			for _, c := range (&http.Response{Header: a.Header}).Cookies() {
				if c.Name == "session_id" {
					session = c.Value
				}
			}
			require.NotEmpty(t, session)
			p := program{r, map[string]string{"Cookie": "session_id=" + session + "; _xsrf=" + xsrf, "X-Xsrftoken": xsrf}}
			found := decoded[struct{ Results []keyRow }](t, p.call(t, "minions", "get_minion_key_state", `{"key_state": "pending"}`)).Results
			require.Contains(t, found, keyRow{master, "power1", []string{"pending"}})
			set := func(kwarg string) {
				got := decoded[struct {
					TaskIDs []string `json:"task_ids"`
				}](t, p.call(t, "minions", "set_minion_key_state", kwarg))
				require.Len(t, got.TaskIDs, 1, kwarg)
				require.Len(t, got.TaskIDs[0], 20)
			}
			set(`{"state": "accept", "minions": [["salt", "power1"]], "include_rejected": false, "include_denied": false}`)
			require.Equal(t, []string{"accepted"}, p.states(t, "power1"))
			set(`{"state": "reject", "minions": [["salt", "power1"]], "include_accepted": "true"}`)
			require.Equal(t, []string{"rejected"}, p.states(t, "power1"))
			set(`{"state": "delete", "minions": [["salt", "power1"]]}`)
			require.Empty(t, p.states(t, "power1"))
		})

		t.Run("an operator in Go", func(t *testing.T) {
			pending(t, r, "op1")
			p := login(t, r, env.User)
			p.header["Authorization"] = "Bearer " + p.header["Authorization"][len("JWT "):]
			require.Equal(t, []string{"pending"}, p.states(t, "op1"))
			p.call(t, "minions", "set_minion_key_state", `{"state": "accept", "minions": [["salt", "op1"]]}`)
			require.Equal(t, []string{"accepted"}, p.states(t, "op1"))
			uuid := ""
			for range 3 {
				got := decoded[string](t, p.call(t, "job", "save_job", `{"name": "operator", "desc": "", "cmd": "local", "fun": "test.arg", "arg": {"arg": ["x"], "kwarg": {}}}`))
				require.NotEmpty(t, got)
				if uuid != "" {
					require.Equal(t, uuid, got)
				}
				uuid = got
			}
			jid := p.run(t, fmt.Sprintf(`{"job_uuid": %q, "tgt": {"salt": {"tgt": "L@ms--1", "tgt_type": "compound"}}}`, uuid))
			ret := p.returns(t, jid, 1)["ms--1"]
			require.True(t, ret.Success)
			require.Zero(t, ret.Retcode)
			require.Equal(t, []string{"x"}, decoded[struct{ Args []string }](t, ret.Return).Args)
			p.call(t, "minions", "set_minion_key_state", `{"state": "delete", "minions": [["salt", "op1"]]}`)
			require.Empty(t, p.states(t, "op1"))

			// A login that has ended is a 401, and one new login is enough.
			ended := program{r, map[string]string{"Authorization": "Bearer " + p.header["Authorization"][len("Bearer "):len(p.header["Authorization"])-4] + "AAAA"}}
			a := envtest.Send(t, r, r.Main, envtest.Request{Path: "rpc", Header: ended.header, Body: `{"resource": "test", "method": "echo", "kwarg": {"message": "x"}}`})
			require.Equal(t, http.StatusUnauthorized, a.Status)
			require.JSONEq(t, `"x"`, string(login(t, r, env.User).call(t, "test", "echo", `{"message": "x"}`)))
		})

		t.Run("Python", func(t *testing.T) {
			p := login(t, r, env.User)
			tgt := decoded[string](t, p.call(t, "tgt", "save_target_group", `{"name": "python", "tgt": {"*": {"tgt": "ms--[12]", "tgt_type": "glob"}}}`))
			uuids := make(map[string]string)
			for _, g := range decoded[struct{ Results []struct{ Name, UUID string } }](t, p.call(t, "tgt", "get_target_group", `{}`)).Results {
				uuids[g.Name] = g.UUID
			}
			require.Equal(t, tgt, uuids["python"])
			require.Equal(t, "7f93b928-388b-11e6-b133-346895ecb8f3", uuids["All Minions"])
			require.JSONEq(t, `{"`+master+`": ["ms--1", "ms--2"]}`, string(p.call(t, "tgt", "get_target_group_minions", fmt.Sprintf(`{"tgt_uuid": %q}`, tgt))))
			done := func(jid string, minions int) {
				p.returns(t, jid, minions)
				require.Eventually(t, func() bool {
					return string(p.call(t, "cmd", "get_cmd_status", fmt.Sprintf(`{"jids": [%q]}`, jid))) == `["complete"]`
				}, envtest.Patience, 50*time.Millisecond)
			}
			done(p.run(t, `{"cmd": "local", "fun": "test.ping", "tgt": {"*": {"tgt": "*", "tgt_type": "glob"}}}`), 3)
			job := decoded[string](t, p.call(t, "job", "save_job", `{"name": "python", "cmd": "local", "fun": "test.version", "tgt_uuid": "7f93b928-388b-11e6-b133-346895ecb8f3"}`))
			done(p.run(t, fmt.Sprintf(`{"job_uuid": %q}`, job)), 3)
			done(p.run(t, fmt.Sprintf(`{"job_uuid": %q, "tgt_uuid": %q}`, job, tgt)), 2)

			// By grains, as the master has them on disk.
			kernel := decoded[[]string](t, p.call(t, "minions", "get_minion_grain_values", `{"key": "kernel"}`))
			require.Equal(t, []string{"Linux"}, kernel)
			require.JSONEq(t, `{"`+master+`": ["ms--0", "ms--1", "ms--2"]}`, string(p.call(t, "tgt", "get_target_group_minions", `{"tgt": {"*": {"tgt": "kernel:Linux", "tgt_type": "grain"}}}`)))
			require.Len(t, decoded[struct{ Results []json.RawMessage }](t, p.call(t, "minions", "get_minion_details", `{"grains": {"kernel": "Linux"}, "sort_by": "nodename"}`)).Results, 3)
			cache := decoded[map[string]map[string]struct{ Grains struct{ ID string } }](t, p.call(t, "minions", "get_minion_cache", `{"minion_id": "ms--1"}`))
			require.Equal(t, "ms--1", cache[master]["ms--1"].Grains.ID)
		})

		t.Run("targets of every form", func(t *testing.T) {
			p := login(t, r, env.User)
			for tgt, minions := range map[string]int{
				`{"*": {"tgt": "ms--[01]", "tgt_type": "glob"}}`: 2, `{"salt": {"tgt": ["ms--0", "ms--2"], "tgt_type": "list"}}`: 2, `{"*": {"tgt": "ms--(0|2)", "tgt_type": "pcre"}}`: 2,
				`{"*": {"tgt": "kernel:Linux", "tgt_type": "grain"}}`: 3, `{"*": {"tgt": "kernel:Lin.*", "tgt_type": "grain_pcre"}}`: 3, `{"*": {"tgt": "127.0.0.0/8", "tgt_type": "ipcidr"}}`: 3,
				`{"*": {"tgt": "ms--0 or E@ms--1$", "tgt_type": "compound"}}`: 2, `{"one": {"tgt": "ms--0"}, "two": {"tgt": ["ms--2"], "tgt_type": "list"}}`: 2,
				`{"*": {"tgt": "no:pillar", "tgt_type": "pillar"}}`: 0, `{"*": {"tgt": "no:p.*", "tgt_type": "pillar_pcre"}}`: 0,
			} {
				jid := p.run(t, fmt.Sprintf(`{"cmd": "local", "fun": "test.ping", "tgt": %s}`, tgt))
				p.returns(t, jid, minions)
				require.Eventually(t, func() bool { return p.state(t, jid) == "completed_all_successful" }, envtest.Patience, 50*time.Millisecond, tgt)
			}
		})

		t.Run("a key by wheel", func(t *testing.T) {
			pending(t, r, "wheel1")
			p := login(t, r, env.User)
			jid := p.run(t, `{"cmd": "wheel", "fun": "key.accept", "masters": ["salt"], "arg": {"arg": ["wheel1"]}}`)
			p.returns(t, jid, 1)
			require.Equal(t, []string{"accepted"}, p.states(t, "wheel1"))
		})

		t.Run("by position", func(t *testing.T) {
			p := login(t, r, env.User)
			jid := p.run(t, `{"cmd": "local", "fun": "test.ping", "tgt": {"*": {"tgt": "ms--2"}}}`)
			p.returns(t, jid, 1)
			got := decoded[struct {
				Count   int
				Results []struct {
					Minion string `json:"minion_id"`
					Return bool
				}
			}](t, p.positional(t, "ret", "get_returns", "arg", fmt.Sprintf(`[%q]`, jid)))
			require.Equal(t, 1, got.Count)
			require.Equal(t, "ms--2", got.Results[0].Minion)
			require.True(t, got.Results[0].Return)
			tgt := decoded[string](t, p.call(t, "tgt", "save_target_group", `{"name": "to go", "tgt": {"*": {"tgt": "x"}}}`))
			require.Equal(t, "null", string(p.positional(t, "tgt", "delete_target_group", "args", fmt.Sprintf(`[%q]`, tgt))))
			require.NotEmpty(t, p.positional(t, "fs", "get_env", "arg", `["base"]`))
		})
	})
}
