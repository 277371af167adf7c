package security

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/server/audit"
)

// auditors is a gateway where saltdev may read the audit log over HTTP too, and
// whose log is rotated all the time.
var auditors = env.More{Settings: "tokens:\n  assignments: [{users: saltdev, roles: Superuser}]\naudit: {max_size: 2000, keep: 1000}\n"}

// audited is what saltern audit prints, the oldest line first.
func audited(t *testing.T, r *env.Env, args ...string) (entries []audit.Entry, text string) {
	t.Helper()
	text, err := r.Command(t.Context(), "", append([]string{"audit"}, args...)...)
	require.NoError(t, err)
	for line := range strings.Lines(text) {
		var e audit.Entry
		require.NoError(t, json.Unmarshal([]byte(line), &e), line)
		entries = append(entries, e)
	}
	return entries, text
}

// The life of a token as CI has it: what was done with it and to it is found by
// its id, with the name that Cloud Director gives that, and no line has a
// secret or an argument in it.
func TestAudit(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		g := envtest.AnotherGateway(t, r, auditors)
		require.NoError(t, r.WritePAM(map[string]string{env.User: envtest.MarkPassword}))
		t.Cleanup(func() { require.NoError(t, r.WritePAM(nil)) })
		send := func(q envtest.Request, id string, credential string, status int) env.Answer {
			t.Helper()
			q.Header = map[string]string{"X-Request-Id": id}
			if credential != "" {
				q.Header["Authorization"] = "Bearer " + credential
			}
			a := envtest.Send(t, g, g.Main, q)
			require.Equal(t, status, a.Status, "%s: %s", id, a.Body)
			return a
		}
		login := func(id, password string, status int) env.Answer {
			t.Helper()
			return send(envtest.Request{Path: "login", Body: fmt.Sprintf(`{"username": %q, "password": %q, "eauth": "pam"}`, env.User, password)}, id, "", status)
		}
		login("guess", envtest.MarkWrong, http.StatusUnauthorized)
		session := login("login", envtest.MarkPassword, http.StatusOK).Header.Get("X-Auth-Token")
		envtest.AddRole(t, g, "ci-audit", `[{"ms--[01]": ["test\\.ping$", "test\\.arg$"]}]`)

		var made envtest.APIToken
		a := send(envtest.Request{Path: "v1/tokens", Body: `{"name": "ci", "scopes": ["ci-audit"], "ttl": "1d"}`}, "create", session, http.StatusCreated)
		require.NoError(t, json.Unmarshal([]byte(a.Body), &made))
		a = send(envtest.Request{Path: envtest.CSPAuthorize, Kind: "application/x-www-form-urlencoded", Body: "api_token=" + made.Token}, "exchange", "", http.StatusOK)
		access := envtest.Member(t, a, "access_token")

		chunk := func(client, fun string) envtest.Request {
			return envtest.Request{Body: fmt.Sprintf(`[{"client": %q, "tgt": "*", "fun": %q, "arg": [%q], "kwarg": {"password": %q}}]`, client, fun, envtest.MarkArgument, envtest.MarkArgument)}
		}
		send(chunk("local", "test.arg"), "command", access, http.StatusOK)
		send(chunk("local_async", "test.arg"), "async", access, http.StatusOK)
		send(chunk("local_batch", "test.arg"), "batch", made.Token, http.StatusOK)
		send(chunk("local", "cmd.run"), "denied", access, http.StatusForbidden)
		send(envtest.Request{Method: "GET", Path: "events"}, "stream", access, http.StatusForbidden)

		// What was answered is written, whatever becomes of the gateway.
		require.NoError(t, g.Signal(syscall.SIGKILL))
		<-g.Ended()
		require.NoError(t, g.StartGateway(t.Context()))
		send(envtest.Request{Method: "DELETE", Path: "v1/tokens/" + made.ID}, "revoke", session, http.StatusNoContent)
		send(chunk("local", "test.arg"), "too-late", access, http.StatusUnauthorized)
		send(envtest.Request{Path: "logout"}, "logout", session, http.StatusOK)

		byToken, text := audited(t, g, "--token", made.ID)
		require.Equal(t, []string{
			"create issued ok", "exchange exchanged ok",
			"command command ok", "async command ok", "batch command ok",
			"denied command refused out_of_scope", "stream refused refused forbidden",
			"revoke revoked ok revoked", "too-late refused refused revoked",
		}, inShort(byToken))
		key := `"additionalProperties":{"currentContext.refreshTokenId":"` + made.ID + `"}`
		for line := range strings.Lines(text) {
			by := !strings.Contains(line, `"event":"issued"`) && !strings.Contains(line, `"event":"revoked"`)
			require.Equal(t, by, strings.Contains(line, key), line)
		}
		requireCommand(t, byToken[2], made.ID)
		require.Equal(t, "cmd.run", byToken[5].Fun)
		require.Equal(t, env.User, byToken[5].User)
		require.Equal(t, []string{"guess login refused unauthenticated", "login login ok", "logout logout ok"},
			inShort(first(audited(t, g, "--user", env.User, "--event", "login")), first(audited(t, g, "--event", "logout"))))
		require.Equal(t, env.User, first(audited(t, g, "--client-request", "guess"))[0].ClaimedUser)
		role := first(audited(t, g, "--event", "changed"))
		require.Len(t, role, 1)
		require.True(t, role[0].Operator)
		require.Equal(t, "role ci-audit", role[0].Subject)

		requireAuditIsClean(t, g, session, made.Token, access)
		session = login("again", envtest.MarkPassword, http.StatusOK).Header.Get("X-Auth-Token")
		requireAuditOverHTTP(t, g, session, made.ID)
	})
}

