package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/memory"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server"
)

// Whoever may not write a role as it is hears which part of it is too much.
func TestARoleWithMoreThanItsWriter(t *testing.T) {
	t.Parallel()
	pepper, err := apitoken.LoadPepper(t.TempDir())
	require.NoError(t, err)
	tokens, err := issuer.New(issuer.Options{
		Store: memory.New(), Pepper: pepper, Owners: &villagers{}, Mint: &villagers{}, LoginRoles: []string{"writer"},
	})
	require.NoError(t, err)
	t.Cleanup(tokens.Close)
	r, _ := withSessions(t, answering("{}"), func(c *server.Config) { c.Tokens = tokens })
	require.NoError(t, tokens.PutRole(t.Context(), issuer.Caller{Operator: true}, role.Role{
		Name: "writer", Permissions: []role.Permission{role.RoleWrite, role.CmdRun}, Targets: []string{"web*"},
	}, true))

	for body, want := range map[string]string{
		`{"permissions": ["cmd-run"], "targets": ["web1", "db1"]}`:          "this is not allowed: target 2 allows more than your own roles do",
		`{"permissions": ["cmd-run", "role-delete"], "targets": ["web1"]}`:  "this is not allowed: the permission role-delete allows more",
		`{"permissions": ["role-write"], "acl": ["test\u001b.ping"]}`:       "this is not allowed: rule 1 allows more",
		`{"permissions": ["cmd-run"], "targets": ["L@web1,web2", "web1*"]}`: "",
	} {
		head, text := r.with(t, "PUT", "/v1/roles/new", body, loggedIn+sessionID)
		if want == "" {
			require.Equal(t, 200, head.StatusCode, text)
			continue
		}
		require.Equal(t, 403, head.StatusCode, text)
		require.Contains(t, text, want)
	}
}
