package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"saltern/e2e/rig"
	"saltern/saltmaster/sandbox"
	"saltern/saltmaster/tokenstore"
)

// hex64 has the form of a Salt token, and is none.
var hex64 = strings.Repeat("0badc0de", 8)

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
		"token unknown":       `"token": "` + hex64 + `"`,
		"token of a session":  `"token": "` + a.session + `"`,
		"token before eauth":  `"token": "` + hex64 + `", ` + a.sharedsecret(sandbox.UserAll),
	}
}

// refusedEach sends a chunk of each client with each of the credentials through
// each entrance. Passwords take their time, so each client and each entrance
// sees them once only.
func (a *attacked) refusedEach(t *testing.T, clients []string, credentials map[string]string) {
	t.Helper()
	var qs []aimed
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
	a.refusedEach(t, allClients, a.notCredentials())
	// A session that is none does not help chunks that have nothing.
	for _, path := range []string{"/", "/run", "/jobs", "/minions"} {
		for _, client := range allClients {
			for _, token := range []string{hex64, hex64[:40], "0", a.session + "0"} {
				answer := a.with(t, token, http.MethodPost, path, "[{"+a.command(client)+"}]")
				require.Equal(t, http.StatusUnauthorized, answer.Status, "%s %s: %s", path, client, answer.Body)
			}
		}
	}
}

func (a *attacked) badWheelAsync(t *testing.T) {
	creds := a.notCredentials()
	creds["no right"] = a.sharedsecret(sandbox.UserTestOnly)
	var qs []aimed
	for _, c := range creds {
		for _, q := range a.through(t, c+", "+a.command("wheel_async")) {
			if q.path != "minions" {
				qs = append(qs, q)
			}
		}
	}
	a.requireRefused(t, qs)
	answer := a.with(t, a.limited, http.MethodPost, "/", "[{"+a.command("wheel_async")+"}]")
	require.Equal(t, http.StatusUnauthorized, answer.Status, answer.Body)
}

func (a *attacked) sshWithoutCredentials(t *testing.T) {
	a.refusedEach(t, []string{"ssh"}, a.notCredentials())
	// Where the client is not enabled it is refused with any credentials.
	for _, base := range []string{a.first.WSGI, a.first.Main, a.first.Main + "/run"} {
		for _, creds := range []string{`"x": "y"`, a.sharedsecret(sandbox.UserAll)} {
			answer, err := a.first.Post(t.Context(), base, "[{"+creds+", "+a.command("ssh")+"}]")
			require.NoError(t, err)
			require.Equal(t, http.StatusBadRequest, answer.Status, answer.Body)
			require.Contains(t, answer.Body, "'ssh'")
		}
	}
}

