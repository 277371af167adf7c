package events

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
)

func TestHooks(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		session := envtest.Login(t, r, env.User)
		e := envtest.FollowEvents(t, r, session, "?tag=salt/netapi/hook*")
		large := strings.Repeat("é", 200<<10)
		for path, body := range map[string]string{"": `{"é": [1, 2.5, null]}`, "/a/b": `"` + large + `"`} {
			a := envtest.SessionRequest(t, r, session, http.MethodPost, "/hook"+path, body)
			require.Equal(t, http.StatusOK, a.Status, a.Body)
			require.Equal(t, `{"success": true}`, a.Body)
			block := e.Until("tag: salt/netapi/hook" + path + "\n")
			require.NotContains(t, block, session)
			data := envtest.Event(t, block)
			require.Equal(t, body, data["body"])
			require.NotEmpty(t, data["post"])
			require.NotEmpty(t, data["_stamp"])
			headers, ok := data["headers"].(map[string]any)
			require.True(t, ok)
			require.Equal(t, "application/json", headers["Content-Type"])
			require.NotContains(t, headers, "X-Auth-Token")
		}
		// Reactors get what readers of the bus are not shown.
		a := envtest.SessionRequest(t, r, session, http.MethodPost, "/hook/c", `{"build": {"api-key": "hunter2", "id": 7}}`)
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		block := e.Until("tag: salt/netapi/hook/c\n")
		require.NotContains(t, block, "hunter2")
		require.Equal(t, map[string]any{"build": map[string]any{"api-key": "REDACTED", "id": 7.0}}, envtest.Event(t, block)["post"])

		a = envtest.SessionRequest(t, r, session, http.MethodPost, "/hook", `"`+strings.Repeat("a", 1<<20)+`"`)
		require.Equal(t, http.StatusRequestEntityTooLarge, a.Status)
		a = envtest.SessionRequest(t, r, "", http.MethodPost, "/hook", `{}`)
		require.Equal(t, http.StatusUnauthorized, a.Status)
	})
}
