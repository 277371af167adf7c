package security

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// notCredentials are credentials, in a chunk, that nobody has.
func (a *attacked) notCredentials() map[string]string {
	right := fmt.Sprintf(`"username": %q, "password": %q`, sandbox.UserAll, a.Secret())
	return map[string]string{
		"none":                `"x": "y"`,
		"only a user":         right,
		"eauth empty":         `"eauth": "", ` + right,
		"eauth unknown":       `"eauth": "xx", ` + right,
		"password of another": `"eauth": "pam", ` + right,
		"eauth null":          `"eauth": null, ` + right,
		"password wrong":      fmt.Sprintf(`"eauth": "sharedsecret", "username": %q, "password": "wrong"`, sandbox.UserAll),
		"password missing":    fmt.Sprintf(`"eauth": "sharedsecret", "username": %q`, sandbox.UserAll),
		"pam password wrong":  `"eauth": "pam", "username": "saltdev", "password": "wrong"`,
		"token empty":         `"token": ""`,
		"token null":          `"token": null`,
		"token false":         `"token": false`,
		"token a list":        `"token": ["` + a.token + `", "` + a.token + `"]`,
		"token unknown":       `"token": "` + envtest.Hex64 + `"`,
		"token of a session":  `"token": "` + a.session + `"`,
		"token before eauth":  `"token": "` + envtest.Hex64 + `", ` + a.sharedsecret(sandbox.UserAll),
	}
}

// refusedEach sends a chunk of each client with each of the credentials through
// each entrance. Passwords take their time, so each client and each entrance
// sees them once only.
func (a *attacked) refusedEach(t *testing.T, clients []string, credentials map[string]string) {
	t.Helper()
	var qs []envtest.Aimed
	for i, name := range sorted(a.entrances()) {
		for j, client := range clients {
			for what, creds := range credentials {
				if !strings.Contains(what, "password") || i%len(clients) == j {
					qs = append(qs, a.entrances()[name].request(t, creds+", "+a.command(client)))
				}
			}
		}
	}
	a.requireRefused(t, qs)
}

func (a *attacked) badCredentials(t *testing.T) {
	a.refusedEach(t, envtest.AllClients, a.notCredentials())
	// A session that is none does not help chunks that have nothing.
	for _, path := range []string{"/", "/run", "/jobs", "/minions"} {
		for _, client := range envtest.AllClients {
			for _, token := range []string{envtest.Hex64, envtest.Hex64[:40], "0", a.session + "0"} {
				answer := a.with(t, token, http.MethodPost, path, "[{"+a.command(client)+"}]")
				require.Equal(t, http.StatusUnauthorized, answer.Status, "%s %s: %s", path, client, answer.Body)
			}
		}
	}
}

func (a *attacked) badWheelAsync(t *testing.T) {
	creds := a.notCredentials()
	creds["no right"] = a.sharedsecret(sandbox.UserTestOnly)
	var qs []envtest.Aimed
	for _, c := range creds {
		for _, q := range a.through(t, c+", "+a.command("wheel_async")) {
			if q.Path != "minions" {
				qs = append(qs, q)
			}
		}
	}
	a.requireRefused(t, qs)
	answer := a.with(t, a.limited, http.MethodPost, "/", "[{"+a.command("wheel_async")+"}]")
	require.Equal(t, http.StatusUnauthorized, answer.Status, answer.Body)
}

// batches asks for what takes several jobs: those that come before may be
// allowed, the function itself must not run.
func (a *attacked) batches(t *testing.T) {
	a.refusedEach(t, []string{"local_batch", "local_subset"}, a.notCredentials())
	a.RequireIdle(t)
	a.refusedEach(t, []string{"local_batch", "local_subset"}, map[string]string{"no right": a.sharedsecret(sandbox.UserTestOnly)})
	for _, e := range a.Seen(t) {
		if strings.HasSuffix(e.Tag, "/new") {
			require.NotContains(t, e.Data, "cmd.run")
		}
	}
}

