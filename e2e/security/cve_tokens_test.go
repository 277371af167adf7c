package security

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
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/tokenstore"
)

// tokenUses are all the ways to show a token outside of a chunk.
func (a *attacked) tokenUses(token string) map[string]envtest.Request {
	uses := make(map[string]envtest.Request)
	for name, header := range map[string]map[string]string{
		"header": {"X-Auth-Token": token}, "bearer": {"Authorization": "Bearer " + token}, "cookie": {"Cookie": "session_id=" + token},
	} {
		for _, path := range []string{"minions", "jobs", "keys", "stats", "events"} {
			uses["GET "+path+" "+name] = envtest.Request{Method: http.MethodGet, Path: path, Kind: "-", Header: header}
		}
		for _, path := range []string{"", "run", "jobs", "minions", "hook", "logout"} {
			uses["POST "+path+" "+name] = envtest.Request{Path: path, Body: "[{" + a.command("local") + "}]", Header: header}
		}
	}
	for _, path := range []string{"", "run", "jobs"} {
		uses["chunk of "+path] = envtest.Request{Path: path, Body: `[{"token": ` + fmt.Sprintf("%q", token) + `, ` + a.command("local") + "}]"}
	}
	return uses
}

// expiredTokens uses tokens that are over, the first time and again: Salt once
// took them once more.
func (a *attacked) expiredTokens(t *testing.T) {
	store := envtest.TokensOf(t, a.Env)
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
		q.Body = strings.ReplaceAll(q.Body, "TOKEN", token)
		q.Header = replaced(q.Header, token)
		for range 2 {
			answer := envtest.Send(t, a.Env, a.Main, q)
			require.Equal(t, http.StatusUnauthorized, answer.Status, "%s: %s", name, answer.Body)
		}
	}

	// One that ends while it is in use, and known to be good until then.
	expire := time.Now().Add(3 * time.Second).Truncate(time.Second)
	token := write(expire)
	require.Equal(t, http.StatusOK, a.with(t, token, http.MethodGet, "/stats", "").Status)
	stream := envtest.FollowEvents(t, a.Env, token, "")
	time.Sleep(time.Until(expire))
	for name, q := range a.tokenUses(token) {
		answer := envtest.Send(t, a.Env, a.Main, q)
		require.Equal(t, http.StatusUnauthorized, answer.Status, "%s: %s", name, answer.Body)
	}
	stream.Until(`"reason": "The session has expired"`)
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
	logins := envtest.Authentications(t, a.Env)
	touched := envtest.WatchFiles(t, victims...)
	for _, token := range []string{
		"../victim", "..%2fvictim", "..%2Fvictim", `..\victim`, beside, "./../victim", "victim", "*", "0x" + envtest.Hex64[2:],
		strings.Repeat("../", 21) + "a", envtest.Hex64 + "/../../victim", envtest.Hex64[1:] + "G", strings.Repeat("a", 5000), "-1", "１２３",
	} {
		for name, q := range a.tokenUses(token) {
			answer := envtest.Send(t, a.Env, a.Main, q)
			require.Equal(t, http.StatusUnauthorized, answer.Status, "%s %s: %s", name, token, answer.Body)
		}
		for _, path := range []string{"ws/", "all_events/", "formatted_events/"} {
			answer := envtest.Send(t, a.Env, a.Main, envtest.Request{Method: http.MethodGet, Path: path + url.PathEscape(token), Kind: "-"})
			require.GreaterOrEqual(t, answer.Status, 400, "%s%s", path, token)
			require.Less(t, answer.Status, 500, "%s%s", path, token)
		}
	}
	for _, chunk := range []string{`"token": "` + envtest.Hex64[1:] + `\u0000"`, `"token": "../victim\u0000"`} {
		answer := a.send(t, a.entrances()["POST /run"], chunk+", "+a.command("local"))
		require.Equal(t, http.StatusUnauthorized, answer.Status, answer.Body)
	}
	require.Equal(t, logins, envtest.Authentications(t, a.Env), "a backend was asked")
	require.Empty(t, touched(), "files were touched")
}
