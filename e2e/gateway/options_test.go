package gateway

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
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// TestOptions has the options of the master's file that a gateway obeys, each
// in a gateway of its own.
func TestOptions(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]struct {
		more options
		test func(t *testing.T, g *running)
	}{
		"places":                    {placesMore(t), placesTest},
		"sessions off":              {options{cherrypy: map[string]any{"enable_sessions": false}}, sessionsOff},
		"api_acl":                   {apiACLMore(), apiACLTest},
		"api_acl without users":     {options{cherrypy: map[string]any{"api_acl": map[string]any{"users": nil}}}, nobodyLogsIn},
		"authorized_ips of others":  {options{cherrypy: map[string]any{"authorized_ips": []string{"192.0.2.1"}}}, badIP},
		"authorized_ips":            {options{cherrypy: map[string]any{"authorized_ips": []string{"192.0.2.1", "127.0.0.1"}}}, goodIP},
		"stats for anybody":         {options{cherrypy: map[string]any{"collect_stats": true, "stats_disable_auth": true}}, openStats},
		"events_acl":                {eventsACLMore(), eventsACLTest},
		"disable_ssl":               {options{cherrypy: map[string]any{"disable_ssl": true}}, plainHTTP},
		"no effect":                 {noEffectMore(), noEffectTest},
		"token_expire":              {options{master: map[string]any{"token_expire": 600}}, tokenExpire(600)},
		"token_expire by the user":  {tokenExpireMore(), tokenExpireTest},
		"rest_timeout":              {options{master: map[string]any{"rest_timeout": 1}}, restTimeout},
		"external_auth of a module": {options{master: map[string]any{"external_auth": pamOnly()}}, otherModule},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o.test(t, start(t, o.more))
		})
	}
}

func placesMore(t *testing.T) options {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"a.css": "a {}", "page.html": "<p>", "icon.ico": "icon"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return options{cherrypy: map[string]any{
		"root_prefix": "/salt/api", "webhook_url": "/in/coming", "webhook_disable_auth": true,
		"static": dir, "static_path": "/files", "app": filepath.Join(dir, "page.html"), "app_path": "/ui",
		"favicon": filepath.Join(dir, "icon.ico"),
	}}
}

// placesTest asks for everything where the options say that it is, and where
// it is without them.
func placesTest(t *testing.T, g *running) {
	for path, body := range map[string]string{
		"/salt/api": envtest.TextWelcome, "/salt/api/": envtest.TextWelcome, "/salt/api/files/a.css": "a {}", "/salt/api/ui": "<p>",
		"/salt/api/favicon.ico": "icon",
	} {
		a := g.get(t, path, "")
		require.Equal(t, http.StatusOK, a.Status, "%s: %s", path, a.Body)
		require.Equal(t, body, a.Body, path)
	}
	for _, path := range []string{"/", "/login", "/files/a.css", "/ui", "/salt", "/salt/apix", "/salt/api/static/a.css", "/salt/api/app"} {
		require.Equal(t, http.StatusNotFound, g.get(t, path, "").Status, path)
	}
	a := g.ask(t, g.Main, envtest.Request{Path: "salt/api/run", Body: env.Chunk(env.User, envtest.GoodPing)})
	require.Equal(t, envtest.GoodPingAnswer, a.Body)
	require.Equal(t, http.StatusNotFound, g.ask(t, g.Main, envtest.Request{Path: "run", Body: env.Chunk(env.User, envtest.GoodPing)}).Status)

	// The hook has another name and takes anybody; the tag is the same.
	below := env.Served(g.dir, g.WSGI, g.Main+"/salt/api", g.Admin)
	events := envtest.FollowEvents(t, below, envtest.Login(t, below, env.User), "?tag=salt/netapi/hook*")
	for path, tag := range map[string]string{"salt/api/in/coming": "", "salt/api/in/coming/a/b": "/a/b"} {
		a := g.ask(t, g.Main, envtest.Request{Path: path, Body: `{"x": "` + tag + `!"}`})
		require.Equal(t, http.StatusOK, a.Status, "%s: %s", path, a.Body)
		require.Contains(t, events.Until("tag: salt/netapi/hook"+tag+"\n"), tag+"!", path)
	}
	require.Equal(t, http.StatusNotFound, g.ask(t, g.Main, envtest.Request{Path: "salt/api/hook", Body: `{}`}).Status)
	require.Equal(t, http.StatusUnauthorized, g.get(t, "/salt/api/stats", "").Status)
}

