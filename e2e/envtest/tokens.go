package envtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

// CSPAuthorize is where Cloud Services exchanges an API token.
const CSPAuthorize = "csp/gateway/am/api/auth/api-tokens/authorize"

// APIToken is what the native API returns of a token.
type APIToken struct {
	ID, Name, Token string
	Scopes          []string
}

// Bearing sends a request with a credential to the main listener.
func Bearing(t *testing.T, r *env.Env, token, route, body string) env.Answer {
	t.Helper()
	method, path, _ := strings.Cut(route, " ")
	return Send(t, r, r.Main, Request{
		Method: method, Path: strings.TrimPrefix(path, "/"), Body: body,
		Header: map[string]string{"Authorization": "Bearer " + token},
	})
}

// MakeToken makes a token of the session's user.
func MakeToken(t *testing.T, r *env.Env, session, name string, scopes ...string) APIToken {
	t.Helper()
	in, err := json.Marshal(map[string]any{"name": name, "scopes": scopes, "ttl": "1d"})
	require.NoError(t, err)
	a := Bearing(t, r, session, "POST /v1/tokens", string(in))
	require.Equal(t, http.StatusCreated, a.Status, a.Body)
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	var made APIToken
	require.NoError(t, json.Unmarshal([]byte(a.Body), &made))
	require.NotEmpty(t, made.Token)
	t.Cleanup(func() {
		// The test may have revoked it already.
		req, err := http.NewRequestWithContext(context.Background(), http.MethodDelete, r.Main+"/v1/tokens/"+made.ID, nil)
		if err == nil {
			req.Header.Set("X-Auth-Token", session)
			_, _ = r.Do(req)
		}
	})
	return made
}

// AddRole gives the gateway a role of the operator's.
func AddRole(t *testing.T, r *env.Env, name, acl string) {
	t.Helper()
	_, err := r.Command(t.Context(), fmt.Sprintf(`{"name": %q, "acl": %s}`, name, acl), "role", "put", "-")
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := r.Command(context.Background(), "", "role", "delete", name)
		require.NoError(t, err)
	})
}

// Member is a text of a JSON answer.
func Member(t *testing.T, a env.Answer, name string) string {
	t.Helper()
	var all map[string]any
	require.NoError(t, json.Unmarshal([]byte(a.Body), &all), a.Body)
	text, ok := all[name].(string)
	require.True(t, ok, "%s in %s", name, a.Body)
	return text
}
