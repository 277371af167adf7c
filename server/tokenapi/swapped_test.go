package tokenapi_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/internal/tokentest"
)

// TestSwappedCaller makes the handlers of the APIs drop the caller, or replace
// it: they do less then, never more. (Cloud Services uses only the secret in
// the body.)
func TestSwappedCaller(t *testing.T) {
	t.Parallel()
	requests := []struct{ method, path, body string }{
		{"POST", "/v1/roles", `{"name": "web", "acl": [{"web*": ["state.apply"]}]}`},
		{"POST", "/v1/service-accounts", `{"name": "robot", "scopes": ["Superuser"]}`},
		{"POST", "/v1/tokens", `{"name": "all", "scopes": ["Superuser"], "user": "admin", "eauth": "pam"}`},
		{"GET", "/v1/tokens?all=true", ""},
		{"POST", "/oauth/provider/register", `{"client_name": "robot 2", "software_id": "12345678-1234-1234-1234-1234567890ab", "scope": "Superuser"}`},
		{"GET", "/cloudapi/1.0.0/serviceAccounts", ""},
	}
	for name, c := range map[string]struct {
		swap func(*caller.Caller) *caller.Caller
		done bool
	}{
		"as it is":  {nil, true},
		"forgotten": {func(*caller.Caller) *caller.Caller { return new(caller.Caller) }, false},
		"swapped": {func(c *caller.Caller) *caller.Caller {
			return &caller.Caller{User: "bob", Eauth: "pam", LoggedIn: true, From: c.From}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := tokentest.Build(t, func(o *tokentest.Options) { o.Swap = c.swap })
			admin := tokentest.Bearer(h.Session(t, "admin"))
			for _, r := range requests {
				a := h.Send(t, r.method, r.path, r.body, admin, "Content-Type: application/json")
				if c.done {
					require.Less(t, a.Status, http.StatusBadRequest, "%s %s: %s", r.method, r.path, a.Body)
					continue
				}
				require.GreaterOrEqual(t, a.Status, http.StatusBadRequest, "%s %s: %s", r.method, r.path, a.Body)
				require.Less(t, a.Status, http.StatusInternalServerError, "%s %s: %s", r.method, r.path, a.Body)
			}
		})
	}
}