func sessionsOff(t *testing.T, g *running) {
	for _, path := range []string{"/login", "/logout", "/minions", "/minions/ms--0", "/jobs", "/jobs/20240101010101010101"} {
		require.Equal(t, http.StatusNotFound, g.get(t, path, "").Status, path)
		require.Equal(t, http.StatusNotFound, g.ask(t, g.Main, envtest.Request{Path: path[1:], Body: "{}"}).Status, path)
	}
	a := g.ask(t, g.Main, envtest.Request{Path: "run", Body: env.Chunk(env.User, envtest.GoodPing)})
	require.Equal(t, envtest.GoodPingAnswer, a.Body)
}

func apiACLMore() options {
	return options{cherrypy: map[string]any{"api_acl": map[string]any{"users": map[string]any{
		sandbox.UserAll: []string{"192.0.2.0/24", "127.0.0.1"}, sandbox.UserTestOnly: []string{"192.0.2.1"},
		env.User: []string{"*"},
	}}}}
}

func apiACLTest(t *testing.T, g *running) {
	require.Equal(t, http.StatusOK, g.login(t, sandbox.UserAll).Status)
	a := g.login(t, sandbox.UserTestOnly)
	require.Equal(t, http.StatusUnauthorized, a.Status, a.Body)
	require.Contains(t, a.Body, "No permission -- see authorization schemes")
	require.NotEmpty(t, envtest.Login(t, g.Env, env.User), "from anywhere")
	a = g.ask(t, g.Main, envtest.Request{Path: "login", Body: `{"eauth": "pam", "username": "stranger", "password": "stranger"}`})
	require.Equal(t, http.StatusUnauthorized, a.Status, "who is not listed: %s", a.Body)
}

func nobodyLogsIn(t *testing.T, g *running) {
	require.Equal(t, http.StatusUnauthorized, g.login(t, sandbox.UserAll).Status)
	a := g.ask(t, g.Main, envtest.Request{Path: "run", Body: env.Chunk(env.User, envtest.GoodPing)})
	require.Equal(t, http.StatusOK, a.Status, "it is only asked at a login: %s", a.Body)
}

func badIP(t *testing.T, g *running) {
	for _, path := range []string{"/", "/run", "/events", "/app", "/nope", "/openapi.yaml"} {
		a := g.get(t, path, "")
		require.Equal(t, http.StatusForbidden, a.Status, path)
		require.Equal(t, envtest.ErrorBody("main", http.StatusForbidden, "Bad IP"), a.Body)
	}
	// Nobody is believed who says where from it comes.
	a := g.ask(t, g.Main, envtest.Request{Path: "run", Body: env.Chunk(env.User, envtest.GoodPing), Header: map[string]string{
		"X-Forwarded-For": "192.0.2.1", "X-Real-Ip": "192.0.2.1", "Remote-Addr": "192.0.2.1", "Forwarded": "for=192.0.2.1",
	}})
	require.Equal(t, http.StatusForbidden, a.Status, a.Body)
	require.Equal(t, http.StatusOK, g.post(t, env.Chunk(env.User, envtest.GoodPing)).Status, "rest_wsgi has no such option")
}

func goodIP(t *testing.T, g *running) {
	require.Equal(t, envtest.TextWelcome, g.get(t, "/", "").Body)
}

func openStats(t *testing.T, g *running) {
	a := g.get(t, "/stats", "")
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	var stats map[string]map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.Body), &stats))
	require.Contains(t, stats["CherryPy Applications"], "Uptime")
}

func eventsACLMore() options {
	return options{settings: "events_acl:\n" +
		"  - {users: " + sandbox.UserAll + ", eauth: sharedsecret, tags: '*'}\n" +
		"  - {users: [salt*], tags: [saltern/e2e/seen/*]}\n"}
}

