package tokens_test

import (
	"context"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/memory"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

// unknowable are owners that no eauth module can check.
type unknowable struct{}

func (unknowable) Active(context.Context, apitoken.Owner, netip.Addr, *issuer.LastLogin) (bool, []string, error) {
	return true, nil, nil
}

// The holder of a token whose owner has to log in gets that as the error.
func TestATokenWhoseOwnerHasToLogIn(t *testing.T) {
	t.Parallel()
	var later atomic.Int64
	pepper, err := apitoken.LoadPepper(t.TempDir())
	require.NoError(t, err)
	tokens, err := issuer.New(issuer.Options{
		Store: memory.New(), Pepper: pepper, Owners: unknowable{}, Mint: &servertest.Owners{}, OwnerMaxIdle: 30 * 24 * time.Hour,
		Clock: func() time.Time { return time.Now().Add(time.Duration(later.Load())) },
	})
	require.NoError(t, err)
	t.Cleanup(tokens.Close)
	r, _ := servertest.StartWithSessions(t, servertest.Answering("{}"), func(c *server.Config) {
		c.Tokens, c.TokenAPIs.Issuer = tokens, tokens
	})
	secret, _, err := tokens.Create(t.Context(), issuer.Caller{User: "saltdev", Eauth: "ldap", LoggedIn: true},
		issuer.NewToken{Name: "ci", Scopes: []string{"User"}, Profile: apitoken.ProfileNative})
	require.NoError(t, err)
	later.Store(int64(31 * 24 * time.Hour))
	const hint = "has not logged in for too long: it is good again after a login at /login"

	for _, path := range []string{"/minions", "/v1/tokens"} {
		head, text := r.Send(t, "GET", path, "", "Authorization: Bearer "+secret.Reveal())
		require.Equal(t, 401, head.StatusCode, text)
		require.Contains(t, text, hint)
		require.Contains(t, head.Header.Get("Www-Authenticate"), `error="invalid_token", error_description="`)
	}
	head, text := r.Send(t, "GET", "/cloudapi/1.0.0/tokens", "", "Authorization: Bearer "+secret.Reveal())
	require.Equal(t, 401, head.StatusCode, text)
	require.Contains(t, text, hint)
	head, text = r.Send(t, "POST", "/csp/gateway/am/api/auth/api-tokens/authorize", "api_token="+secret.Reveal(),
		"Content-Type: application/x-www-form-urlencoded")
	require.Equal(t, 400, head.StatusCode, text)
	require.Contains(t, text, "invalid_grant")
	require.Contains(t, text, hint)
	require.NotContains(t, text, secret.Reveal())
}

// changingOwners mints nothing while the rights of users are unknown.
type changingOwners struct {
	servertest.Owners
	unknown atomic.Bool
}

func (s *changingOwners) Grant(ctx context.Context, user, module string, groups []string) (eauth.Grant, error) {
	if s.unknown.Load() {
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
	owners := &changingOwners{}
	tokens, err := issuer.New(issuer.Options{
		Store: memory.New(), Pepper: pepper, Owners: owners, Mint: owners,
		RightsAtLogin: func(eauth string) bool { return eauth == "demo" || owners.unknown.Load() },
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

	owners.unknown.Store(true) // the operator has set eauth_acl_module
	for _, path := range []string{"/minions", "/jobs"} {
		head, text = r.Send(t, "GET", path, "", show)
		require.Equal(t, 403, head.StatusCode, text)
		require.Contains(t, text, "so no API token can act for the owner: log in")
	}
}
