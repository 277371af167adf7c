package mint_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/mint"
)

func TestATokenToKeep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		m := mint.New(s, mint.Options{})
		g, err := m.Grant(t.Context(), "alice", "pam", []string{"ops"})
		require.NoError(t, err)
		shared, err := g.Token(t.Context())
		require.NoError(t, err)

		kept, err := g.(eauth.Keeper).Keep(t.Context(), time.Minute)
		require.NoError(t, err)
		require.NotEqual(t, shared, kept.Value)
		require.Equal(t, "alice pam [ops]", kept.User+" "+kept.Eauth+" ["+kept.Groups[0]+"]")
		require.Equal(t, time.Minute, kept.Expire.Sub(kept.Start))

		g.Release(t.Context())
		require.NoError(t, m.Close(t.Context()))
		require.Equal(t, []string{"alice/pam[ops]"}, s.owners(), "the end of the mint is not the end of the token")
		require.True(t, s.has(kept.Value))

		_, err = g.(eauth.Keeper).Keep(t.Context(), 0)
		require.ErrorIs(t, err, eauth.ErrUnavailable)
	})
}

func TestATokenToKeepThatFailsIsRemoved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		m := mint.New(s, mint.Options{})
		g, err := m.Grant(t.Context(), "alice", "pam", nil)
		require.NoError(t, err)
		s.set(func() { s.writeErr = errors.New("disk full") })
		_, err = g.(eauth.Keeper).Keep(t.Context(), 0)
		require.ErrorContains(t, err, "disk full")
		require.NotContains(t, err.Error(), "0002", "no token in the error")
		g.Release(t.Context())
		require.Len(t, s.owners(), 1, "the shared one")
		require.NoError(t, m.Close(t.Context()))
		require.Empty(t, s.owners())
	})
}