// eventsACLTest fires an event that not everybody sees and one that all do, on
// all kinds of streams.
func eventsACLTest(t *testing.T, g *running) {
	all := envtest.FollowEvents(t, g.Env, g.login(t, sandbox.UserAll).Header.Get("X-Auth-Token"), "")
	session := g.login(t, sandbox.UserTestOnly).Header.Get("X-Auth-Token")
	some, asked := envtest.FollowEvents(t, g.Env, session, ""), envtest.FollowEvents(t, g.Env, session, "?tag=*")
	socket := envtest.OpenSocket(t, g.Env, "/ws/"+session)
	socket.Ready(t)
	require.Equal(t, "server received message", socket.Until(t, "", func() {}))
	g.Fire("saltern/e2e/hidden", mastertest.JSON(`{"a": 1}`))
	g.Fire("saltern/e2e/seen/1", mastertest.JSON(`{"b": 2}`))
	all.Until("tag: saltern/e2e/hidden\n")
	all.Until("tag: saltern/e2e/seen/1\n")
	for _, stream := range []*envtest.EventBlocks{some, asked} {
		require.Contains(t, stream.Until("tag: "), "tag: saltern/e2e/seen/1\n", "it is the first that they see")
	}
	require.Contains(t, socket.Until(t, "", func() {}), `"tag": "saltern/e2e/seen/1"`)
}

func plainHTTP(t *testing.T, g *running) {
	require.True(t, strings.HasPrefix(g.Main, "http:"))
	a := g.login(t, sandbox.UserAll)
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	require.NotContains(t, a.Header.Get("Set-Cookie"), "Secure", "a browser would not send it")
	require.NoFileExists(t, g.Certificate())
}

func noEffectMore() options {
	return options{master: map[string]any{"api_logfile": "/nonexistent/api"}, cherrypy: map[string]any{
		"thread_pool": 5, "queue_size": 7, "socket_queue_size": 7, "expire_responses": false, "debug": true,
		"log_access_file": "/nonexistent/access", "log_error_file": "/nonexistent/error", "no_such_option": 1,
	}}
}

// noEffectTest looks for a warning about each option that changes nothing.
func noEffectTest(t *testing.T, g *running) {
	warnings := strings.Join(g.config.Warnings(), "\n")
	for option := range noEffectMore().cherrypy {
		require.Regexp(t, `rest_cherrypy\.`+option+`: `, warnings)
	}
	require.Contains(t, warnings, ": api_logfile: has no effect")
	a := g.ask(t, g.Main, envtest.Request{Path: "run", Body: env.Chunk(env.User, `"client": "runner", "fun": "no.such"`)})
	require.NotContains(t, a.Body, "Traceback", "whatever debug says")
}

// tokenExpire logs in over PAM, which is where the gateway makes the token.
func tokenExpire(seconds float64) func(t *testing.T, g *running) {
	return func(t *testing.T, g *running) {
		a := g.ask(t, g.Main, envtest.Request{Path: "login", Body: fmt.Sprintf(`{"eauth": "pam", "username": %q, "password": %q}`, env.User, env.User)})
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

func tokenExpireMore() options {
	return options{master: map[string]any{"token_expire_user_override": map[string]any{"pam": []string{env.User}}}}
}

// tokenExpireTest has users choose, one of whom may.
func tokenExpireTest(t *testing.T, g *running) {
	for user, life := range map[string]float64{env.User: 60, env.ReadOnly: 43200} {
		a := g.ask(t, g.Main, envtest.Request{Path: "login", Body: fmt.Sprintf(
			`{"eauth": "pam", "username": %q, "password": %q, "token_expire": 60}`, user, user)})
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		require.InDelta(t, life, lifeOf(t, a), 1, user)
	}
}

func restTimeout(t *testing.T, g *running) {
	a := g.ask(t, g.Main, envtest.Request{Path: "run", Body: env.Chunk(env.User, `"client": "runner", "fun": "test.sleep", "arg": [10]`)})
	require.Equal(t, http.StatusGatewayTimeout, a.Status, a.Body)
	began := time.Now()
	a = g.ask(t, g.Main, envtest.Request{Path: "run", Body: env.Chunk(env.User, `"client": "runner", "fun": "test.sleep", "arg": [3], "timeout": 60`)})
	require.Equal(t, http.StatusOK, a.Status, "the chunk's own goes before it: %s, after %s", a.Body, time.Since(began))
}

func pamOnly() map[string]any {
	return map[string]any{"pam": map[string]any{env.User: []string{".*"}}}
}

// otherModule has a gateway that is told of pam alone.
func otherModule(t *testing.T, g *running) {
	require.Equal(t, http.StatusUnauthorized, g.login(t, sandbox.UserAll).Status)
	require.Equal(t, http.StatusOK, g.post(t, env.Chunk(env.User, envtest.GoodPing)).Status)
}
