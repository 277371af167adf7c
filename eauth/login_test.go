package eauth_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
)

// keeping is a backend whose grants are [eauth.Keeper]s.
type keeping struct {
	*backend
	keepErr error
	asked   time.Duration
}

func (k *keeping) Authenticate(ctx context.Context, c eauth.Credentials) (eauth.Identity, bool, error) {
	id, ok, err := k.backend.Authenticate(ctx, c)
	if ok {
		id.Grant = keptGrant{id.Grant, k}
	}
	return id, ok, err
}

type keptGrant struct {
	eauth.Grant
	from *keeping
}

func (g keptGrant) Keep(_ context.Context, life time.Duration) (eauth.Token, error) {
	g.from.asked = life
	return eauth.Token{Value: "kept", User: g.from.name}, g.from.keepErr
}

func TestLogin(t *testing.T) {
	t.Parallel()
	k := &keeping{backend: &backend{name: "pam"}}
	s := newSetup(func(o *eauth.Options) { o.PAM = k })
	c := creds("pam")
	c.TokenExpire = time.Hour

	token, ok, err := s.Login(t.Context(), c)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, eauth.Token{Value: "kept", User: "pam"}, token)
	require.Equal(t, time.Hour, k.asked)
	require.Equal(t, 1, k.backend.asked)
	require.Zero(t, k.granted, "the request's own grant is released")

	k.keepErr = eauth.ErrUnavailable
	_, ok, err = s.Login(t.Context(), c)
	require.False(t, ok)
	require.ErrorIs(t, err, eauth.ErrUnavailable)
	require.Zero(t, k.granted)

	for name, c := range map[string]eauth.Credentials{
		"wrong": {Eauth: "pam", Username: "alice", Password: "wrong"},
		"token": {Token: goodToken},
		"none":  {},
	} {
		token, ok, err = s.Login(t.Context(), c)
		require.NoError(t, err, name)
		require.False(t, ok, name)
		require.Zero(t, token, name)
	}

	_, ok, err = s.Login(t.Context(), creds("ldap")) // its backend has none
	require.False(t, ok)
	require.ErrorContains(t, err, "no token to keep")
	require.Zero(t, s.master.granted)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, ok, err = s.Login(ctx, c)
	require.False(t, ok)
	require.ErrorIs(t, err, context.Canceled)
}

func TestADeniedToken(t *testing.T) {
	t.Parallel()
	s := newSetup(nil)
	denied, broken := false, error(nil)
	s.Deny(func(_ context.Context, token string) (bool, error) {
		require.Equal(t, goodToken, token)
		return denied, broken
	})
	require.Equal(t, "token", s.login(t, eauth.Credentials{Token: goodToken}))
	denied = true
	require.Equal(t, "refused", s.login(t, eauth.Credentials{Token: goodToken}))
	require.Equal(t, 1, s.token.asked, "nobody else is asked about it")

	denied, broken = false, errors.New("disk error")
	session := s.NewRequestAuth()
	defer session.Release(t.Context())
	_, ok, err := session.Authenticate(t.Context(), eauth.Credentials{Token: goodToken})
	require.False(t, ok)
	require.ErrorIs(t, err, broken)

	require.Equal(t, "pam", s.login(t, creds("pam")), "it is about tokens only")
	require.Equal(t, "refused", s.login(t, eauth.Credentials{Token: strings.Repeat("x", 64)}), "a malformed one is not looked up")
}

func TestWhatIsKnown(t *testing.T) {
	t.Parallel()
	s := newSetup(nil)
	require.True(t, s.Knows("pam"))
	require.False(t, s.Knows("file"))
	require.True(t, s.WellFormed(goodToken))
	require.False(t, s.WellFormed(goodToken[:40]))
}
