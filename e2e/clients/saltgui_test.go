package clients

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// TestSaltGUIPage asks for the page and its files as a browser does, without
// any login.
func TestSaltGUIPage(t *testing.T) {
	eachTarget(t, func(t *testing.T, g target) {
		get := func(path, accept string) env.Answer {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.url+path, http.NoBody)
			require.NoError(t, err)
			req.Header.Set("Accept", accept)
			return do(t, req)
		}
		const navigation = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
		for _, path := range []string{"/", "/app", "/login", "/minions"} { // but for /app, also an endpoint
			a := get(path, navigation)
			require.Equal(t, http.StatusOK, a.Status, path)
			require.Contains(t, a.Header.Get("Content-Type"), "text/html")
			require.Contains(t, a.Body, "<title>the app</title>", path)
		}
		a := get("/", "application/json")
		require.Equal(t, http.StatusOK, a.Status)
		require.Contains(t, a.Body, `"return": "Welcome"`)

		for path, kind := range map[string]string{
			"/static/browser.js":    "javascript",
			"/static/style.css":     "text/css",
			"/static/salt-motd.txt": "text/plain",
		} {
			a := get(path, "*/*")
			require.Equal(t, http.StatusOK, a.Status, path)
			require.Contains(t, a.Header.Get("Content-Type"), kind, path)
		}
		// Files that an operator may add: without them SaltGUI shows less.
		gui := saltGUI{target: g}
		for _, name := range []string{"minions.txt", "salt-auth.txt", "salt-motd.html"} {
			a := gui.send(t, http.MethodGet, "/static/"+name, nil)
			require.Equal(t, http.StatusNotFound, a.Status, "%s: %s", name, a.Body)
		}
		for _, name := range []string{"../app.html", "%2e%2e/app.html"} {
			a := gui.send(t, http.MethodGet, "/static/"+name, nil)
			require.Contains(t, []int{http.StatusForbidden, http.StatusNotFound}, a.Status, a.Body)
		}
		a = gui.send(t, http.MethodGet, "/static/salt-motd.txt", nil)
		require.Equal(t, "hello\n", a.Body)
	})
}

// TestSaltGUILogin logs in: well, wrongly, and as a user who may do nothing.
func TestSaltGUILogin(t *testing.T) {
	eachTarget(t, func(t *testing.T, g target) {
		gui := saltGUI{target: g}
		for _, user := range []string{env.User, ""} {
			a := gui.send(t, http.MethodPost, "/login", map[string]any{"eauth": "pam", "password": "wrong", "username": user})
			require.Equal(t, http.StatusUnauthorized, a.Status, a.Body)
		}
		a := gui.send(t, http.MethodPost, "/", map[string]any{"client": "wheel", "fun": "key.list_all"})
		require.Equal(t, http.StatusUnauthorized, a.Status, a.Body)

		l := gui.login(t, env.User, env.User, "pam")
		require.JSONEq(t, `[".*", "@jobs", "@runner", "@wheel"]`, string(l.Perms))
		l = gui.login(t, env.Stranger, env.Stranger, "pam")
		require.Contains(t, []string{"{}", "[]"}, string(l.Perms), "SaltGUI shows: no permissions")
	})
}

