package audit_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/audit"
	"github.com/saltern-api/saltern/server/servertest"
)

// auditEnv is a server with the APIs for tokens and an audit log.
type auditEnv struct {
	*servertest.Tokens
	audit *audit.Log
	file  string
}

func withAudit(t *testing.T, g server.Gateway, change func(*server.Config)) *auditEnv {
	t.Helper()
	r := &auditEnv{file: filepath.Join(t.TempDir(), "audit.jsonl")}
	r.audit = openAudit(t, r.file)
	notify := func(ctx context.Context, e issuer.Event) { r.audit.Write(ctx, audit.OfToken(e)) }
	r.Tokens = servertest.StartTokensNotify(t, g, notify, func(c *server.Config) {
		c.Audit.Log = r.audit
		c.TokenAPIs = server.TokenAPIs{Issuer: c.Tokens.(server.Issuer)}
		if change != nil {
			change(c)
		}
	})
	return r
}

func openAudit(t *testing.T, file string) *audit.Log {
	t.Helper()
	l, err := audit.Open(audit.Options{File: file})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

// lines returns the entries about the request with this X-Request-Id, in order,
// without the fields that all have: the time, the request, the address and the
// agent.
func lines(t *testing.T, l *audit.Log, request string) []map[string]any {
	t.Helper()
	return linesOf(t, l, audit.Query{ClientRequest: request, Oldest: true})
}

func linesOf(t *testing.T, l *audit.Log, q audit.Query) []map[string]any {
	t.Helper()
	page, err := l.Find(t.Context(), q)
	require.NoError(t, err)
	require.False(t, page.More)
	require.Zero(t, page.Damaged)
	all := []map[string]any{}
	for _, text := range page.Entries {
		var e map[string]any
		require.NoError(t, json.Unmarshal(text, &e))
		require.Equal(t, "127.0.0.1", e["address"], string(text))
		require.NotEmpty(t, e["time"])
		for _, key := range []string{"time", "request_id", "client_request_id", "address", "agent"} {
			delete(e, key)
		}
		all = append(all, e)
	}
	return all
}

// obedient is a gateway whose results depend on the function of a chunk.
func obedient() servertest.Gateway {
	return servertest.Gateway(func(_ context.Context, call *servertest.Call) ([][]byte, error) {
		call.Records = make([]lowstate.Record, len(call.Chunks))
		known := func(c lowstate.Chunk) bool {
			return call.Authority.Identity != nil && (!call.ChunkFirst || !c.HasCredentials())
		}
		for i, c := range call.Chunks {
			rec := &call.Records[i]
			rec.Client, _ = c.Text("client")
			rec.Fun, _ = c.Text("fun")
			rec.User, rec.Eauth = "saltdev", "pam"
			switch password, given := c.Text("password"); {
			case known(c):
				rec.Known = true
			case given && password != "saltdev":
				rec.User, rec.Eauth = "", ""
				return nil, &lowstate.Error{Kind: lowstate.Unauthenticated}
			}
			if rec.Fun == "out.of_scope" {
				return nil, &lowstate.Error{Kind: lowstate.OutOfScope}
			}
			if rec.Fun == "narrowed" {
				rec.SentTgt, rec.SentTgtType = "* and web*", "compound"
			}
			if rec.Fun == "takes.a" {
				rec.LeftOut = []string{"tgt"}
			}
		}
		answers := make([][]byte, len(call.Chunks))
		for i := range call.Chunks {
			rec := &call.Records[i]
			rec.Begun = true
			switch rec.Fun {
			case "denied":
				return nil, &lowstate.Error{Kind: lowstate.Unauthorized, Text: "no"}
			case "down":
				return nil, &lowstate.Error{Kind: lowstate.Unavailable}
			case "broken":
				return answers[:i+1], errors.New("in the middle")
			case "panics":
				panic("mark-panic")
			}
			rec.Done, rec.JID, rec.Minions, answers[i] = true, "20261122120000000000", 2, []byte("{}")
		}
		return answers, nil
	})
}

const run = `"client": "local", "tgt": "*", "fun": `

// Commands, their callers and their outcomes.
func TestAuditOfCommands(t *testing.T) {
	t.Parallel()
	r := withAudit(t, obedient(), func(c *server.Config) {
		c.Settings.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	})
	api, id := r.Create(t, `{"name": "ci", "scopes": ["User"], "ttl": "never"}`)
	x, err := r.Issuer.Exchange(t.Context(), api, issuer.Request{Profile: apitoken.ProfileCSP})
	require.NoError(t, err)
	access := x.Access.Reveal()
	revoked, gone := r.Create(t, `{"name": "gone", "scopes": ["User"]}`)
	head, _ := r.Send(t, "DELETE", "/v1/tokens/"+gone, "", servertest.AuthToken+servertest.SessionID)
	require.Equal(t, 204, head.StatusCode)

	const (
		dev  = `"user": "saltdev", "eauth": "pam"`
		star = `"client": "local", "tgt": "*", "tgt_type": "glob"`
		done = `"jid": "20261122120000000000", "minions": 2`
		own  = `"username": "saltdev", "password": "saltdev", "eauth": "pam"`
		bad  = `"username": "who-is-that", "password": "mark-password", "eauth": "pam"`
	)
	behind := `"additionalProperties": {"currentContext.refreshTokenId": "` + id + `"}, "owner": {` + dev + `}, "scopes": ["User"]`
	byAPI := dev + `, "token_id": "` + id + `", "token_name": "ci", "token_kind": "api", "token_profile": "native", ` + behind
	byAccess := dev + `, "token_id": "` + x.Record.ID + `", "token_kind": "access", "token_profile": "csp", ` + behind

	for name, c := range map[string]struct {
		method, path, body string
		headers            []string
		status             int
		want               []string
	}{
		"api token": {"POST", "/", `[{` + run + `"test.ping"}]`, []string{servertest.AuthToken + api}, 200, []string{
			`{"event": "command", "outcome": "ok", "status": 200, "endpoint": "POST /", ` + star + `, "fun": "test.ping", ` + done + `, ` + byAPI + `}`}},
		"access token": {"POST", "/run", `[{` + run + `"narrowed"}]`, []string{"Authorization: Bearer " + access}, 200, []string{
			`{"event": "command", "outcome": "ok", "status": 200, "endpoint": "POST /run", ` + star + `, "fun": "narrowed",
			  "sent_tgt": "* and web*", "sent_tgt_type": "compound", ` + done + `, ` + byAccess + `}`}},
		"session": {"POST", "/jobs", `[{` + run + `"test.ping"}]`, []string{servertest.AuthToken + servertest.SessionID}, 200, []string{
			`{"event": "command", "outcome": "ok", "status": 200, "endpoint": "POST /jobs", ` + star + `, "fun": "test.ping", ` + done + `, ` + dev + `}`}},
		"password": {"POST", "/", `[{` + own + `, ` + run + `"test.ping"}]`, nil, 200, []string{
			`{"event": "command", "outcome": "ok", "status": 200, "endpoint": "POST /", ` + star + `, "fun": "test.ping", ` + done + `, ` + dev + `}`}},
		"arguments": {"POST", "/", `[{` + own + `, ` + run + `"test.arg", "arg": ["mark-argument"], "kwarg": {"a": "mark-argument"}}]`, nil, 200, []string{
			`{"event": "command", "outcome": "ok", "status": 200, "endpoint": "POST /", ` + star + `, "fun": "test.arg", ` + done + `, ` + dev + `}`}},
		"two, one of them its own": {"POST", "/run", `[{` + own + `, ` + run + `"test.ping"}, {` + run + `["a.b", "c.d"]}]`, []string{servertest.AuthToken + api}, 200, []string{
			`{"event": "command", "outcome": "ok", "status": 200, "endpoint": "POST /run", ` + star + `, "fun": "test.ping", ` + done + `, ` + dev + `}`,
			`{"event": "command", "outcome": "ok", "status": 200, "endpoint": "POST /run", ` + star + `, "fun": "a.b,c.d", ` + done + `, ` + byAPI + `}`}},
		"streamed": {"POST", "/", `[{"client": "local_batch", "tgt": "*", "fun": "test.ping"}]`, []string{servertest.AuthToken + access}, 200, []string{
			`{"event": "command", "outcome": "ok", "status": 200, "endpoint": "POST /", "client": "local_batch", "tgt": "*", "tgt_type": "glob", "fun": "test.ping", ` + done + `, ` + byAccess + `}`}},
		"minions": {"GET", "/minions/web*", "", []string{servertest.AuthToken + servertest.SessionID}, 200, []string{
			`{"event": "command", "outcome": "ok", "status": 200, "endpoint": "GET /minions/{mid}", "client": "local", "tgt": "web*", "tgt_type": "glob", "fun": "grains.items", ` + done + `, ` + dev + `}`}},
		"start jobs": {"POST", "/minions", `[{"tgt": "a", "fun": "test.ping"}]`, []string{servertest.AuthToken + servertest.SessionID}, 202, []string{
			`{"event": "command", "outcome": "ok", "status": 202, "endpoint": "POST /minions", "client": "local_async", "tgt": "a", "tgt_type": "glob", "fun": "test.ping", ` + done + `, ` + dev + `}`}},
		"jobs": {"GET", "/jobs", "", []string{servertest.AuthToken + servertest.SessionID}, 200, []string{
			`{"event": "command", "outcome": "ok", "status": 200, "endpoint": "GET /jobs", "client": "runner", "fun": "jobs.list_jobs", ` + done + `, ` + dev + `}`}},
		"keys, done and not shown": {"GET", "/keys/x", "", []string{servertest.AuthToken + servertest.SessionID}, 500, []string{
			`{"event": "command", "outcome": "ok", "status": 500, "endpoint": "GET /keys/{mid}", "client": "wheel", "fun": "key.finger", ` + done + `, ` + dev + `}`}},

		"wrong password": {"POST", "/", `[{` + bad + `, ` + run + `"test.ping"}]`, nil, 401, []string{
			`{"event": "command", "outcome": "refused", "why": "unauthenticated", "status": 401, "endpoint": "POST /", ` + star + `, "fun": "test.ping", "claimed_user": "who-is-that", "eauth": "pam"}`}},
		"unknown session": {"POST", "/", `[{` + run + `"test.ping"}]`, []string{servertest.AuthToken + "mark-session"}, 401, []string{
			`{"event": "command", "outcome": "refused", "why": "unauthenticated", "status": 401, "endpoint": "POST /", ` + star + `, "fun": "test.ping"}`}},
		"out of scope": {"POST", "/", `[{` + run + `"test.ping"}, {` + run + `"out.of_scope"}]`, []string{servertest.AuthToken + access}, 403, []string{
			`{"event": "command", "outcome": "refused", "why": "out_of_scope", "status": 403, "endpoint": "POST /", ` + star + `, "fun": "test.ping", ` + byAccess + `}`,
			`{"event": "command", "outcome": "refused", "why": "out_of_scope", "status": 403, "endpoint": "POST /", ` + star + `, "fun": "out.of_scope", ` + byAccess + `}`}},
		"denied by the master": {"POST", "/", `[{` + run + `"test.ping"}, {` + run + `"denied"}, {` + run + `"later"}]`, []string{servertest.AuthToken + api}, 401, []string{
			`{"event": "command", "outcome": "ok", "status": 401, "endpoint": "POST /", ` + star + `, "fun": "test.ping", ` + done + `, ` + byAPI + `}`,
			`{"event": "command", "outcome": "refused", "why": "unauthorized", "status": 401, "endpoint": "POST /", ` + star + `, "fun": "denied", ` + byAPI + `}`,
			`{"event": "command", "outcome": "skipped", "status": 401, "endpoint": "POST /", ` + star + `, "fun": "later", ` + byAPI + `}`}},
		"no master": {"POST", "/", `[{` + run + `"down"}]`, []string{servertest.AuthToken + servertest.SessionID}, 503, []string{
			`{"event": "command", "outcome": "failed", "why": "unavailable", "status": 503, "endpoint": "POST /", ` + star + `, "fun": "down", ` + dev + `}`}},
		"panic": {"POST", "/", `[{` + run + `"panics"}]`, []string{servertest.AuthToken + servertest.SessionID}, 500, []string{
			`{"event": "command", "outcome": "failed", "why": "internal", "status": 500, "endpoint": "POST /", ` + star + `, "fun": "panics", ` + dev + `}`}},
		"revoked token": {"POST", "/", `[{` + run + `"test.ping"}]`, []string{servertest.AuthToken + revoked}, 401, []string{
			`{"event": "refused", "outcome": "refused", "why": "revoked", "endpoint": "POST /", "token_id": "` + gone + `", "token_name": "gone",
			  "token_kind": "api", "token_profile": "native", "scopes": ["User"], "owner": {` + dev + `},
			  "additionalProperties": {"currentContext.refreshTokenId": "` + gone + `"}}`,
			`{"event": "command", "outcome": "refused", "why": "unauthenticated", "status": 401, "endpoint": "POST /", ` + star + `, "fun": "test.ping"}`}},
		"mistyped token": {"GET", "/minions", "", []string{servertest.AuthToken + api[:47] + "_"}, 401, []string{
			`{"event": "refused", "outcome": "refused", "why": "malformed", "endpoint": "GET /minions"}`}},
		"no credential":     {"GET", "/minions", "", nil, 401, []string{}},
		"another's session": {"GET", "/minions", "", []string{servertest.AuthToken + "mark-session"}, 401, []string{`{"event": "refused", "outcome": "refused", "why": "unauthenticated", "status": 401, "endpoint": "GET /minions"}`}},
		"a token makes one": {"POST", "/v1/tokens", `{"name": "x", "scopes": ["User"]}`, []string{servertest.AuthToken + access}, 403, []string{
			`{"event": "refused", "outcome": "refused", "why": "forbidden", "status": 403, "endpoint": "POST /v1/tokens", ` + byAccess + `}`}},
		"welcome": {"GET", "/", "", nil, 200, []string{}},
		"no JSON": {"POST", "/", `[{"password": "mark-password"`, nil, 400, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			request := strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), "'", "-")
			request = strings.ReplaceAll(request, ",", "")
			head, text := r.Send(t, c.method, c.path, c.body, append(c.headers, "X-Request-Id: "+request)...)
			require.Equal(t, c.status, head.StatusCode, text)
			own := head.Header.Get("X-Request-Id")
			require.Regexp(t, `^[A-Z2-7]{26}$`, own)
			got := lines(t, r.audit, request)
			require.Equal(t, got, linesOf(t, r.audit, audit.Query{Request: own, Oldest: true}))
			require.Empty(t, linesOf(t, r.audit, audit.Query{Request: request}))
			require.Len(t, got, len(c.want), "%v", got)
			for i, want := range c.want {
				text, err := json.Marshal(got[i])
				require.NoError(t, err)
				require.JSONEq(t, want, string(text))
			}
		})
	}
	noMarks(t, r.file, api, access, revoked, servertest.SessionID, servertest.SaltToken)
}