func first(entries []audit.Entry, _ string) []audit.Entry { return entries }

// inShort are entries as the client's name of their request, event, outcome and why.
func inShort(lists ...[]audit.Entry) (short []string) {
	for _, entries := range lists {
		for _, e := range entries {
			short = append(short, strings.TrimSpace(e.ClientRequestID+" "+e.Event+" "+e.Outcome+" "+e.Why))
		}
	}
	return short
}

// requireCommand looks at the line of a command that was narrowed.
func requireCommand(t *testing.T, e audit.Entry, token string) {
	t.Helper()
	require.Equal(t, "csp", string(e.TokenProfile))
	require.Equal(t, "access", string(e.TokenKind))
	require.NotEqual(t, token, e.TokenID)
	require.Equal(t, []string{"ci-audit"}, e.Scopes)
	require.Equal(t, env.User, e.User)
	require.Equal(t, "pam", e.Eauth)
	require.Equal(t, "127.0.0.1", e.Address)
	require.Equal(t, "POST /", e.Endpoint)
	require.Equal(t, "local", e.Client)
	require.Equal(t, "test.arg", e.Fun)
	require.Equal(t, "*", e.Tgt)
	require.Contains(t, e.SentTgt, "ms--[01]")
	require.Equal(t, "compound", e.SentTgtType)
	require.Equal(t, 2, e.Minions)
	require.Regexp(t, `^\d{20}$`, e.JID)
	require.Nil(t, e.Arguments)
}

// requireAuditIsClean looks through all files of the log.
func requireAuditIsClean(t *testing.T, g *env.Env, secrets ...string) {
	t.Helper()
	dir := filepath.Join(g.StateDir(), "audit")
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Greater(t, len(files), 2, "it was rotated")
	for _, f := range files {
		info, err := f.Info()
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode())
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		require.NoError(t, err)
		for _, secret := range append(secrets, "mark-", "saltern_api_", "saltern_acc_") {
			require.NotContains(t, string(text), secret)
		}
	}
	require.NotContains(t, g.Log(), "mark-")
}

// requireAuditOverHTTP reads the same over HTTP, as it is described.
func requireAuditOverHTTP(t *testing.T, g *env.Env, session, token string) {
	t.Helper()
	d := envtest.NewDescribed(t, g)
	by := map[string]string{"X-Auth-Token": session}
	for _, q := range []envtest.DescribedRequest{
		{Route: "GET /v1/audit", Headers: by, Kind: "", Body: "", Status: 200},
		{Route: "GET /v1/audit?since=1h&order=oldest&limit=5", Headers: by, Kind: "", Body: "", Status: 200},
		{Route: "GET /v1/audit?since=yesterday", Headers: by, Kind: "", Body: "", Status: 400},
		{Route: "GET /v1/audit", Headers: nil, Kind: "", Body: "", Status: 401},
	} {
		d.Check(t, q)
	}
	require.True(t, d.Seen["readAudit"])
	printed, _ := audited(t, g, "--token", token, "--newest")
	var page struct{ Entries []audit.Entry }
	a := envtest.Bearing(t, g, session, "GET /v1/audit?token="+token, "")
	require.NoError(t, json.Unmarshal([]byte(a.Body), &page))
	require.Equal(t, printed, page.Entries)
}

// Only who has the right reads the audit log, and where it is off nothing is
// written.
func TestAuditRights(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		made := envtest.MakeToken(t, r, envtest.Login(t, r, env.ReadOnly), "auditor", "Administrator")
		for _, credential := range []string{envtest.Login(t, r, env.ReadOnly), made.Token} {
			a := envtest.Bearing(t, r, credential, "GET /v1/audit", "")
			require.Equal(t, http.StatusForbidden, a.Status, "the scope has it, the owner has not")
		}
		g := envtest.AnotherGateway(t, r, env.More{Settings: "tokens:\n  assignments: [{users: saltdev, roles: Administrator}]\naudit: {file: \"off\"}\n"})
		session := envtest.Login(t, g, env.User)
		require.Equal(t, http.StatusNotFound, envtest.Bearing(t, g, session, "GET /v1/audit", "").Status)
		_, err := g.Command(context.Background(), "", "audit")
		require.ErrorContains(t, err, "the audit log is off")
		require.NoDirExists(t, filepath.Join(g.StateDir(), "audit"))
	})
}
