package issuer_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/eauth/session"
)

// LoginRoles apply to the data that the gateway keeps. They do not keep a token from
// a stream that a session can open.
func TestAStreamNeedsScopesAlone(t *testing.T) {
	with(t, func(o *issuer.Options) { o.LoginRoles = []string{"own-tokens"} }, func(r *env) {
		own := role.Role{Name: "own-tokens", Permissions: []role.Permission{role.TokenManage}}
		require.NoError(r, r.PutRole(r.Context(), operator, own, true))
		for scopes, want := range map[string]error{"Read-only": nil, "own-tokens": session.ErrRevoked} {
			secret, _ := r.create(user("alice"), func(n *issuer.NewToken) { n.Name, n.Scopes = scopes, []string{scopes} })
			p := r.principal(secret)
			require.Equal(r, want == nil, p.Scopes.MayReach(http.MethodGet, "/events"))
			stream, done := r.Follow(r.Context(), p, role.EventRead)
			require.Equal(r, want, context.Cause(stream), scopes)
			done()
		}
	})
}

// Exchanging a token too often revokes its oldest access tokens, and ends the streams
// that were opened with them.
func TestExchangesAreBounded(t *testing.T) {
	with(t, nil, func(r *env) {
		secret, _ := r.create(user("alice"), nil)
		others, _ := r.create(user("alice"), func(n *issuer.NewToken) { n.Name = "other" })
		first, other := r.exchange(secret).Access.Reveal(), r.exchange(others).Access.Reveal()
		stream, done := r.Follow(r.Context(), r.principal(first), role.EventRead)
		defer done()
		time.Sleep(time.Second) // so that it is the oldest
		for range apitoken.MaxChildren - 1 {
			r.exchange(secret)
		}
		synctest.Wait()
		require.NoError(r, stream.Err())
		last := r.exchange(secret).Access.Reveal()
		synctest.Wait()
		require.Equal(r, session.ErrRevoked, context.Cause(stream))
		require.False(r, r.good(r.Service, first))
		for _, s := range []string{secret, last, other} {
			require.True(r, r.good(r.Service, s))
		}
	})
}