// noMarks requires that the log contains none of the secrets, nor any marked
// text.
func noMarks(t *testing.T, file string, secrets ...string) {
	t.Helper()
	text := auditText(t, file)
	for _, secret := range append(secrets, "mark-", "saltern_api_", "saltern_access_") {
		require.NotContains(t, text, secret)
	}
}

func auditText(t *testing.T, file string) string {
	t.Helper()
	page, err := audit.Find(t.Context(), file, audit.Query{Limit: audit.MaxLimit})
	require.NoError(t, err)
	require.NotEmpty(t, page.Entries)
	require.False(t, page.More)
	var all strings.Builder
	for _, e := range page.Entries {
		fmt.Fprintf(&all, "%s\n", e)
	}
	return all.String()
}

// Entries other than commands.
func TestAuditOfTheRest(t *testing.T) {
	t.Parallel()
	r := withAudit(t, obedient(), func(c *server.Config) { c.Hooks = &servertest.Hooks{} })
	api, id := r.Create(t, `{"name": "ci", "scopes": ["Read-only"], "ttl": "never"}`)
	basic := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("saltdev:saltdev"))
	const dev = `"user": "saltdev", "eauth": "pam"`
	const typo = `{"username": "mark-typo", "password": "mark-password", "eauth": "pam"}`
	form := "Content-Type: application/x-www-form-urlencoded"
	behind := `"additionalProperties": {"currentContext.refreshTokenId": "` + id + `"}`
	ci := `"token_id": "` + id + `", "token_name": "ci", "token_kind": "api", "token_profile": "native", "scopes": ["Read-only"], "owner": {` + dev + `}`
	for _, c := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		want                     []string
	}{
		{"login", "POST", "/login", servertest.Login, nil, 200, []string{`{"event": "login", "outcome": "ok", "status": 200, "endpoint": "POST /login", ` + dev + `}`}},
		{"guess", "POST", "/login", strings.ReplaceAll(typo, "mark-typo", "root"), nil, 401, []string{
			`{"event": "login", "outcome": "refused", "why": "unauthenticated", "status": 401, "endpoint": "POST /login", "claimed_user": "root", "eauth": "pam"}`}},
		{"salt-tokens", "POST", "/token", `[` + servertest.Login + `, ` + strings.ReplaceAll(typo, "mark-typo", "root") + `]`, nil, 401, []string{
			`{"event": "login", "outcome": "ok", "status": 401, "endpoint": "POST /token", ` + dev + `}`,
			`{"event": "login", "outcome": "refused", "why": "unauthenticated", "status": 401, "endpoint": "POST /token", "claimed_user": "root", "eauth": "pam"}`}},
		{"vcd-login", "POST", "/cloudapi/1.0.0/sessions", "", []string{basic}, 200, []string{
			`{"event": "login", "outcome": "ok", "status": 200, "endpoint": "POST /cloudapi/1.0.0/sessions", ` + dev + `}`}},
		{"csp-login", "POST", "/account/login", `{"username": "root", "password": "mark-password"}`, nil, 401, []string{
			`{"event": "login", "outcome": "refused", "why": "unauthenticated", "status": 401, "endpoint": "POST /account/login", "claimed_user": "root", "eauth": "pam"}`}},
		{"hook", "POST", "/hook/a/b", `{"x": "mark-argument"}`, []string{servertest.AuthToken + servertest.SessionID}, 200, []string{
			`{"event": "hook", "outcome": "ok", "status": 200, "endpoint": "POST /hook/*", "subject": "salt/netapi/hook/a/b", ` + dev + `}`}},
		{"no-hook", "POST", "/hook/a/b", `{}`, []string{servertest.AuthToken + api}, 403, []string{
			`{"event": "refused", "outcome": "refused", "why": "forbidden", "status": 403, "endpoint": "POST /hook/*", ` + dev + `, ` + ci + `, ` + behind + `}`}},
		{"issued", "POST", "/v1/tokens", `{"name": "more", "scopes": ["User"], "ttl": "1d"}`, []string{servertest.AuthToken + servertest.SessionID}, 201, []string{
			`{"event": "issued", "outcome": "ok", "endpoint": "POST /v1/tokens", ` + dev + `, "token_id": "?", "token_name": "more",
			  "token_kind": "api", "token_profile": "native", "scopes": ["User"], "owner": {` + dev + `}}`}},
		{"role", "POST", "/v1/roles", `{"name": "web", "permissions": ["cmd-read"]}`, []string{servertest.AuthToken + servertest.SessionID}, 201, []string{
			`{"event": "changed", "outcome": "ok", "endpoint": "POST /v1/roles", "subject": "role web", ` + dev + `}`}},
		{"exchanged", "POST", "/oauth/provider/token", "grant_type=refresh_token&refresh_token=" + api, []string{form}, 200, []string{
			`{"event": "exchanged", "outcome": "ok", "endpoint": "POST /oauth/provider/token", ` + dev + `, ` + ci + `, "others": ["?"], ` + behind + `}`}},
		{"not-exchanged", "POST", "/csp/gateway/am/api/auth/api-tokens/authorize", "api_token=" + api[:47] + "_", []string{form}, 400, []string{
			`{"event": "refused", "outcome": "refused", "why": "malformed", "endpoint": "POST /csp/gateway/am/api/auth/api-tokens/authorize"}`}},
		{"read", "GET", "/v1/audit?limit=1", "", []string{servertest.AuthToken + servertest.SessionID}, 200, []string{
			`{"event": "audit_read", "outcome": "ok", "status": 200, "endpoint": "GET /v1/audit", ` + dev + `}`}},
		{"not-read", "GET", "/v1/audit", "", []string{servertest.AuthToken + api}, 403, []string{
			`{"event": "refused", "outcome": "refused", "why": "forbidden", "status": 403, "endpoint": "GET /v1/audit", ` + dev + `, ` + ci + `, ` + behind + `}`}},
		{"logout", "POST", "/logout", "", []string{servertest.AuthToken + servertest.SessionID}, 200, []string{
			`{"event": "logout", "outcome": "ok", "status": 200, "endpoint": "POST /logout", ` + dev + `}`}},
		{"revoked", "DELETE", "/v1/tokens/" + id, "", []string{servertest.AuthToken + servertest.SessionID}, 204, []string{
			`{"event": "revoked", "outcome": "ok", "why": "revoked", "endpoint": "DELETE /v1/tokens/{id}", ` + dev + `, ` + ci + `, "others": ["?", "?"]}`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			head, text := r.Send(t, c.method, c.path, c.body, append(c.headers, "X-Request-Id: "+c.name)...)
			require.Equal(t, c.status, head.StatusCode, text)
			got := lines(t, r.audit, c.name)
			require.Len(t, got, len(c.want), "%v", got)
			for i, want := range c.want {
				if strings.Contains(want, `"token_id": "?"`) {
					require.True(t, apitoken.ValidID(got[i]["token_id"].(string)))
					got[i]["token_id"] = "?"
				}
				if others, ok := got[i]["others"].([]any); ok {
					for j := range others {
						others[j] = "?"
					}
				}
				text, err := json.Marshal(got[i])
				require.NoError(t, err)
				require.JSONEq(t, want, string(text))
			}
		})
	}
	noMarks(t, r.file, api, servertest.SessionID, servertest.SaltToken, basic[len(basic)-20:])
}

