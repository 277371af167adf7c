package envtest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

// Login returns the session of a PAM user whose password is its name.
func Login(t *testing.T, r *env.Env, user string) string {
	t.Helper()
	a := Send(t, r, r.Main, Request{Path: "login", Body: fmt.Sprintf(`{"username": %q, "password": %q, "eauth": "pam"}`, user, user)})
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	return a.Header.Get("X-Auth-Token")
}

// SessionRequest sends a request with a session.
func SessionRequest(t *testing.T, r *env.Env, session, method, path, body string) env.Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.Main+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("X-Auth-Token", session)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	a, err := r.Do(req)
	require.NoError(t, err)
	return a
}