// batches asks for what takes several jobs: those that come before may be
// allowed, the function itself must not run.
func (a *attacked) batches(t *testing.T) {
	a.refusedEach(t, []string{"local_batch", "local_subset"}, a.notCredentials())
	a.requireIdle(t)
	a.refusedEach(t, []string{"local_batch", "local_subset"}, map[string]string{"no right": a.sharedsecret(sandbox.UserTestOnly)})
	for _, e := range a.seen(t) {
		if strings.HasSuffix(e.tag, "/new") {
			require.NotContains(t, e.data, "cmd.run")
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
	{"GET", "/ws", "", 401}, {"GET", "/ws/" + hex64, "", 401}, {"GET", "/all_events/" + hex64, "", 401},
	{"GET", "/formatted_events/" + hex64, "", 401},
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
			req.Header.Set("Content-Type", asJSON)
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

// tokenUses are all the ways to show a token outside of a chunk.
func (a *attacked) tokenUses(token string) map[string]asked {
	uses := make(map[string]asked)
	for name, header := range map[string]map[string]string{
		"header": {"X-Auth-Token": token}, "bearer": {"Authorization": "Bearer " + token}, "cookie": {"Cookie": "session_id=" + token},
	} {
		for _, path := range []string{"minions", "jobs", "keys", "stats", "events"} {
			uses["GET "+path+" "+name] = asked{method: http.MethodGet, path: path, kind: "-", header: header}
		}
		for _, path := range []string{"", "run", "jobs", "minions", "hook", "logout"} {
			uses["POST "+path+" "+name] = asked{path: path, body: "[{" + a.command("local") + "}]", header: header}
		}
	}
	for _, path := range []string{"", "run", "jobs"} {
		uses["chunk of "+path] = asked{path: path, body: `[{"token": ` + fmt.Sprintf("%q", token) + `, ` + a.command("local") + "}]"}
	}
	return uses
}

// expiredTokens uses tokens that are over, the first time and again: Salt once
// took them once more.
func (a *attacked) expiredTokens(t *testing.T) {
	store := tokensOf(t, a.Rig)
	write := func(expire time.Time) string {
		record := tokenstore.Record{
			Token: store.NewToken(), User: rig.User, Eauth: "pam", Start: time.Now().Add(-time.Hour), Expire: expire,
		}
		require.NoError(t, store.Write(record))
		t.Cleanup(func() { _ = store.Remove(record.Token) })
		return record.Token
	}
	for name, q := range a.tokenUses("TOKEN") {
		token := write(time.Now().Add(-time.Second))
		q.body = strings.ReplaceAll(q.body, "TOKEN", token)
		q.header = replaced(q.header, token)
		for range 2 {
			answer := ask(t, a.Rig, a.Main, q)
			require.Equal(t, http.StatusUnauthorized, answer.Status, "%s: %s", name, answer.Body)
		}
	}

	// One that ends while it is in use, and known to be good until then.
	expire := time.Now().Add(3 * time.Second).Truncate(time.Second)
	token := write(expire)
	require.Equal(t, http.StatusOK, a.with(t, token, http.MethodGet, "/stats", "").Status)
	stream := followEvents(t, a.Rig, token, "")
	time.Sleep(time.Until(expire))
	for name, q := range a.tokenUses(token) {
		answer := ask(t, a.Rig, a.Main, q)
		require.Equal(t, http.StatusUnauthorized, answer.Status, "%s: %s", name, answer.Body)
	}
	stream.until(`"reason": "The session has expired"`)
}

func replaced(header map[string]string, token string) map[string]string {
	out := make(map[string]string, len(header))
	for name, value := range header {
		out[name] = strings.ReplaceAll(value, "TOKEN", token)
	}
	return out
}

// tokenAsPath shows tokens that name files, which nobody may so much as look at.
func (a *attacked) tokenAsPath(t *testing.T) {
	beside := filepath.Join(a.CacheDir(), "victim")
	var victims []string
	for _, path := range []string{a.marker + ".victim", beside, beside + ".p"} {
		require.NoError(t, os.WriteFile(path, []byte("x"), 0o600))
		t.Cleanup(func() { _ = os.Remove(path) })
		victims = append(victims, path)
	}
	logins := authentications(t, a.Rig)
	touched := watchFiles(t, victims...)
	for _, token := range []string{
		"../victim", "..%2fvictim", "..%2Fvictim", `..\victim`, beside, "./../victim", "victim", "*", "0x" + hex64[2:],
		strings.Repeat("../", 21) + "a", hex64 + "/../../victim", hex64[1:] + "G", strings.Repeat("a", 5000), "-1", "１２３",
	} {
		for name, q := range a.tokenUses(token) {
			answer := ask(t, a.Rig, a.Main, q)
			require.Equal(t, http.StatusUnauthorized, answer.Status, "%s %s: %s", name, token, answer.Body)
		}
		for _, path := range []string{"ws/", "all_events/", "formatted_events/"} {
			answer := ask(t, a.Rig, a.Main, asked{method: http.MethodGet, path: path + url.PathEscape(token), kind: "-"})
			require.GreaterOrEqual(t, answer.Status, 400, "%s%s", path, token)
			require.Less(t, answer.Status, 500, "%s%s", path, token)
		}
	}
	for _, chunk := range []string{`"token": "` + hex64[1:] + `\u0000"`, `"token": "../victim\u0000"`} {
		answer := a.send(t, a.entrances()["POST /run"], chunk+", "+a.command("local"))
		require.Equal(t, http.StatusUnauthorized, answer.Status, answer.Body)
	}
	require.Equal(t, logins, authentications(t, a.Rig), "a backend was asked")
	require.Empty(t, touched(), "files were touched")
}

// chosenPAMService offers a service that lets everybody in.
func (a *attacked) chosenPAMService(t *testing.T) {
	open := filepath.Join(a.PAMDir(), "open")
	require.NoError(t, os.WriteFile(open, []byte("auth required pam_permit.so\naccount required pam_permit.so\n"), 0o600))
	t.Cleanup(func() { require.NoError(t, os.Remove(open)) })
	creds := func(password string) string {
		return fmt.Sprintf(`"eauth": "pam", "username": %q, "password": %q, "service": "open", "auth.pam.service": "open", `+
			`"pam_service": "open"`, rig.User, password)
	}
	for _, path := range []string{"login", "token"} {
		answer := ask(t, a.Rig, a.Main, asked{path: path, body: "{" + creds("wrong") + "}"})
		require.Equal(t, http.StatusUnauthorized, answer.Status, answer.Body)
		answer = ask(t, a.Rig, a.Main, asked{path: path, body: "{" + creds(rig.User) + "}"})
		require.Equal(t, http.StatusOK, answer.Status, answer.Body)
	}
	a.requireRefused(t, a.through(t, creds("wrong")+", "+a.command("local")))
}

// lockedAccount locks the accounts of users who were let in a moment ago.
func (a *attacked) lockedAccount(t *testing.T) {
	body := fmt.Sprintf(`{"eauth": "pam", "username": %q, "password": %q}`, rig.User, rig.User)
	paths := []string{"login", "token"}
	for _, path := range paths {
		require.Equal(t, http.StatusOK, ask(t, a.Rig, a.Main, asked{path: path, body: body}).Status, path)
	}
	file := filepath.Join(a.PAMDir(), rig.PAMService)
	service, err := os.ReadFile(file)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.WriteFile(file, service, 0o600)) })
	require.NoError(t, os.WriteFile(file, append([]byte("account requisite pam_deny.so\n"), service...), 0o600))
	for _, path := range paths {
		answer := ask(t, a.Rig, a.Main, asked{path: path, body: body})
		require.Equal(t, http.StatusUnauthorized, answer.Status, "%s: %s", path, answer.Body)
	}
	a.requireRefused(t, a.through(t, strings.Trim(body, "{}")+", "+a.command("local")))
}

// emptyTargets asks for what is not allowed on minions that are not there, and
// right after that on those that are.
func (a *attacked) emptyTargets(t *testing.T) {
	for _, tgt := range []string{`"nobody"`, `"nobody*"`, `""`, `[], "tgt_type": "list"`, `"G@no:such", "tgt_type": "compound"`, `"*"`} {
		for _, client := range allClients[:2] { // the others begin with what is allowed
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
		var answers []rig.Answer
		for _, eauth := range []string{"sharedsecret", "pam", "ldap", "no-such"} {
			body := fmt.Sprintf(`{"eauth": %q, "username": "who", "password": "x", "client": "local", "tgt": "*", "fun": "test.ping"}`, eauth)
			answer := ask(t, a.Rig, a.Main, asked{path: path, body: body})
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
