package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// TestOptions has the options of the master's file that a gateway obeys, each
// in a gateway of its own before one master.
func TestOptions(t *testing.T) {
	eachRelease(t, func(t *testing.T, r *env.Env) {
		for name, o := range map[string]struct {
			more env.More
			test func(t *testing.T, g *env.Env)
		}{
			"places":                    {placesMore(t), placesTest},
			"sessions off":              {env.More{CherryPy: map[string]any{"enable_sessions": false}}, sessionsOff},
			"api_acl":                   {apiACLMore(), apiACLTest},
			"api_acl without users":     {env.More{CherryPy: map[string]any{"api_acl": map[string]any{"users": nil}}}, nobodyLogsIn},
			"authorized_ips of others":  {env.More{CherryPy: map[string]any{"authorized_ips": []string{"192.0.2.1"}}}, badIP},
			"authorized_ips":            {env.More{CherryPy: map[string]any{"authorized_ips": []string{"192.0.2.1", "127.0.0.1"}}}, goodIP},
			"stats for anybody":         {env.More{CherryPy: map[string]any{"collect_stats": true, "stats_disable_auth": true}}, openStats},
			"events_acl":                {eventsACLMore(), eventsACLTest},
			"disable_ssl":               {env.More{CherryPy: map[string]any{"disable_ssl": true}}, plainHTTP},
			"no effect":                 {noEffectMore(), noEffectTest},
			"token_expire":              {env.More{Master: map[string]any{"token_expire": 600}}, tokenExpire(600)},
			"token_expire by the user":  {tokenExpireMore(), tokenExpireTest},
			"rest_timeout":              {env.More{Master: map[string]any{"rest_timeout": 1}}, restTimeout},
			"external_auth of a module": {env.More{Master: map[string]any{"external_auth": pamOnly()}}, otherModule},
		} {
			t.Run(name, func(t *testing.T) { o.test(t, anotherGateway(t, r, o.more)) })
		}
	})
}

// loginAs logs in over sharedsecret.
func loginAs(t *testing.T, g *env.Env, user, more string) env.Answer {
	t.Helper()
	return ask(t, g, g.Main, asked{path: "login", body: fmt.Sprintf(
		`{"eauth": "sharedsecret", "username": %q, "password": %q%s}`, user, g.Secret(), more)})
}

func get(t *testing.T, g *env.Env, path, token string) env.Answer {
	t.Helper()
	return sessionRequest(t, g, token, http.MethodGet, path, "")
}

func placesMore(t *testing.T) env.More {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"a.css": "a {}", "page.html": "<p>", "icon.ico": "icon"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return env.More{CherryPy: map[string]any{
		"root_prefix": "/salt/api", "webhook_url": "/in/coming", "webhook_disable_auth": true,
		"static": dir, "static_path": "/files", "app": filepath.Join(dir, "page.html"), "app_path": "/ui",
		"favicon": filepath.Join(dir, "icon.ico"),
	}}
}

// placesTest asks for everything where the options say that it is, and where
// it is without them.
func placesTest(t *testing.T, g *env.Env) {
	for path, body := range map[string]string{
		"/salt/api": textWelcome, "/salt/api/": textWelcome, "/salt/api/files/a.css": "a {}", "/salt/api/ui": "<p>",
		"/salt/api/favicon.ico": "icon",
	} {
		a := get(t, g, path, "")
		require.Equal(t, http.StatusOK, a.Status, "%s: %s", path, a.Body)
		require.Equal(t, body, a.Body, path)
	}
	for _, path := range []string{"/", "/login", "/files/a.css", "/ui", "/salt", "/salt/apix", "/salt/api/static/a.css", "/salt/api/app"} {
		require.Equal(t, http.StatusNotFound, get(t, g, path, "").Status, path)
	}
	a := ask(t, g, g.Main, asked{path: "salt/api/run", body: env.Chunk(env.User, goodPing)})
	require.Equal(t, goodPingAnswer, a.Body)
	require.Equal(t, http.StatusNotFound, ask(t, g, g.Main, asked{path: "run", body: env.Chunk(env.User, goodPing)}).Status)

	// The hook has another name and takes anybody; the tag is the same.
	w := newWitness(t, g)
	for path, tag := range map[string]string{"salt/api/in/coming": "", "salt/api/in/coming/a/b": "/a/b"} {
		a := ask(t, g, g.Main, asked{path: path, body: `{"x": "` + tag + `!"}`})
		require.Equal(t, http.StatusOK, a.Status, "%s: %s", path, a.Body)
		found := false
		for _, e := range w.seen(t) {
			found = found || e.tag == "salt/netapi/hook"+tag && strings.Contains(e.data, tag+"!")
		}
		require.True(t, found, path)
	}
	require.Equal(t, http.StatusNotFound, ask(t, g, g.Main, asked{path: "salt/api/hook", body: `{}`}).Status)
	require.Equal(t, http.StatusUnauthorized, get(t, g, "/salt/api/stats", "").Status)
}

