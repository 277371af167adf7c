package clients

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// goLibrary sends what Go libraries for salt-api send through net/http. Both
// name a content type in requests without a body too.
type goLibrary struct{ wire }

func (l *goLibrary) call(t *testing.T, method, path string, body any) env.Answer {
	t.Helper()
	headers := []string{"User-Agent: Go-http-client/1.1"}
	text := ""
	switch {
	case body != nil:
		text = toJSON(t, body) + "\n" // json.Encoder's
	case method == http.MethodPost:
		headers = append(headers, "Content-Length: 0")
	}
	headers = append(headers, "Accept: application/json", "Content-Type: application/json")
	if l.token != "" {
		headers = append(headers, "X-Auth-Token: "+l.token)
	}
	headers = append(headers, "Accept-Encoding: gzip")
	return l.send(t, method+" "+path, headers, text)
}

// TestEbustoSaltAPI sends the calls of ebusto/salt-api-go, whose path for chunks
// is two slashes.
func TestEbustoSaltAPI(t *testing.T) {
	eachTarget(t, func(t *testing.T, g target) {
		l := &goLibrary{wire{target: g}}
		a := l.call(t, "POST", "/login", map[string]any{"username": env.User, "password": env.User, "eauth": "pam"})
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		l.token = a.Header.Get("X-Auth-Token")

		run := func(t *testing.T, v any, chunk map[string]any) {
			t.Helper()
			a := l.call(t, "POST", "//", chunk)
			require.Equal(t, http.StatusOK, a.Status, a.Body)
			firstReturn(t, a.Body, v)
		}
		t.Run("local", func(t *testing.T) {
			var all map[string]any
			run(t, &all, map[string]any{"client": "local", "fun": "test.arg_clean", "tgt": "ms--0", "timeout": 10,
				"arg": []any{"a1", "a2"}, "kwarg": map[string]any{"k1": 1, "k2": false}})
			require.Equal(t, map[string]any{"args": []any{"a1", "a2"}, "kwargs": map[string]any{"k1": 1.0, "k2": false}}, all["ms--0"])
		})
		t.Run("batch", func(t *testing.T) {
			a := l.call(t, "POST", "//", map[string]any{"client": "local_batch", "batch": "2", "fun": "test.ping", "tgt": "*"})
			var answer struct{ Return []map[string]bool }
			decode(t, a, http.StatusOK, &answer)
			require.Len(t, answer.Return, len(minions))
		})
		t.Run("keys", func(t *testing.T) {
			var keys struct {
				Data struct{ Return map[string][]string }
			}
			run(t, &keys, map[string]any{"client": "wheel", "fun": "key.list", "match": "accepted"})
			require.ElementsMatch(t, minions, keys.Data.Return["minions"])
		})
		t.Run("an event", func(t *testing.T) {
			var sent bool
			run(t, &sent, map[string]any{"client": "runner", "fun": "event.send", "tag": "salt-api-go/test", "data": map[string]any{"test": true}})
			require.True(t, sent)
		})
		t.Run("jobs and minions", func(t *testing.T) {
			for _, path := range []string{"/jobs", "/minions", "/minions/ms--1"} {
				var all map[string]any
				a := l.call(t, "GET", path, nil)
				require.Equal(t, http.StatusOK, a.Status, "%s: %s", path, a.Body)
				firstReturn(t, a.Body, &all)
				require.NotEmpty(t, all, path)
			}
		})
		t.Run("logout", func(t *testing.T) {
			require.Equal(t, http.StatusOK, l.call(t, "POST", "/logout", nil).Status)
			require.Equal(t, http.StatusUnauthorized, l.call(t, "GET", "/minions", nil).Status)
		})
	})
}