// Arguments are written if the setting is on, but credentials never.
func TestAuditOfArguments(t *testing.T) {
	t.Parallel()
	r := withAudit(t, obedient(), func(c *server.Config) { c.Audit.Arguments = true })
	_, _ = r.Send(t, "POST", "/", `[{"client": "local", "tgt": "*", "fun": "f", "arg": ["a", "token=mark-1"], "kwarg": {"b": 1, "password": "mark-2"},
		"username": "saltdev", "password": "saltdev", "eauth": "pam"}]`, "X-Request-Id: short")
	_, _ = r.Send(t, "POST", "/", `[{"client": "local", "fun": "f", "arg": ["`+strings.Repeat("x", 50000)+`"]}]`, servertest.AuthToken+servertest.SessionID, "X-Request-Id: long")
	got := lines(t, r.audit, "short")[0]
	require.Equal(t, map[string]any{
		"arg": []any{"a", "token=HIDDEN"}, "kwarg": map[string]any{"b": 1.0, "password": "HIDDEN"},
	}, got["arguments"])
	_, _ = r.Send(t, "POST", "/", `[{"client": "runner", "fun": "takes.a", "a": 1, "tgt": "*"}]`, servertest.AuthToken+servertest.SessionID, "X-Request-Id: less")
	require.Equal(t, []any{"tgt"}, lines(t, r.audit, "less")[0]["left_out"])
	got = lines(t, r.audit, "long")[0]
	require.Equal(t, []any{"arguments"}, got["clipped"])
	require.Regexp(t, `^\{"arg":\["x+$`, got["arguments"])
	require.NotContains(t, auditText(t, r.file), "mark-")
}

