package security

import (
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// secretsInLog asks every route with secrets wherever one may be. The log of
// the gateway tells everything that it ever does, and is looked through last
// of all, see requireSilentLog.
func (a *attacked) secretsInLog(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	var qs []envtest.Aimed
	for _, path := range []string{"login", "token", "keys", "run", "hook?token=" + envtest.MarkPlace, "login?password=" + envtest.MarkPassword} {
		for user, password := range map[string]string{sandbox.UserAll: a.Secret(), "who-is-that": envtest.MarkPassword} {
			creds := fmt.Sprintf(`"eauth": "sharedsecret", "username": %q, "password": %q`, user, password)
			body := "{" + creds + `, "mid": "a b/", "client": "local", "tgt": "nobody", "fun": "test.arg", "arg": ["` + envtest.MarkArgument + `"]}`
			for _, q := range []envtest.Request{{Body: body}, {Body: body + "}"}, {Kind: "text/yaml", Body: "*" + password}, {Kind: form, Body: asForm(t, body)}} {
				q.Path = path
				qs = append(qs, envtest.Aimed{Base: a.Main, Request: q})
			}
		}
	}
	for _, token := range []string{a.session, a.limited, a.token, envtest.MarkToken} {
		for name, q := range a.tokenUses(token) {
			if !strings.Contains(name, "logout") && q.Path != "events" {
				q.Body = strings.NewReplacer("touch "+a.marker, envtest.MarkArgument, `"*"`, `"nobody"`).Replace(q.Body)
				qs = append(qs, envtest.Aimed{Base: a.Main, Request: q})
			}
		}
		for _, path := range []string{"ws/", "ws/x/", "all_events/", "formatted_events/", "events/", "events?token="} {
			qs = append(qs, envtest.Aimed{Base: a.Main, Request: envtest.Request{Method: http.MethodGet, Path: path + token, Kind: "-"}})
		}
	}
	statuses := make(map[int]int)
	for _, answer := range envtest.SendAll(t, a.Env, qs) {
		statuses[answer.Status]++
	}
	for _, status := range []int{200, 202, 400, 401, 404} {
		require.NotZero(t, statuses[status], "%v", statuses)
	}
}

// requireSilentLog looks for all secrets that the cases have used.
func (a *attacked) requireSilentLog(t *testing.T) {
	log := a.Log()
	require.Contains(t, log, `"status":200`)
	for _, secret := range []string{a.Secret(), a.session, a.limited, a.token, "mark-", envtest.MarkToken, envtest.Hex64, "touch "} {
		require.False(t, strings.Contains(log, secret), "the log has %q in it", secret)
	}
	for _, token := range append(envtest.TokensOfUser(t, a.Env, env.User), envtest.TokensOfUser(t, a.Env, env.ReadOnly)...) {
		require.False(t, strings.Contains(log, token), "the log has a token in it")
	}
}

// secretFiles looks at the permissions of what the gateway keeps. What it says
// of a key that others can read is in e2e/gateway (TestReadableKey).
func (a *attacked) secretFiles(t *testing.T) {
	info, err := os.Stat(a.StateDir())
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	for _, name := range []string{"self-signed.key", "sessions.db", "tokens.db", "token.pepper", "operator.sock"} {
		info, err := os.Stat(filepath.Join(a.StateDir(), name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
}

// secretsOnBus makes sessions and tokens. salt-api has a runner make the token
// of /token, whose events and job tell everybody the password.
func (a *attacked) secretsOnBus(t *testing.T) {
	a.Seen(t)
	secrets := []string{a.Secret()}
	for _, path := range []string{"login", "token"} {
		for _, creds := range []string{
			a.sharedsecret(sandbox.UserAll),
			fmt.Sprintf(`"eauth": "pam", "username": %q, "password": %q`, env.User, env.User),
		} {
			before := envtest.TokenFiles(t, a.Env)
			answer := envtest.Send(t, a.Env, a.Main, envtest.Request{Path: path, Body: "{" + creds + "}"})
			require.Equal(t, http.StatusOK, answer.Status, answer.Body)
			require.Contains(t, answer.Header.Get("Cache-Control"), "no-store")
			for _, file := range envtest.Added(before, envtest.TokenFiles(t, a.Env)) {
				secrets = append(secrets, strings.TrimSuffix(file, ".p"))
			}
			if id := answer.Header.Get("X-Auth-Token"); id != "" {
				secrets = append(secrets, id)
			}
		}
	}
	require.Greater(t, len(secrets), 4)
	jobs := a.NewJobs(t)
	for _, e := range a.Seen(t) {
		require.False(t, envtest.Begun.MatchString(e.Tag), e.Tag)
		for _, secret := range secrets {
			require.NotContains(t, e.Data, secret, e.Tag)
		}
	}
	require.Empty(t, jobs)
	require.NoError(t, filepath.WalkDir(a.Cache, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, secret := range secrets[1:] {
			require.NotContains(t, string(b), secret, path)
		}
		return err
	}))
}

// secretsInHooks looks at the events of hooks on the bus itself.
func (a *attacked) secretsInHooks(t *testing.T) {
	a.Seen(t)
	for name, header := range map[string]map[string]string{
		"header": {"X-Auth-Token": a.session}, "bearer": {"Authorization": "Bearer " + a.session},
		"cookie": {"Cookie": "other=1; session_id=" + a.session}, "proxy": {"X-Auth-Token": a.session, "Proxy-Authorization": "Basic " + envtest.MarkPassword},
	} {
		header["X-Mark"] = name
		answer := envtest.Send(t, a.Env, a.Main, envtest.Request{Path: "hook/" + name, Body: `{"a": 1}`, Header: header})
		require.Equal(t, http.StatusOK, answer.Status, answer.Body)
	}
	hooks := 0
	for _, e := range a.Seen(t) {
		if strings.HasPrefix(e.Tag, "salt/netapi/hook/") {
			hooks++
			require.Contains(t, e.Data, `"X-Mark": "`)
		}
		require.NotContains(t, e.Data, a.session, e.Tag)
		require.NotContains(t, e.Data, envtest.MarkPassword, e.Tag)
	}
	require.Equal(t, 4, hooks)
}

// anyOrigin has pages of another site use the API. None was listed.
func (a *attacked) anyOrigin(t *testing.T) {
	evil := map[string]string{"Origin": "https://evil.example", "Cookie": "session_id=" + a.session}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
		for _, path := range []string{"", "run", "stats", "hook", "login"} {
			q := envtest.Request{Method: method, Path: path, Header: evil}
			if method == http.MethodOptions {
				q.Header = map[string]string{"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
			}
			answer := envtest.Send(t, a.Env, a.Main, q)
			for name := range answer.Header {
				require.False(t, strings.HasPrefix(name, "Access-Control-"), "%s %s: %s", method, path, name)
			}
			if method == http.MethodPost {
				require.NotEqual(t, http.StatusOK, answer.Status, "%s: %s", path, answer.Body)
			}
		}
	}
	for _, path := range []string{"/ws", "/ws/" + a.session} {
		client, err := a.Client()
		require.NoError(t, err)
		defer client.CloseIdleConnections()
		_, resp, err := websocket.Dial(t.Context(), a.Main+path, &websocket.DialOptions{ //nolint:bodyclose // Dial has read it
			HTTPClient: client, HTTPHeader: http.Header{"Origin": {"https://evil.example"}, "Cookie": {evil["Cookie"]}},
		})
		require.Error(t, err)
		require.Equal(t, http.StatusForbidden, resp.StatusCode, path)
	}
}

// cookies are only for the browser, our own pages and TLS.
func (a *attacked) cookies(t *testing.T) {
	answer := envtest.Send(t, a.Env, a.Main, envtest.Request{Path: "login", Body: "{" + a.sharedsecret(sandbox.UserAll) + "}"})
	cookie := answer.Header.Get("Set-Cookie")
	for _, part := range []string{"session_id=" + answer.Header.Get("X-Auth-Token"), "; HttpOnly", "; Secure", "; SameSite=Strict", "; Path=/"} {
		require.Contains(t, cookie, part)
	}
	for _, q := range []envtest.Request{
		{Method: http.MethodGet}, {Method: http.MethodGet, Path: "login"}, {Path: "login", Body: "{}"},
		{Path: "run", Body: "[]"}, {Method: http.MethodGet, Path: "stats", Header: map[string]string{"X-Auth-Token": a.session}},
	} {
		require.Empty(t, envtest.Send(t, a.Env, a.Main, q).Header.Get("Set-Cookie"), q.Path)
	}
}

// disabledClients are not reached by what has a name of its own either.
func (a *attacked) disabledClients(t *testing.T) {
	g := envtest.AnotherGateway(t, a.first, env.More{Master: map[string]any{"netapi_enable_clients": []string{}}})
	header := map[string]string{"X-Auth-Token": a.token}
	for _, q := range []envtest.Request{
		{Method: http.MethodGet, Path: "minions", Kind: "-"}, {Method: http.MethodGet, Path: "minions/ms--0", Kind: "-"},
		{Method: http.MethodGet, Path: "jobs", Kind: "-"}, {Method: http.MethodGet, Path: "jobs/20240101010101010101", Kind: "-"},
		{Method: http.MethodGet, Path: "keys", Kind: "-"}, {Method: http.MethodGet, Path: "keys/ms--0", Kind: "-"},
		{Path: "minions", Body: `[{"tgt": "*", "fun": "test.ping"}]`},
		{Path: "keys", Body: "{" + a.sharedsecret(sandbox.UserAll) + `, "mid": "new"}`},
	} {
		q.Header = header
		answer := envtest.Send(t, g, g.Main, q)
		require.Equal(t, http.StatusBadRequest, answer.Status, "%s: %s", q.Path, answer.Body)
		require.Contains(t, answer.Body, "Client disabled")
	}
	for _, path := range []string{"/formatted_events/", "/all_events/", "/ws/"} {
		events := envtest.OpenSocket(t, g, path+a.token)
		events.Ready(t)
		events.Until(t, "e2e-nobody", func() {
			a.Fire(t, "salt/key", `{"id": "e2e-nobody", "act": "accept", "result": true}`)
		})
	}
}

// contentDisposition has ids that would end the file's name, and go on.
func (a *attacked) contentDisposition(t *testing.T) {
	t.Cleanup(func() { a.forgetKeys(t) })
	for _, id := range []string{`a"; filename="b`, "a\r\nX-Evil: 1", "a;b", "é", `a\`} {
		body := fmt.Sprintf(`{%s, "mid": %s}`, a.sharedsecret(sandbox.UserAll), envtest.Quoted(t, id))
		answer := envtest.Send(t, a.Env, a.Main, envtest.Request{Path: "keys", Body: body})
		require.Empty(t, answer.Header.Get("X-Evil"))
		if answer.Status != http.StatusOK { // salt has no keys for names that are not ASCII
			require.Contains(t, []int{400, 500}, answer.Status, answer.Body)
			continue
		}
		kind, params, err := mime.ParseMediaType(answer.Header.Get("Content-Disposition"))
		require.NoError(t, err)
		require.Equal(t, "attachment", kind)
		require.Equal(t, map[string]string{"filename": "saltkeys-" + id + ".tar"}, params)
	}
}

// forgetKeys removes the keys that were made for nobody: the master would wait
// for them in whatever comes next.
func (a *attacked) forgetKeys(t *testing.T) {
	t.Helper()
	dir := filepath.Join(a.Dir(), "pki", "minions")
	for _, id := range envtest.Added(envtest.Minions(), envtest.FileNames(t, dir)) {
		require.NoError(t, os.Remove(filepath.Join(dir, id)))
	}
}