// routes are all that there are, and those that do not exist for us.
var routes = []struct {
	method, path, body string
	status             int // without credentials
}{
	{"GET", "/", "", 200}, {"HEAD", "/", "", 200}, {"GET", "/run", "", 200}, {"GET", "/token", "", 200},
	{"GET", "/login", "", 200}, {"GET", "/openapi.yaml", "", 200},
	{"GET", "/minions", "", 401}, {"GET", "/minions/ms--0", "", 401}, {"GET", "/jobs", "", 401},
	{"GET", "/jobs/20240101010101010101", "", 401}, {"GET", "/keys", "", 401}, {"GET", "/keys/ms--0", "", 401},
	{"GET", "/stats", "", 401}, {"GET", "/events", "", 401}, {"GET", "/events?tag=*", "", 401},
	{"POST", "/", `[{"client": "local", "tgt": "*", "fun": "test.ping"}]`, 401},
	{"POST", "/run", `[{"client": "local", "tgt": "*", "fun": "test.ping"}]`, 401},
	{"POST", "/jobs", `[{"client": "local", "tgt": "*", "fun": "test.ping"}]`, 401},
	{"POST", "/minions", `[{"tgt": "*", "fun": "test.ping"}]`, 401},
	{"POST", "/keys", `{"mid": "evil"}`, 401}, {"POST", "/hook", `{}`, 401}, {"POST", "/hook/a", `{}`, 401},
	{"POST", "/login", `{}`, 401}, {"POST", "/login", `{"username": "bench", "eauth": "sharedsecret"}`, 401},
	{"POST", "/token", `{"username": "bench", "password": "", "eauth": "sharedsecret"}`, 401},
	{"POST", "/logout", "", 401},
	{"GET", "/ws", "", 401}, {"GET", "/ws/" + envtest.Hex64, "", 401}, {"GET", "/all_events/" + envtest.Hex64, "", 401},
	{"GET", "/formatted_events/" + envtest.Hex64, "", 401},
	{"POST", "/events", "", 405}, {"POST", "/stats", "", 405}, {"GET", "/hook", "", 405}, {"GET", "/logout", "", 405},
	{"DELETE", "/keys/ms--0", "", 405}, {"PUT", "/minions", "", 405},
	{"GET", "/app", "", 404}, {"GET", "/static/index.html", "", 404}, {"GET", "/metrics", "", 404},
	{"POST", "/minions/ms--0", "{}", 405}, {"POST", "/nope", "{}", 404},
}

func (a *attacked) unauthenticated(t *testing.T) {
	upgrade := map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket",
		"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
	}
	client := &http.Client{Transport: insecureHTTP1()} // websockets need HTTP/1.1
	defer client.CloseIdleConnections()
	for _, route := range routes {
		req, err := http.NewRequestWithContext(t.Context(), route.method, a.Main+route.path, strings.NewReader(route.body))
		require.NoError(t, err)
		if route.body != "" {
			req.Header.Set("Content-Type", envtest.JSON)
		}
		if strings.Contains(route.path, "/ws") || strings.Contains(route.path, "_events/") {
			for name, value := range upgrade {
				req.Header.Set(name, value)
			}
		}
		resp, err := client.Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, route.status, resp.StatusCode, "%s %s: %s", route.method, route.path, body)
		require.NotContains(t, string(body), a.Secret())
		require.Empty(t, resp.Header.Get("Set-Cookie"), route.path)
		require.Empty(t, resp.Header.Get("X-Auth-Token"), route.path)
	}
}

