package security

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
	"github.com/saltern-api/saltern/server/audit"
)

// logged is a request of TestLog, and what its one line is to say.
type logged struct {
	envtest.Request
	surface string
	status  int
	chunks  string // as JSON, without jids
}

// TestLog sends requests of all kinds. Each has one line in the log, and no
// line has a password, a token or an argument in it, nor has any in the audit
// log.
func TestLog(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		require.NoError(t, r.WritePAM(map[string]string{env.User: envtest.MarkPassword}))
		t.Cleanup(func() { require.NoError(t, r.WritePAM(nil)) })
		made, ok, err := envtest.MasterOf(t, r).MakeToken(t.Context(), "sharedsecret", sandbox.UserAll, r.Secret())
		require.NoError(t, err)
		require.True(t, ok)
		before, begin := len(r.Log()), time.Now()
		bases := envtest.Surfaces(r)

		requests := loggedRequests(r, made.Token)
		for id, q := range requests {
			q.Header = map[string]string{"X-Request-Id": id, "X-Auth-Token": made.Token, "Authorization": "Basic " + envtest.MarkPassword}
			a := envtest.Send(t, r, bases[q.surface], q.Request)
			require.Equal(t, q.status, a.Status, "%s: %s", id, a.Body)
			require.NotEqual(t, id, a.Header.Get("X-Request-Id"))
		}
		require.NoError(t, envtest.TokensOf(t, r).Remove(made.Token))

		log, audited := r.Log()[before:], auditedSince(t, r, begin)
		for _, secret := range append(envtest.TokensOfUser(t, r, env.User), made.Token, r.Secret(), "mark-", envtest.MarkToken) {
			require.NotContains(t, log, secret)
			require.NotContains(t, audited, secret)
		}
		lines := linesByRequest(t, log)
		for id, q := range requests {
			require.Len(t, lines[id], 1, id)
			q.check(t, id, lines[id][0])
		}
	})
}

func loggedRequests(r *env.Env, token string) map[string]logged {
	right := fmt.Sprintf(`"eauth": "pam", "username": %q, "password": %q`, env.User, envtest.MarkPassword)
	secret := fmt.Sprintf(`"eauth": "sharedsecret", "username": %q, "password": %q`, sandbox.UserAll, r.Secret())
	echo := `"client": "local", "tgt": "ms--0", "fun": "test.arg", "arg": ["` + envtest.MarkArgument + `"], "kwarg": {"a": "` + envtest.MarkArgument + `"}, "metadata": {"x": "` + envtest.MarkArgument + `"}`
	run := `"client": "runner", "fun": "test.arg", "arg": ["` + envtest.MarkArgument + `"], "kwarg": {"a": "` + envtest.MarkArgument + `"}, "b": "` + envtest.MarkArgument + `"`
	chunk := func(credentials, rest string) envtest.Request {
		return envtest.Request{Body: `[{` + credentials + `, ` + rest + `}]`}
	}
	bad := func(body string) logged { return logged{envtest.Request{Body: body}, "wsgi", 400, ""} }
	return map[string]logged{
		"local": {chunk(right, echo), "wsgi", 200,
			`[{"user": "saltdev", "eauth": "pam", "client": "local", "fun": "test.arg", "minions": 1}]`},
		"local-main": {chunk(right, echo), "main", 200, // there the header's token counts
			`[{"user": "bench", "eauth": "sharedsecret", "client": "local", "fun": "test.arg", "minions": 1}]`},
		"async": {chunk(right, strings.Replace(strings.Replace(echo, "local", "local_async", 1), "ms--0", "*", 1)), "wsgi", 200,
			`[{"user": "saltdev", "eauth": "pam", "client": "local_async", "fun": "test.arg", "minions": 3}]`},
		"runner": {chunk(right, run), "wsgi", 200,
			`[{"user": "saltdev", "eauth": "pam", "client": "runner", "fun": "test.arg"}]`},
		"by-salt": {chunk(secret, echo), "wsgi", 200,
			`[{"user": "bench", "eauth": "sharedsecret", "client": "local", "fun": "test.arg", "minions": 1}]`},
		"by-token": {chunk(`"token": "`+token+`"`, echo), "wsgi", 200,
			`[{"user": "bench", "eauth": "sharedsecret", "client": "local", "fun": "test.arg", "minions": 1}]`},
		"two": {envtest.Request{Body: `[{` + right + `, ` + envtest.GoodPing + `}, {` + secret + `, ` + run + `}]`}, "wsgi", 200,
			`[{"user": "saltdev", "eauth": "pam", "client": "local", "fun": "test.ping", "minions": 1},
			  {"user": "bench", "eauth": "sharedsecret", "client": "runner", "fun": "test.arg"}]`},
		"exception": {chunk(right, `"client": "local", "tgt": "ms--0", "fun": "test.exception", "arg": ["`+envtest.MarkArgument+`"]`), "wsgi", 200,
			`[{"user": "saltdev", "eauth": "pam", "client": "local", "fun": "test.exception", "minions": 1}]`},
		"runner-exception": {chunk(right, `"client": "runner", "fun": "error.error", "kwarg": {"name": "Exception", "message": "`+envtest.MarkArgument+`"}`), "wsgi", 200,
			`[{"user": "saltdev", "eauth": "pam", "client": "runner", "fun": "error.error"}]`},
		"unknown-runner": {chunk(right, strings.Replace(run, "test.arg", "no.such", 1)), "wsgi", 500,
			`[{"user": "saltdev", "eauth": "pam", "client": "runner", "fun": "no.such"}]`},
		"wrong-password": {envtest.Request{Body: `[{"eauth": "pam", "username": "who-is-that", "password": "` + envtest.MarkWrong + `", ` + echo + `}]`}, "wsgi", 401,
			`[{"client": "local", "fun": "test.arg"}]`},
		"wrong-for-salt": {envtest.Request{Body: `[{"eauth": "sharedsecret", "username": "bench", "password": "` + envtest.MarkWrong + `", ` + echo + `}]`}, "wsgi", 401,
			`[{"client": "local", "fun": "test.arg"}]`},
		"unknown-token": {chunk(`"token": "`+envtest.MarkToken+`"`, echo), "wsgi", 401,
			`[{"client": "local", "fun": "test.arg"}]`},
		"bad-token":    {chunk(`"token": "mark-no-token"`, echo), "wsgi", 401, `[{"client": "local", "fun": "test.arg"}]`},
		"not-allowed":  {chunk(`"eauth": "pam", "username": "saltro", "password": "saltro"`, run), "wsgi", 401, `[{"user": "saltro", "eauth": "pam", "client": "runner", "fun": "test.arg"}]`},
		"bad-field":    {chunk(right, echo+`, "jid": "`+envtest.MarkArgument+`"`), "wsgi", 400, `[{"user": "saltdev", "eauth": "pam", "client": "local", "fun": "test.arg"}]`},
		"bad-json":     bad(`[{"password": "` + envtest.MarkPassword + `" "arg": ["` + envtest.MarkArgument + `"]}]`),
		"bad-end":      bad(`[{"password": "` + envtest.MarkPassword),
		"bad-chunk":    bad(`["` + envtest.MarkArgument + `"]`),
		"bad-type":     {envtest.Request{Kind: "text/" + envtest.MarkArgument, Body: "password=" + envtest.MarkPassword}, "main", 406, ""},
		"bad-method":   {envtest.Request{Method: "DELETE", Body: envtest.MarkPassword}, "main", 405, ""},
		"welcome":      {envtest.Request{Method: "GET", Path: "?token=" + envtest.MarkPlace}, "main", 200, ""},
		"welcome-wsgi": {envtest.Request{Method: "GET", Path: "?token=" + envtest.MarkPlace}, "wsgi", 200, ""},
	}
}

