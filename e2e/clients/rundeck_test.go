package clients

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

// rundeck sends what Rundeck's salt-step plugin sends through Apache's
// HttpClient 4: forms whose charset stands in Content-Encoding, since the
// plugin takes the one for the other.
type rundeck struct{ wire }

func (r *rundeck) form(t *testing.T, path string, form []param, headers ...string) env.Answer {
	t.Helper()
	if r.api && len(headers) == 0 {
		// With the option app, salt-api answers a POST without Accept with the app.
		headers = append(headers, "Accept: application/json")
	}
	headers = append(headers,
		"Content-Encoding: UTF-8",
		"Content-Type: application/x-www-form-urlencoded",
		"Connection: Keep-Alive",
		"User-Agent: Apache-HttpClient/4.3.4 (java 1.5)",
		"Accept-Encoding: gzip,deflate")
	return r.send(t, "POST "+path, headers, javaForm(form))
}

func (r *rundeck) get(t *testing.T, path string, headers ...string) env.Answer {
	t.Helper()
	headers = append(headers, "Connection: Keep-Alive", "User-Agent: Apache-HttpClient/4.3.4 (java 1.5)", "Accept-Encoding: gzip,deflate")
	return r.send(t, "GET "+path, headers, "")
}

// javaForm encodes a form as Apache's URLEncodedUtils does.
func javaForm(form []param) string {
	var parts []string
	for _, p := range form {
		parts = append(parts, p.key+"="+strings.ReplaceAll(url.QueryEscape(p.value), "%2A", "*"))
	}
	return strings.Join(parts, "&")
}

// TestRundeck runs a step: login, a job on one minion, its return, logout.
func TestRundeck(t *testing.T) {
	eachTarget(t, func(t *testing.T, g target) {
		r := &rundeck{wire{target: g}}
		login := func(password string) env.Answer {
			return r.form(t, "/login", []param{{"username", env.User}, {"password", password}, {"eauth", "pam"}})
		}
		a := login(env.User)
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		r.token = a.Header.Get("X-Auth-Token") // the plugin reads it there
		require.NotEmpty(t, r.token)
		session := []string{"X-Auth-Token: " + r.token, "Accept: application/json"}

		// A function and its arguments, one of them a keyword's.
		a = r.form(t, "/minions", []param{
			{"fun", "test.arg"}, {"tgt", "ms--1"}, {"arg", "two words"}, {"arg", "key=ü&value"},
		}, session...)
		var job jobStarted
		decode(t, a, http.StatusAccepted, &job)
		require.Len(t, job.Return, 1)
		require.Equal(t, []string{"ms--1"}, job.Return[0].Minions)

		found := awaitJob(t, func() env.Answer { return r.get(t, "/jobs/"+job.Return[0].JID, session...) })
		require.Len(t, found.Return, 1)
		require.Equal(t, map[string]any{"args": []any{"two words"}, "kwargs": map[string]any{"key": "ü&value"}},
			withoutPub(found.Return[0]["ms--1"]))

		// A job that matches nothing, which the plugin reports.
		a = r.form(t, "/minions", []param{{"fun", "test.ping"}, {"tgt", "nobody"}}, session...)
		var none jobStarted
		decode(t, a, http.StatusAccepted, &none)
		require.Len(t, none.Return, 1)
		require.Empty(t, none.Return[0].Minions)

		require.Equal(t, http.StatusUnauthorized, login("wrong").Status)
		// It logs out with GET, and does not look at what comes.
		r.get(t, "/logout", "X-Auth-Token: "+r.token)
	})
}