// Lines are written before the client receives anything, also for a response
// that is streamed and one that is truncated.
func TestAuditComesFirst(t *testing.T) {
	t.Parallel()
	goOn := make(chan error)
	g := streaming{func(_ context.Context, call *servertest.Call, yield func([]byte) error) error {
		call.Records = []lowstate.Record{{User: "saltdev", Eauth: "pam", Begun: true, JID: "1"}}
		if err := yield([]byte(`{"a": 1}`)); err != nil {
			return err
		}
		return <-goOn
	}}
	r := withAudit(t, g, nil)
	req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+r.Addr(0)+"/", strings.NewReader(`[{"client": "local_batch", "tgt": "*", "fun": "test.ping"}]`))
	require.NoError(t, err)
	for name, value := range map[string]string{"Content-Type": servertest.JSON, "X-Auth-Token": servertest.SessionID, "X-Request-Id": "stream"} {
		req.Header.Set(name, value)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	require.NoError(t, err)
	defer resp.Body.Close() //nolint:errcheck // it has no end
	got := lines(t, r.audit, "stream")
	require.Len(t, got, 1)
	require.Equal(t, "ok", got[0]["outcome"])
	require.Equal(t, "1", got[0]["jid"])

	goOn <- &lowstate.Error{Kind: lowstate.Timeout}
	require.Eventually(t, func() bool { return len(lines(t, r.audit, "stream")) == 2 }, servertest.Timeout, time.Millisecond)
	got = lines(t, r.audit, "stream")
	require.Equal(t, "failed", got[1]["outcome"])
	require.Equal(t, "timeout", got[1]["why"])
}

