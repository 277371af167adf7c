package clients

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

// jenkins sends what Jenkins' saltstack-plugin sends through Java's
// HttpURLConnection: one object, never a list, as POST where there is
// something to send.
type jenkins struct{ wire }

func (j *jenkins) call(t *testing.T, path string, params map[string]any) env.Answer {
	t.Helper()
	if path == "" {
		path = "/" // HttpURLConnection writes it for a URL that ends with the port
	}
	headers := []string{"Accept: application/json"}
	method := "GET "
	body := ""
	if params != nil {
		method, body = "POST ", toJSON(t, params)
		headers = append(headers, "Content-Type: application/json")
	}
	if j.token != "" {
		headers = append(headers, "X-Auth-Token: "+j.token)
	}
	headers = append(headers, "Cache-Control: no-cache", "Pragma: no-cache", "User-Agent: Java/1.8.0_402", "Connection: keep-alive")
	return j.send(t, method+path, headers, body)
}

// TestJenkins runs the plugin's kinds of build steps.
func TestJenkins(t *testing.T) {
	eachTarget(t, func(t *testing.T, g target) {
		j := &jenkins{wire{target: g}}
		a := j.call(t, "/login", map[string]any{"username": env.User, "password": env.User, "eauth": "pam"})
		var in loggedIn
		decode(t, a, http.StatusOK, &in)
		// The plugin reads the header first, and fails without one: it tells
		// TornadoServer from all others by it.
		require.NotEmpty(t, a.Header.Get("Server"))
		require.NotContains(t, a.Header.Get("Server"), "Tornado")
		require.Len(t, in.Return, 1)
		j.token = in.Return[0].Token

		run := func(t *testing.T, v any, params map[string]any) {
			t.Helper()
			a := j.call(t, "", params)
			require.Equal(t, http.StatusOK, a.Status, a.Body)
			firstReturn(t, a.Body, v)
		}
		t.Run("local", func(t *testing.T) {
			var all map[string]any
			run(t, &all, map[string]any{"client": "local", "tgt": "ms--0", "tgt_type": "glob", "fun": "test.arg",
				"arg": "one", "kwarg": map[string]any{"two": 2}}) // one argument is no list
			require.Equal(t, map[string]any{"args": []any{"one"}, "kwargs": map[string]any{"two": 2.0}}, withoutPub(all["ms--0"]))
		})
		t.Run("local of an older Salt", func(t *testing.T) {
			var all map[string]bool
			run(t, &all, map[string]any{"client": "local", "tgt": "ms--[02]", "expr_form": "glob", "fun": "test.ping"})
			require.Equal(t, map[string]bool{"ms--0": true, "ms--2": true}, all)
		})
		t.Run("cmd.run", func(t *testing.T) {
			var all map[string]fullReturn
			run(t, &all, map[string]any{"client": "local", "full_return": true, "tgt": "ms--0", "tgt_type": "glob",
				"fun": "cmd.run", "arg": "echo hello"})
			require.Equal(t, "hello", all["ms--0"].Ret)
			require.Zero(t, all["ms--0"].Retcode)
		})
		t.Run("blocking", func(t *testing.T) {
			a := j.call(t, "/minions", map[string]any{"client": "local_async", "full_return": true, "tgt": "*", "tgt_type": "glob",
				"fun": "cmd.run", "arg": []any{"echo", 1}})
			var job jobStarted
			decode(t, a, http.StatusAccepted, &job)
			require.Len(t, job.Return, 1)
			require.Len(t, job.Return[0].JID, 20)
			found := awaitJob(t, func() env.Answer { return j.call(t, "/jobs/"+job.Return[0].JID, nil) })
			require.ElementsMatch(t, minions, found.Info[0].Minions)
			require.Len(t, found.Info[0].Result, len(minions))
		})
		t.Run("batch", func(t *testing.T) {
			a := j.call(t, "", map[string]any{"client": "local_batch", "tgt": "*", "tgt_type": "glob", "fun": "test.ping",
				"batch": "100%", "batch_wait": "1"})
			var answer struct{ Return []map[string]bool }
			decode(t, a, http.StatusOK, &answer)
			require.Len(t, answer.Return, len(minions))
		})
		t.Run("subset", func(t *testing.T) {
			var all map[string]bool
			run(t, &all, map[string]any{"client": "local_subset", "tgt": "*", "tgt_type": "glob", "fun": "test.ping", "sub": 2})
			require.Len(t, all, 2)
		})
		t.Run("runner", func(t *testing.T) {
			var up []string
			run(t, &up, map[string]any{"client": "runner", "fun": "manage.up"})
			require.ElementsMatch(t, minions, up)
		})
		t.Run("runner with mods and a pillar", func(t *testing.T) {
			var echo struct {
				Args   []any
				Kwargs map[string]any
			}
			run(t, &echo, map[string]any{"client": "runner", "mods": "site.deploy", "pillar": map[string]any{"color": "blue"},
				"fun": "test.arg", "arg": []any{"one"}})
			require.Equal(t, []any{"one"}, echo.Args)
			require.Equal(t, map[string]any{"color": "blue"}, echo.Kwargs["pillar"])
			require.Equal(t, "site.deploy", echo.Kwargs["mods"])
		})
		t.Run("hook", func(t *testing.T) {
			for _, params := range []map[string]any{{}, {"build": 7}} {
				var fired struct{ Success bool }
				decode(t, j.call(t, "/hook/jenkins/done", params), http.StatusOK, &fired)
				require.True(t, fired.Success)
			}
		})
	})
}
