package clients

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

// stackStorm sends what StackStorm's salt pack sends through Python's requests:
// one object for each action, after a login of its own.
type stackStorm struct{ wire }

// python are the header lines of requests.
var python = []string{"Accept-Encoding: gzip, deflate", "Connection: keep-alive"}

func (s *stackStorm) login(t *testing.T, password string) env.Answer {
	t.Helper()
	return s.send(t, "POST /login",
		append([]string{"User-Agent: python-requests/2.31.0", "Accept: */*", "Content-Type: application/json"}, python...),
		toJSON(t, map[string]any{"eauth": "pam", "username": env.User, "password": password}))
}

// action runs one. charset is a header of its own to the pack.
func (s *stackStorm) action(t *testing.T, v any, chunk map[string]any) {
	t.Helper()
	a := s.login(t, env.User)
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	a = s.send(t, "POST /", append([]string{
		"Accept: application/json", "Content-Type: application/json", "charset: utf-8",
		"x-auth-token: " + a.Header.Get("X-Auth-Token"), "User-Agent: St2 Salt pack",
	}, python...), toJSON(t, chunk))
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	firstReturn(t, a.Body, v)
}

func TestStackStorm(t *testing.T) {
	eachTarget(t, func(t *testing.T, g target) {
		s := &stackStorm{wire{target: g}}
		t.Run("local", func(t *testing.T) {
			var all map[string]any
			s.action(t, &all, map[string]any{"client": "local", "fun": "test.arg", "tgt": "ms--[01]", "tgt_type": "glob",
				"arg": []any{"one"}, "kwarg": map[string]any{"two": 2}})
			require.Len(t, all, 2)
			require.Equal(t, map[string]any{"args": []any{"one"}, "kwargs": map[string]any{"two": 2.0}}, withoutPub(all["ms--1"]))
		})
		t.Run("local without arguments", func(t *testing.T) {
			var all map[string]bool
			s.action(t, &all, map[string]any{"client": "local", "fun": "test.ping", "tgt": "*", "tgt_type": "glob"})
			require.Len(t, all, len(minions))
		})
		t.Run("runner", func(t *testing.T) {
			var up []string
			s.action(t, &up, map[string]any{"client": "runner", "fun": "manage.up"})
			require.ElementsMatch(t, minions, up)
		})
		t.Run("runner with keywords", func(t *testing.T) {
			var jobs map[string]any
			s.action(t, &jobs, map[string]any{"client": "runner", "fun": "jobs.list_jobs", "search_function": "test.ping"})
			require.NotEmpty(t, jobs)
		})
		t.Run("wrong password", func(t *testing.T) {
			a := s.login(t, "wrong")
			require.Equal(t, http.StatusUnauthorized, a.Status, a.Body)
			require.Empty(t, a.Header.Get("X-Auth-Token"))
			// The pack goes on with a word in the token's place.
			a = s.send(t, "POST /", append([]string{
				"Accept: application/json", "Content-Type: application/json", "x-auth-token: failed-login",
			}, python...), `{"client": "local", "fun": "test.ping", "tgt": "*", "tgt_type": "glob"}`)
			require.Equal(t, http.StatusUnauthorized, a.Status, a.Body)
		})
	})
}