// check compares a line of the log with the request.
func (q logged) check(t *testing.T, id string, line map[string]any) {
	t.Helper()
	require.Equal(t, "request", line["msg"], id)
	require.EqualValues(t, q.status, line["status"], id)
	require.Equal(t, q.surface, line["surface"], id)
	require.Equal(t, "127.0.0.1", strings.Replace(fmt.Sprint(line["remote"]), "::1", "127.0.0.1", 1), id)
	require.GreaterOrEqual(t, line["duration_ms"], 0.0, id)
	if q.chunks == "" {
		require.NotContains(t, line, "chunks", id)
		return
	}
	chunks, ok := line["chunks"].([]any)
	require.True(t, ok, id)
	for _, c := range chunks {
		chunk := c.(map[string]any)
		if q.status == http.StatusOK {
			require.Regexp(t, `^\d{20}$`, chunk["jid"], id)
		}
		delete(chunk, "jid")
	}
	got, err := json.Marshal(chunks)
	require.NoError(t, err)
	require.JSONEq(t, q.chunks, string(got), id)
}

// auditedSince is what the audit log has since then.
func auditedSince(t *testing.T, r *env.Env, since time.Time) string {
	t.Helper()
	page, err := audit.Find(t.Context(), filepath.Join(r.StateDir(), "audit", "audit.jsonl"), audit.Query{Since: since, Limit: audit.MaxLimit})
	require.NoError(t, err)
	require.NotEmpty(t, page.Entries)
	require.False(t, page.More)
	return fmt.Sprintf("%s", page.Entries)
}

// linesByRequest reads the log, every line of which is a JSON object, by the id
// that the client has sent.
func linesByRequest(t *testing.T, log string) map[string][]map[string]any {
	t.Helper()
	byID := make(map[string][]map[string]any)
	for text := range strings.Lines(log) {
		var line map[string]any
		require.NoError(t, json.Unmarshal([]byte(text), &line), text)
		require.NotEmpty(t, line["time"])
		require.NotEmpty(t, line["level"])
		if id, ok := line["client_request_id"].(string); ok {
			byID[id] = append(byID[id], line)
		}
	}
	return byID
}
