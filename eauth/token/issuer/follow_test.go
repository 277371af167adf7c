package issuer_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"saltern/eauth/scope"
	"saltern/eauth/session"
	"saltern/eauth/token/issuer"
)

// What the operator gives to logins is for what the gateway keeps. It closes no
// stream to a token that it does not close to a session.
func TestAStreamNeedsScopesAlone(t *testing.T) {
	with(t, func(o *issuer.Options) { o.LoginRoles = []string{"own-tokens"} }, func(r *rig) {
		own := scope.Role{Name: "own-tokens", Permissions: []scope.Permission{scope.TokenManage}}
		require.NoError(r, r.PutRole(r.Context(), operator, own, true))
		for scopes, want := range map[string]error{"Read-only": nil, "own-tokens": session.ErrRevoked} {
			secret, _ := r.create(user("alice"), func(n *issuer.NewToken) { n.Name, n.Scopes = scopes, []string{scopes} })
			p := r.principal(secret)
			require.Equal(r, want == nil, p.Scopes.MayReach(http.MethodGet, "/events"))
			stream, done := r.Follow(r.Context(), p, scope.EventRead)
			require.Equal(r, want, context.Cause(stream), scopes)
			done()
		}
	})
}