// TestSaltGUICalls sends the requests of SaltGUI's pages, and reads the
// answers where it does.
func TestSaltGUICalls(t *testing.T) {
	eachTarget(t, func(t *testing.T, g target) {
		gui := saltGUI{target: g}
		gui.login(t, sandbox.UserAll, g.Secret(), "sharedsecret")
		everyone := func(client, fun string, more ...any) map[string]any {
			m := map[string]any{"client": client, "fun": fun, "tgt_type": "glob", "tgt": "*"}
			for i := 0; i < len(more); i += 2 {
				m[more[i].(string)] = more[i+1]
			}
			return m
		}

		for _, fun := range []string{"grains.items", "pillar.items", "pillar.obfuscate", "mine.valid"} {
			var all map[string]any
			gui.call(t, &all, everyone("local", fun))
			require.Len(t, all, len(minions), fun)
		}
		for _, fun := range []string{"beacons.list", "beacons.list_available", "schedule.list"} {
			var all map[string]any
			gui.call(t, &all, everyone("local", fun, "kwarg", map[string]any{"return_yaml": false}))
			require.Len(t, all, len(minions), fun)
			require.NotEqual(t, "string", fmt.Sprintf("%T", all["ms--1"]), "%s, not as YAML", fun)
		}
		var one map[string]map[string]any
		gui.call(t, &one, map[string]any{"client": "local", "fun": "grains.items", "tgt_type": "list", "tgt": "ms--1"})
		require.Len(t, one, 1)
		require.Equal(t, "ms--1", one["ms--1"]["id"])

		t.Run("runners", func(t *testing.T) {
			var grains map[string]map[string]any
			gui.call(t, &grains, map[string]any{"client": "runner", "fun": "cache.grains", "tgt": "*"})
			require.Contains(t, grains, "ms--0")
			var active map[string]any
			gui.call(t, &active, map[string]any{"client": "runner", "fun": "jobs.active"})
			var jobs map[string]struct {
				Function, User string
				Arguments      []any
				Target         any
				StartTime      string
			}
			gui.call(t, &jobs, map[string]any{"client": "runner", "fun": "jobs.list_jobs"})
			require.NotEmpty(t, jobs)
			for jid, job := range jobs {
				require.Len(t, jid, 20)
				require.NotEmpty(t, job.Function)
				require.NotEmpty(t, job.StartTime)
			}
			clear(jobs)
			gui.call(t, &jobs, map[string]any{"client": "runner", "fun": "jobs.list_jobs", "search_function": "grains.items"})
			require.NotEmpty(t, jobs)
			jid := ""
			for jid = range jobs {
				require.Equal(t, "grains.items", jobs[jid].Function)
			}
			var job struct {
				Function string `json:"Function"`
				Result   map[string]struct {
					Return  map[string]any
					Success bool
				}
			}
			gui.call(t, &job, map[string]any{"client": "runner", "fun": "jobs.list_job", "jid": jid})
			require.Equal(t, "grains.items", job.Function)
			require.NotEmpty(t, job.Result)
			for _, result := range job.Result {
				require.NotEmpty(t, result.Return["os"])
			}
			var versions map[string]any
			gui.call(t, &versions, map[string]any{"client": "runner", "fun": "manage.versions"})
			require.Contains(t, versions, "Master")
		})

		t.Run("wheels", func(t *testing.T) {
			// SaltGUI reads return[0].data.return.
			var keys struct {
				Data struct{ Return map[string][]string }
			}
			gui.call(t, &keys, map[string]any{"client": "wheel", "fun": "key.list_all"})
			require.ElementsMatch(t, minions, keys.Data.Return["minions"])
			var fingers struct {
				Data struct{ Return map[string]map[string]string }
			}
			gui.call(t, &fingers, map[string]any{"client": "wheel", "fun": "key.finger", "match": "*"})
			require.Len(t, fingers.Data.Return["minions"], len(minions))
			var connected struct{ Data struct{ Return []string } }
			gui.call(t, &connected, map[string]any{"client": "wheel", "fun": "minions.connected"})
			var values struct {
				Data struct{ Return map[string]any }
			}
			gui.call(t, &values, map[string]any{"client": "wheel", "fun": "config.values"})
			require.Contains(t, values.Data.Return, "external_auth")
		})

		t.Run("stats", func(t *testing.T) {
			for range 2 { // the first answer may be about no request
				a := gui.send(t, http.MethodGet, "/stats", nil)
				require.Equal(t, http.StatusOK, a.Status, a.Body)
				var stats map[string]map[string]any
				require.NoError(t, json.Unmarshal([]byte(a.Body), &stats), a.Body)
			}
		})
	})
}