// streaming is a gateway that streams all answers.
type streaming struct {
	run func(ctx context.Context, call *servertest.Call, yield func([]byte) error) error
}

func (g streaming) Run(context.Context, lowstate.Call) (lowstate.Result, error) {
	return lowstate.Result{}, errors.New("it streams")
}
func (streaming) Streams(lowstate.Call) bool { return true }
func (streaming) Clients() []string          { return nil }
func (g streaming) RunStream(
	ctx context.Context, call lowstate.Call, yield func(lowstate.Result, lowstate.Answer) error,
) (lowstate.Result, error) {
	c := &servertest.Call{Call: call}
	err := g.run(ctx, c, func(item []byte) error { return yield(c.Result(nil), lowstate.Returns(item)) })
	return c.Result(nil), err
}

// The command of a client that does not wait is logged all the same.
func TestAuditOfOneWhoHasGone(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{})
	g := servertest.Gateway(func(ctx context.Context, call *servertest.Call) ([][]byte, error) {
		call.Records = []lowstate.Record{{User: "saltdev", Eauth: "pam", Begun: true}}
		close(begun)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	r := withAudit(t, g, nil)
	c := r.Dial(t, 0)
	servertest.Post(t, c, servertest.Ping, "Content-Length: "+fmt.Sprint(len(servertest.Ping)), "X-Request-Id: gone")
	<-begun
	require.NoError(t, c.Close())
	require.Eventually(t, func() bool { return len(lines(t, r.audit, "gone")) == 1 }, servertest.Timeout, time.Millisecond)
	got := lines(t, r.audit, "gone")[0]
	require.Equal(t, "canceled", got["outcome"])
	require.Equal(t, "canceled", got["why"])
	require.EqualValues(t, 499, got["status"])
}

// Opening a stream is logged, and the requests for grains of a view are
// commands.
func TestAuditOfStreams(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "audit.jsonl")
	log := openAudit(t, file)
	e := servertest.StartEvents(t, servertest.EventOptions{Master: mastertest.Options{}, Hub: eventstream.Options{}, Gateway: obedient(), Server: func(c *server.Config) {
		c.Audit.Log = log
	}})
	const dev = `"user": "saltdev", "eauth": "pam"`
	_ = e.Follow(t, "", "X-Request-Id: events")
	_ = e.Socket(t, "/ws/"+servertest.SessionID, "X-Request-Id: ws")
	s := e.Socket(t, "/formatted_events/"+servertest.SessionID, "X-Request-Id: formatted")
	s.Write("websocket client ready")
	_, status, err := e.DialSocket(t, "/all_events/"+strings.Repeat("0", 40), "X-Request-Id: refused")
	require.Error(t, err)
	require.Equal(t, 401, status)
	require.Eventually(t, func() bool { return len(lines(t, log, "formatted")) == 2 }, servertest.Timeout, time.Millisecond)
	for request, want := range map[string][]string{
		"events":  {`{"event": "stream", "outcome": "ok", "status": 200, "endpoint": "GET /events", ` + dev + `}`},
		"ws":      {`{"event": "stream", "outcome": "ok", "status": 101, "endpoint": "GET /ws/{token}", ` + dev + `}`},
		"refused": {`{"event": "refused", "outcome": "refused", "why": "unauthenticated", "status": 401, "endpoint": "GET /all_events/{token}"}`},
		"formatted": {
			`{"event": "stream", "outcome": "ok", "status": 101, "endpoint": "GET /formatted_events/{token}", ` + dev + `}`,
			`{"event": "command", "outcome": "ok", "endpoint": "GET /formatted_events/{token}", "client": "local_async", "fun": "grains.items",
			  "tgt": "*", "tgt_type": "glob", "jid": "20261122120000000000", "minions": 2, ` + dev + `}`},
	} {
		got := lines(t, log, request)
		require.Len(t, got, len(want), request)
		for i := range want {
			text, err := json.Marshal(got[i])
			require.NoError(t, err)
			require.JSONEq(t, want[i], string(text))
		}
	}
	noMarks(t, file, servertest.SessionID, servertest.SaltToken, strings.Repeat("0", 40))
}