// chosenPAMService offers a service that lets everybody in.
func (a *attacked) chosenPAMService(t *testing.T) {
	open := filepath.Join(a.PAMDir(), "open")
	require.NoError(t, os.WriteFile(open, []byte("auth required pam_permit.so\naccount required pam_permit.so\n"), 0o600))
	t.Cleanup(func() { require.NoError(t, os.Remove(open)) })
	creds := func(password string) string {
		return fmt.Sprintf(`"eauth": "pam", "username": %q, "password": %q, "service": "open", "auth.pam.service": "open", `+
			`"pam_service": "open"`, env.User, password)
	}
	for _, path := range []string{"login", "token"} {
		answer := envtest.Send(t, a.Env, a.Main, envtest.Request{Path: path, Body: "{" + creds("wrong") + "}"})
		require.Equal(t, http.StatusUnauthorized, answer.Status, answer.Body)
		answer = envtest.Send(t, a.Env, a.Main, envtest.Request{Path: path, Body: "{" + creds(env.User) + "}"})
		require.Equal(t, http.StatusOK, answer.Status, answer.Body)
	}
	a.requireRefused(t, a.through(t, creds("wrong")+", "+a.command("local")))
}

// lockedAccount locks the accounts of users who were let in a moment ago.
func (a *attacked) lockedAccount(t *testing.T) {
	body := fmt.Sprintf(`{"eauth": "pam", "username": %q, "password": %q}`, env.User, env.User)
	paths := []string{"login", "token"}
	for _, path := range paths {
		require.Equal(t, http.StatusOK, envtest.Send(t, a.Env, a.Main, envtest.Request{Path: path, Body: body}).Status, path)
	}
	file := filepath.Join(a.PAMDir(), env.PAMService)
	service, err := os.ReadFile(file)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.WriteFile(file, service, 0o600)) })
	require.NoError(t, os.WriteFile(file, append([]byte("account requisite pam_deny.so\n"), service...), 0o600))
	for _, path := range paths {
		answer := envtest.Send(t, a.Env, a.Main, envtest.Request{Path: path, Body: body})
		require.Equal(t, http.StatusUnauthorized, answer.Status, "%s: %s", path, answer.Body)
	}
	a.requireRefused(t, a.through(t, strings.Trim(body, "{}")+", "+a.command("local")))
}

// emptyTargets asks for what is not allowed on minions that are not there, and
// right after that on those that are.
func (a *attacked) emptyTargets(t *testing.T) {
	for _, tgt := range []string{`"nobody"`, `"nobody*"`, `""`, `[], "tgt_type": "list"`, `"G@no:such", "tgt_type": "compound"`, `"*"`} {
		for _, client := range envtest.AllClients[:2] { // the others begin with what is allowed
			for _, fun := range []string{`"cmd.run"`, `["cmd.run"]`, `["test.ping", "cmd.run"]`} {
				chunk := fmt.Sprintf(`"client": %q, "tgt": %s, "fun": %s, "arg": [["touch %s"], ["touch %s"]]`,
					client, tgt, fun, a.marker, a.marker)
				answer := a.with(t, a.limited, http.MethodPost, "/", "[{"+chunk+"}]")
				require.Contains(t, []int{400, 401}, answer.Status, "%s: %s", chunk, answer.Body)
			}
		}
	}
}

// eauthEnumeration compares the answers to a wrong password and to a module
// that is not set up.
func (a *attacked) eauthEnumeration(t *testing.T) {
	for _, path := range []string{"login", "token", "run"} {
		var answers []env.Answer
		for _, eauth := range []string{"sharedsecret", "pam", "ldap", "no-such"} {
			body := fmt.Sprintf(`{"eauth": %q, "username": "who", "password": "x", "client": "local", "tgt": "*", "fun": "test.ping"}`, eauth)
			answer := envtest.Send(t, a.Env, a.Main, envtest.Request{Path: path, Body: body})
			require.Equal(t, http.StatusUnauthorized, answer.Status, answer.Body)
			answer.Header.Del("X-Request-Id")
			answer.Header.Del("Date")
			answers = append(answers, answer)
		}
		for _, other := range answers[1:] {
			require.Equal(t, answers[0], other, path)
		}
	}
}
