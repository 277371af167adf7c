package server_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/memory"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

// silent mints nothing while the rights of users are unknown.
type silent struct {
	servertest.Owners
	untold atomic.Bool
}

func (s *silent) Grant(ctx context.Context, user, module string, groups []string) (eauth.Grant, error) {
	if s.untold.Load() {
		return nil, eauth.ErrRights
	}
	return s.Owners.Grant(ctx, user, module, groups)
}

// Tokens of users whose rights are known only at a login are refused, and their
// holders and requesters get the reason.
func TestTokensOfUsersWithoutKnownRights(t *testing.T) {
	t.Parallel()
	pepper, err := apitoken.LoadPepper(t.TempDir())
	require.NoError(t, err)
	people := &silent{}
	tokens, err := issuer.New(issuer.Options{
		Store: memory.New(), Pepper: pepper, Owners: people, Mint: people,
		RightsAtLogin: func(eauth string) bool { return eauth == "demo" || people.untold.Load() },
	})
	require.NoError(t, err)
	t.Cleanup(tokens.Close)
	r, _ := servertest.StartWithSessions(t, servertest.Answering("{}"), func(c *server.Config) { c.Tokens = tokens })
	want := issuer.NewToken{Name: "ci", Scopes: []string{"User"}, Profile: apitoken.ProfileNative}
	_, _, err = tokens.Create(t.Context(), issuer.Caller{User: "alice", Eauth: "demo", LoggedIn: true}, want)
	require.ErrorIs(t, err, issuer.Invalid)
	require.ErrorContains(t, err, "what users of eauth demo may do")

	secret, _, err := tokens.Create(t.Context(), issuer.Caller{User: "alice", Eauth: "pam", LoggedIn: true}, want)
	require.NoError(t, err)
	show := "Authorization: Bearer " + secret.Reveal()
	head, text := r.Send(t, "GET", "/minions", "", show)
	require.Equal(t, 200, head.StatusCode, text)

	people.untold.Store(true) // the operator has set eauth_acl_module
	for _, path := range []string{"/minions", "/jobs"} {
		head, text = r.Send(t, "GET", path, "", show)
		require.Equal(t, 403, head.StatusCode, text)
		require.Contains(t, text, "so no API token can act for the owner: log in")
	}
}
