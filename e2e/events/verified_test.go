package events

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
)

// TestResultsVerified puts a gateway that reads returns from the job cache
// beside one that takes them from the bus, and tells both of a return that
// never was.
func TestResultsVerified(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		verified, err := r.Another(t.Context(), env.More{Settings: "results: verified\n"})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, verified.Stop(context.WithoutCancel(t.Context()))) })
		w := envtest.NewWitness(t, r)
		for name, tc := range map[string]struct {
			gateway *env.Env
			want    string
		}{
			"bus":      {r, `{"return": [{"ms--0": "forged"}]}`},
			"verified": {verified, `{"return": [{"ms--0": true}]}`},
		} {
			t.Run(name, func(t *testing.T) {
				jid := new(saltmaster.JIDs).Next()
				answered := make(chan env.Answer, 1)
				go func() {
					a, err := tc.gateway.Post(context.WithoutCancel(t.Context()), tc.gateway.WSGI, env.Chunk(env.User, fmt.Sprintf(
						`"client": "local", "tgt": "ms--0", "fun": "test.sleep", "arg": [3], "jid": %q`, jid)))
					if err != nil {
						a.Body = err.Error()
					}
					answered <- a
				}()
				w.Next(t, regexp.MustCompile(`^salt/job/`+jid+`/new$`))
				w.Fire(t, "salt/job/"+jid+"/ret/ms--0", fmt.Sprintf(
					`{"cmd": "_return", "id": "ms--0", "jid": %q, "fun": "test.sleep", "return": "forged", "retcode": 0, "success": true}`, jid))
				a := <-answered
				require.Equal(t, http.StatusOK, a.Status, a.Body)
				require.JSONEq(t, tc.want, a.Body)
				if tc.gateway == verified {
					requireRecorded(t, verified, jid)
				}
			})
		}
		for _, chunk := range []string{
			`"client": "local", "tgt": "*", "fun": "test.ping"`,
			`"client": "local", "tgt": "ms--0", "fun": "test.arg", "arg": ["a", {"b": null}], "full_return": true, "jid": "JID"`,
			`"client": "local", "tgt": "ms--0", "fun": "state.single", "arg": ["test.nop", "x"], "full_return": true, "jid": "JID"`,
			`"client": "local_batch", "tgt": "*", "fun": "test.ping", "batch": "1"`,
			`"client": "local_subset", "tgt": "ms--0", "fun": "test.ping"`,
		} {
			t.Run(chunk, func(t *testing.T) {
				var answers []any
				for _, g := range []*env.Env{r, verified} {
					jid := new(saltmaster.JIDs).Next()
					a := envtest.Post(t, g, env.Chunk(env.User, regexp.MustCompile("JID").ReplaceAllString(chunk, jid)))
					require.Equal(t, http.StatusOK, a.Status, a.Body)
					answers = append(answers, alike(t, regexp.MustCompile(jid).ReplaceAllString(a.Body, "JID")))
				}
				require.Equal(t, answers[0], answers[1])
			})
		}
	})
}

// requireRecorded requires that the record of a job of test.sleep has what ms--0
// returned, and nothing that was fired in its name.
func requireRecorded(t *testing.T, r *env.Env, jid string) {
	t.Helper()
	session := envtest.Login(t, r, env.User)
	var body string
	require.Eventually(t, func() bool {
		a := envtest.SessionRequest(t, r, session, http.MethodGet, "/v1/jobs/"+jid+"/returns/ms--0", "")
		body = a.Body
		return a.Status == http.StatusOK && strings.Contains(body, `"state":"ok"`)
	}, time.Minute, 50*time.Millisecond, "%s", body)
	require.Contains(t, body, `"return":true`)
	a := envtest.SessionRequest(t, r, session, http.MethodGet, "/v1/jobs/"+jid, "")
	require.Contains(t, a.Body, `"fun":"test.sleep"`)
	require.Contains(t, a.Body, `"state":"completed"`)
}

// TestOddReturnOnTheBus gives salt-api and Saltern a return with a key that is a
// list, as a tuple of Python's is packed, beside another minion's. salt-api
// cannot read that event, and waits for another one.
func TestOddReturnOnTheBus(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		w := envtest.NewWitness(t, r)
		for name, tc := range map[string]struct {
			url, want string
		}{
			"salt-api": {r.SaltAPIURL() + "/run", `{"return": [{"ms--0": true, "ms--1": true}]}`},
			"Saltern":  {r.WSGI, `{"return": [{"ms--0": {"[1, \"a\"]": 2}, "ms--1": true}]}`},
		} {
			t.Run(name, func(t *testing.T) {
				jid := new(saltmaster.JIDs).Next()
				answered := make(chan env.Answer, 1)
				go func() {
					a, err := r.Post(context.WithoutCancel(t.Context()), tc.url, env.Chunk(env.User, fmt.Sprintf(
						`"client": "local", "tgt": ["ms--0", "ms--1"], "tgt_type": "list", "fun": "test.sleep", "arg": [3], "jid": %q`, jid)))
					if err != nil {
						a.Body = err.Error()
					}
					answered <- a
				}()
				w.Next(t, regexp.MustCompile(`^salt/job/`+jid+`/new$`))
				data, err := msgpack.AppendFromJSON(nil, fmt.Appendf(nil, `{"id": "ms--0", "jid": %q, "fun": "test.sleep", "retcode": 0}`, jid))
				require.NoError(t, err)
				data[0]++ // one more entry
				data = append(msgpack.AppendString(data, "return"), "\x81\x92\x01\xa1a\x02"...)
				require.NoError(t, w.Firer.Fire(t.Context(), "salt/job/"+jid+"/ret/ms--0", data))
				a := <-answered
				require.Equal(t, http.StatusOK, a.Status, a.Body)
				require.JSONEq(t, tc.want, a.Body)
			})
		}
	})
}

// alike is an answer without the order of minions and the times of states.
func alike(t *testing.T, body string) any {
	t.Helper()
	body = regexp.MustCompile(`"(start_time|duration)": [^,}]*`).ReplaceAllString(body, `"$1": 0`)
	var answer struct{ Return []map[string]any }
	require.NoError(t, json.Unmarshal([]byte(body), &answer), body)
	all := map[string]any{}
	for _, item := range answer.Return {
		maps.Copy(all, item)
	}
	return all
}