// TestFinarfinNetapi sends the calls of finarfin/go-salt-netapi-client: lists,
// with the credentials and full_return in each chunk of /run.
func TestFinarfinNetapi(t *testing.T) {
	eachTarget(t, func(t *testing.T, g target) {
		l := &goLibrary{wire{target: g}}
		credentials := map[string]any{"username": sandbox.UserAll, "password": g.Secret(), "eauth": "sharedsecret"}
		with := func(chunk map[string]any) map[string]any {
			maps.Copy(chunk, credentials)
			return chunk
		}
		var in loggedIn
		decode(t, l.call(t, "POST", "/login", credentials), http.StatusOK, &in)
		require.Len(t, in.Return, 1)
		l.token = in.Return[0].Token
		require.Greater(t, in.Return[0].Expire, in.Return[0].Start)

		t.Run("run, local", func(t *testing.T) {
			var all map[string]fullReturn
			a := l.call(t, "POST", "/run", []any{with(map[string]any{"client": "local", "fun": "test.ping",
				"tgt": []any{"ms--0", "ms--2"}, "tgt_type": "list", "full_return": true})})
			require.Equal(t, http.StatusOK, a.Status, a.Body)
			firstReturn(t, a.Body, &all)
			require.Len(t, all, 2)
			require.Equal(t, true, all["ms--0"].Ret)
		})
		t.Run("run, runner", func(t *testing.T) {
			a := l.call(t, "POST", "/run", []any{with(map[string]any{"client": "runner", "fun": "manage.up", "full_return": true})})
			require.Equal(t, http.StatusOK, a.Status, a.Body)
			for _, id := range minions {
				require.Contains(t, a.Body, `"`+id+`"`)
			}
		})
		t.Run("run, wheel", func(t *testing.T) {
			a := l.call(t, "POST", "/run", []any{with(map[string]any{"client": "wheel", "fun": "key.list_all"})})
			var keys struct {
				Data struct{ Return map[string][]string }
			}
			require.Equal(t, http.StatusOK, a.Status, a.Body)
			firstReturn(t, a.Body, &keys)
			require.ElementsMatch(t, minions, keys.Data.Return["minions"])
		})
		t.Run("jobs", func(t *testing.T) {
			a := l.call(t, "POST", "/minions", []any{map[string]any{"tgt": "ms--1", "tgt_type": "glob", "fun": "test.arg",
				"args": []any{"one"}, "kwargs": map[string]any{"two": 2}}})
			var job jobStarted
			decode(t, a, http.StatusAccepted, &job)
			require.Len(t, job.Return, 1)
			found := awaitJob(t, func() env.Answer { return l.call(t, "GET", "/jobs/"+job.Return[0].JID, nil) })
			require.Equal(t, "test.arg", found.Info[0].Function)
			require.Equal(t, "glob", found.Info[0].TargetType)
			require.NotEmpty(t, found.Info[0].StartTime)
			require.Contains(t, found.Return[0], "ms--1")
		})
		t.Run("minions", func(t *testing.T) {
			// The path of all minions ends with a slash.
			for path, n := range map[string]int{"/minions/": len(minions), "/minions/ms--1": 1} {
				var all map[string]any
				a := l.call(t, "GET", path, nil)
				require.Equal(t, http.StatusOK, a.Status, a.Body)
				firstReturn(t, a.Body, &all)
				require.Len(t, all, n, path)
			}
		})
		t.Run("keys", func(t *testing.T) {
			var keys struct{ Return map[string][]string }
			decode(t, l.call(t, "GET", "/keys", nil), http.StatusOK, &keys)
			require.Equal(t, minions, keys.Return["minions"])
			var key struct {
				Return struct{ Minions map[string]string }
			}
			decode(t, l.call(t, "GET", "/keys/ms--1", nil), http.StatusOK, &key)
			require.NotEmpty(t, key.Return.Minions["ms--1"])

			a := l.call(t, "POST", "/keys", with(map[string]any{"mid": "finarfin", "keysize": 2048, "force": false}))
			require.Equal(t, http.StatusOK, a.Status, a.Body)
			require.Contains(t, a.Body, "minion.pub")
			require.Contains(t, a.Body, "-----BEGIN")
			a = l.call(t, "POST", "/run", []any{with(map[string]any{"client": "wheel", "fun": "key.delete", "match": "finarfin"})})
			require.Equal(t, http.StatusOK, a.Status, a.Body)
		})
		t.Run("hook", func(t *testing.T) {
			var fired struct{ Success bool }
			decode(t, l.call(t, "POST", "/hook/test", map[string]any{"n": 1}), http.StatusOK, &fired)
			require.True(t, fired.Success)
		})
		t.Run("stats", func(t *testing.T) {
			var stats map[string]map[string]any
			decode(t, l.call(t, "GET", "/stats", nil), http.StatusOK, &stats)
			require.True(t, strings.Contains(toJSON(t, stats), "Requests"), stats)
		})
		t.Run("logout", func(t *testing.T) {
			require.Equal(t, http.StatusOK, l.call(t, "POST", "/logout", nil).Status)
		})
	})
}