func sessionsOff(t *testing.T, g *env.Env) {
	for _, path := range []string{"/login", "/logout", "/minions", "/minions/ms--0", "/jobs", "/jobs/20240101010101010101"} {
		require.Equal(t, http.StatusNotFound, get(t, g, path, "").Status, path)
		require.Equal(t, http.StatusNotFound, ask(t, g, g.Main, asked{path: path[1:], body: "{}"}).Status, path)
	}
	a := ask(t, g, g.Main, asked{path: "run", body: env.Chunk(env.User, goodPing)})
	require.Equal(t, goodPingAnswer, a.Body)
}

func apiACLMore() env.More {
	return env.More{CherryPy: map[string]any{"api_acl": map[string]any{"users": map[string]any{
		sandbox.UserAll: []string{"192.0.2.0/24", "127.0.0.1"}, sandbox.UserTestOnly: []string{"192.0.2.1"},
		env.User: []string{"*"},
	}}}}
}

func apiACLTest(t *testing.T, g *env.Env) {
	require.Equal(t, http.StatusOK, loginAs(t, g, sandbox.UserAll, "").Status)
	a := loginAs(t, g, sandbox.UserTestOnly, "")
	require.Equal(t, http.StatusUnauthorized, a.Status, a.Body)
	require.Contains(t, a.Body, "No permission -- see authorization schemes")
	require.NotEmpty(t, openSession(t, g, env.User), "from anywhere")
	a = ask(t, g, g.Main, asked{path: "login", body: `{"eauth": "pam", "username": "stranger", "password": "stranger"}`})
	require.Equal(t, http.StatusUnauthorized, a.Status, "who is not listed: %s", a.Body)
}

func nobodyLogsIn(t *testing.T, g *env.Env) {
	require.Equal(t, http.StatusUnauthorized, loginAs(t, g, sandbox.UserAll, "").Status)
	a := ask(t, g, g.Main, asked{path: "run", body: env.Chunk(env.User, goodPing)})
	require.Equal(t, http.StatusOK, a.Status, "it is only asked at a login: %s", a.Body)
}

func badIP(t *testing.T, g *env.Env) {
	for _, path := range []string{"/", "/run", "/events", "/app", "/nope", "/openapi.yaml"} {
		a := get(t, g, path, "")
		require.Equal(t, http.StatusForbidden, a.Status, path)
		require.Equal(t, refused("main", http.StatusForbidden, "Bad IP"), a.Body)
	}
	// Nobody is believed who says where from it comes.
	a := ask(t, g, g.Main, asked{path: "run", body: env.Chunk(env.User, goodPing), header: map[string]string{
		"X-Forwarded-For": "192.0.2.1", "X-Real-Ip": "192.0.2.1", "Remote-Addr": "192.0.2.1", "Forwarded": "for=192.0.2.1",
	}})
	require.Equal(t, http.StatusForbidden, a.Status, a.Body)
	require.Equal(t, http.StatusOK, post(t, g, env.Chunk(env.User, goodPing)).Status, "rest_wsgi has no such option")
}

func goodIP(t *testing.T, g *env.Env) {
	require.Equal(t, textWelcome, get(t, g, "/", "").Body)
}

func openStats(t *testing.T, g *env.Env) {
	a := get(t, g, "/stats", "")
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	var stats map[string]map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.Body), &stats))
	require.Contains(t, stats["CherryPy Applications"], "Uptime")
}

func eventsACLMore() env.More {
	return env.More{Settings: "events_acl:\n" +
		"  - {users: " + sandbox.UserAll + ", eauth: sharedsecret, tags: '*'}\n" +
		"  - {users: [salt*], tags: [saltern/e2e/seen/*]}\n"}
}