// rest_wsgi has no paths.
func TestAuditOfWSGI(t *testing.T) {
	t.Parallel()
	r := withAudit(t, obedient(), nil)
	head, text := r.SendAs(t, 1, "POST", "/any/path", servertest.JSON, servertest.Ping)
	require.Equal(t, 200, head.StatusCode, text)
	got := linesOf(t, r.audit, audit.Query{Request: head.Header.Get("X-Request-Id")})
	require.Len(t, got, 1)
	require.Equal(t, "POST /", got[0]["endpoint"])
	require.Equal(t, "saltdev", got[0]["user"])

	secret, id := r.Create(t, `{"name": "ci", "scopes": ["User"]}`)
	for status, outcome := range map[int]string{200: "ok", 401: "refused"} {
		shown := secret
		if status == 401 {
			shown = secret[:47] + "_"
		}
		req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+r.Addr(1)+"/", strings.NewReader(`[{`+run+`"test.ping"}]`))
		require.NoError(t, err)
		for name, value := range map[string]string{"Content-Type": servertest.JSON, "X-Auth-Token": shown, "X-Request-Id": outcome} {
			req.Header.Set(name, value)
		}
		head, text := servertest.Do(t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, req)
		require.Equal(t, status, head.StatusCode, text)
		got := lines(t, r.audit, outcome)
		last := got[len(got)-1]
		require.Equal(t, "command", last["event"])
		require.Equal(t, "test.ping", last["fun"])
		require.Equal(t, outcome, last["outcome"])
		require.Equal(t, status == 200, last["token_id"] == id)
	}
}
