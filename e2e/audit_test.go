package e2e

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
	eachRelease(t, func(t *testing.T, r *env.Env) {
		g := anotherGateway(t, r, auditors)
		require.NoError(t, r.WritePAM(map[string]string{env.User: markPassword}))
		t.Cleanup(func() { require.NoError(t, r.WritePAM(nil)) })
		send := func(q asked, id string, credential string, status int) env.Answer {
			t.Helper()
			q.header = map[string]string{"X-Request-Id": id}
			if credential != "" {
				q.header["Authorization"] = "Bearer " + credential
			}
			a := ask(t, g, g.Main, q)
			require.Equal(t, status, a.Status, "%s: %s", id, a.Body)
			return a
		}
		login := func(id, password string, status int) env.Answer {
			t.Helper()
			return send(asked{path: "login", body: fmt.Sprintf(`{"username": %q, "password": %q, "eauth": "pam"}`, env.User, password)}, id, "", status)
		}
		login("guess", markWrong, http.StatusUnauthorized)
		session := login("login", markPassword, http.StatusOK).Header.Get("X-Auth-Token")
		addRole(t, g, "ci-audit", `[{"ms--[01]": ["test\\.ping$", "test\\.arg$"]}]`)

		var made apiToken
		a := send(asked{path: "v1/tokens", body: `{"name": "ci", "scopes": ["ci-audit"], "ttl": "1d"}`}, "create", session, http.StatusCreated)
		require.NoError(t, json.Unmarshal([]byte(a.Body), &made))
		a = send(asked{path: cspAuthorize, kind: "application/x-www-form-urlencoded", body: "api_token=" + made.Token}, "exchange", "", http.StatusOK)
		access := member(t, a, "access_token")

		chunk := func(client, fun string) asked {
			return asked{body: fmt.Sprintf(`[{"client": %q, "tgt": "*", "fun": %q, "arg": [%q], "kwarg": {"password": %q}}]`, client, fun, markArgument, markArgument)}
		}
		send(chunk("local", "test.arg"), "command", access, http.StatusOK)
		send(chunk("local_async", "test.arg"), "async", access, http.StatusOK)
		send(chunk("local_batch", "test.arg"), "batch", made.Token, http.StatusOK)
		send(chunk("local", "cmd.run"), "denied", access, http.StatusForbidden)
		send(asked{method: "GET", path: "events"}, "stream", access, http.StatusForbidden)

		// What was answered is written, whatever becomes of the gateway.
		require.NoError(t, g.Signal(syscall.SIGKILL))
		<-g.Ended()
		require.NoError(t, g.StartGateway(t.Context()))
		send(asked{method: "DELETE", path: "v1/tokens/" + made.ID}, "revoke", session, http.StatusNoContent)
		send(chunk("local", "test.arg"), "too-late", access, http.StatusUnauthorized)
		send(asked{path: "logout"}, "logout", session, http.StatusOK)

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
		session = login("again", markPassword, http.StatusOK).Header.Get("X-Auth-Token")
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
	d := newDescribed(t, g)
	by := map[string]string{"X-Auth-Token": session}
	for _, q := range []request{
		{"GET /v1/audit", by, "", "", 200},
		{"GET /v1/audit?since=1h&order=oldest&limit=5", by, "", "", 200},
		{"GET /v1/audit?since=yesterday", by, "", "", 400},
		{"GET /v1/audit", nil, "", "", 401},
	} {
		d.check(t, q)
	}
	require.True(t, d.seen["readAudit"])
	printed, _ := audited(t, g, "--token", token, "--newest")
	var page struct{ Entries []audit.Entry }
	a := bearing(t, g, session, "GET /v1/audit?token="+token, "")
	require.NoError(t, json.Unmarshal([]byte(a.Body), &page))
	require.Equal(t, printed, page.Entries)
}

// Only who has the right reads the audit log, and where it is off nothing is
// written.
func TestAuditRights(t *testing.T) {
	eachRelease(t, func(t *testing.T, r *env.Env) {
		made := makeToken(t, r, pamSession(t, r, env.User), "auditor", "Administrator")
		for _, credential := range []string{pamSession(t, r, env.User), made.Token} {
			a := bearing(t, r, credential, "GET /v1/audit", "")
			require.Equal(t, http.StatusForbidden, a.Status, "the scope has it, the owner has not")
		}
		g := anotherGateway(t, r, env.More{Settings: "tokens:\n  assignments: [{users: saltdev, roles: Administrator}]\naudit: {file: \"off\"}\n"})
		session := pamSession(t, g, env.User)
		require.Equal(t, http.StatusNotFound, bearing(t, g, session, "GET /v1/audit", "").Status)
		_, err := g.Command(context.Background(), "", "audit")
		require.ErrorContains(t, err, "the audit log is off")
		require.NoDirExists(t, filepath.Join(g.StateDir(), "audit"))
	})
}
