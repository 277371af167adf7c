package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/saltmaster/tokenstore"
)

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
	store := tokensOf(t, a.Env)
	write := func(expire time.Time) string {
		record := tokenstore.Record{
			Token: store.NewToken(), User: env.User, Eauth: "pam", Start: time.Now().Add(-time.Hour), Expire: expire,
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
			answer := ask(t, a.Env, a.Main, q)
			require.Equal(t, http.StatusUnauthorized, answer.Status, "%s: %s", name, answer.Body)
		}
	}

	// One that ends while it is in use, and known to be good until then.
	expire := time.Now().Add(3 * time.Second).Truncate(time.Second)
	token := write(expire)
	require.Equal(t, http.StatusOK, a.with(t, token, http.MethodGet, "/stats", "").Status)
	stream := followEvents(t, a.Env, token, "")
	time.Sleep(time.Until(expire))
	for name, q := range a.tokenUses(token) {
		answer := ask(t, a.Env, a.Main, q)
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
	logins := authentications(t, a.Env)
	touched := watchFiles(t, victims...)
	for _, token := range []string{
		"../victim", "..%2fvictim", "..%2Fvictim", `..\victim`, beside, "./../victim", "victim", "*", "0x" + hex64[2:],
		strings.Repeat("../", 21) + "a", hex64 + "/../../victim", hex64[1:] + "G", strings.Repeat("a", 5000), "-1", "１２３",
	} {
		for name, q := range a.tokenUses(token) {
			answer := ask(t, a.Env, a.Main, q)
			require.Equal(t, http.StatusUnauthorized, answer.Status, "%s %s: %s", name, token, answer.Body)
		}
		for _, path := range []string{"ws/", "all_events/", "formatted_events/"} {
			answer := ask(t, a.Env, a.Main, asked{method: http.MethodGet, path: path + url.PathEscape(token), kind: "-"})
			require.GreaterOrEqual(t, answer.Status, 400, "%s%s", path, token)
			require.Less(t, answer.Status, 500, "%s%s", path, token)
		}
	}
	for _, chunk := range []string{`"token": "` + hex64[1:] + `\u0000"`, `"token": "../victim\u0000"`} {
		answer := a.send(t, a.entrances()["POST /run"], chunk+", "+a.command("local"))
		require.Equal(t, http.StatusUnauthorized, answer.Status, answer.Body)
	}
	require.Equal(t, logins, authentications(t, a.Env), "a backend was asked")
	require.Empty(t, touched(), "files were touched")
}