// eventsACLTest fires an event that not everybody sees and one that all do, on
// all kinds of streams.
func eventsACLTest(t *testing.T, g *env.Env) {
	w := newWitness(t, g)
	all := followEvents(t, g, loginAs(t, g, sandbox.UserAll, "").Header.Get("X-Auth-Token"), "")
	session := loginAs(t, g, sandbox.UserTestOnly, "").Header.Get("X-Auth-Token")
	some, asked := followEvents(t, g, session, ""), followEvents(t, g, session, "?tag=*")
	socket := openSocket(t, g, "/ws/"+session)
	socket.ready(t)
	require.Equal(t, "server received message", socket.until(t, "", func() {}))
	w.fire(t, "saltern/e2e/hidden", `{"a": 1}`)
	w.fire(t, "saltern/e2e/seen/1", `{"b": 2}`)
	all.until("tag: saltern/e2e/hidden\n")
	all.until("tag: saltern/e2e/seen/1\n")
	for _, stream := range []*eventBlocks{some, asked} {
		require.Contains(t, stream.until("tag: "), "tag: saltern/e2e/seen/1\n", "it is the first that they see")
	}
	require.Contains(t, socket.until(t, "", func() {}), `"tag": "saltern/e2e/seen/1"`)
}

func plainHTTP(t *testing.T, g *env.Env) {
	require.True(t, strings.HasPrefix(g.Main, "http:"))
	a := loginAs(t, g, sandbox.UserAll, "")
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	require.NotContains(t, a.Header.Get("Set-Cookie"), "Secure", "a browser would not send it")
	require.NoFileExists(t, g.Certificate())
}

func noEffectMore() env.More {
	return env.More{CherryPy: map[string]any{
		"thread_pool": 5, "queue_size": 7, "socket_queue_size": 7, "expire_responses": false, "debug": true,
		"log_access_file": "/nonexistent/access", "log_error_file": "/nonexistent/error", "no_such_option": 1,
	}}
}

// noEffectTest looks for a warning about each option that changes nothing.
func noEffectTest(t *testing.T, g *env.Env) {
	for option := range noEffectMore().CherryPy {
		require.Regexp(t, `"level":"WARN","msg":"configuration","warning":"[^"]*rest_cherrypy\.`+option+`: `, g.Log())
	}
	require.Regexp(t, `"warning":"[^"]*: api_logfile: has no effect`, g.Log())
	a := ask(t, g, g.Main, asked{path: "run", body: env.Chunk(env.User, `"client": "runner", "fun": "no.such"`)})
	require.NotContains(t, a.Body, "Traceback", "whatever debug says")
}

// tokenExpire logs in over PAM, which is where the gateway makes the token.
func tokenExpire(seconds float64) func(t *testing.T, g *env.Env) {
	return func(t *testing.T, g *env.Env) {
		a := ask(t, g, g.Main, asked{path: "login", body: fmt.Sprintf(`{"eauth": "pam", "username": %q, "password": %q}`, env.User, env.User)})
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		require.InDelta(t, seconds, lifeOf(t, a), 1)
	}
}

// lifeOf is how long a login is good for.
func lifeOf(t *testing.T, a env.Answer) float64 {
	t.Helper()
	var login struct {
		Return []struct{ Start, Expire float64 }
	}
	require.NoError(t, json.Unmarshal([]byte(a.Body), &login), a.Body)
	require.Len(t, login.Return, 1)
	return login.Return[0].Expire - login.Return[0].Start
}

func tokenExpireMore() env.More {
	return env.More{Master: map[string]any{"token_expire_user_override": map[string]any{"pam": []string{env.User}}}}
}

// tokenExpireTest has users choose, one of whom may.
func tokenExpireTest(t *testing.T, g *env.Env) {
	for user, life := range map[string]float64{env.User: 60, env.ReadOnly: 43200} {
		a := ask(t, g, g.Main, asked{path: "login", body: fmt.Sprintf(
			`{"eauth": "pam", "username": %q, "password": %q, "token_expire": 60}`, user, user)})
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		require.InDelta(t, life, lifeOf(t, a), 1, user)
	}
}

func restTimeout(t *testing.T, g *env.Env) {
	a := ask(t, g, g.Main, asked{path: "run", body: env.Chunk(env.User, `"client": "runner", "fun": "test.sleep", "arg": [10]`)})
	require.Equal(t, http.StatusGatewayTimeout, a.Status, a.Body)
	began := time.Now()
	a = ask(t, g, g.Main, asked{path: "run", body: env.Chunk(env.User, `"client": "runner", "fun": "test.sleep", "arg": [3], "timeout": 60`)})
	require.Equal(t, http.StatusOK, a.Status, "the chunk's own goes before it: %s, after %s", a.Body, time.Since(began))
}

func pamOnly() map[string]any {
	return map[string]any{"pam": map[string]any{env.User: []string{".*"}}}
}

// otherModule has a gateway that is told of pam alone.
func otherModule(t *testing.T, g *env.Env) {
	require.Equal(t, http.StatusUnauthorized, loginAs(t, g, sandbox.UserAll, "").Status)
	require.Equal(t, http.StatusOK, post(t, g, env.Chunk(env.User, goodPing)).Status)
}
