//go:build linux && cgo

package pam_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"saltern/eauth"
	"saltern/eauth/pam"
)

// An account is good until PAM's own list says otherwise, without a password.
func TestAnAccountThatGoes(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "passdb")
	require.NoError(t, os.WriteFile(db, []byte("alice:secret:acct\n"), 0o600))
	a := pam.NewAccounts(pam.Options{
		Service: "acct",
		ConfDir: service(t, "acct", "auth required pam_deny.so", "account required pam_matrix.so passdb="+db),
		Groups:  func(context.Context, string) ([]string, error) { return []string{"ops"}, nil },
	})
	ok, groups, err := a.Active(t.Context(), "alice")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, []string{"ops"}, groups)

	for _, nobody := range []string{"bob", "root", "", "a\nb"} {
		ok, _, err = a.Active(t.Context(), nobody)
		require.NoError(t, err, nobody)
		require.False(t, ok, nobody)
	}

	require.NoError(t, os.WriteFile(db, nil, 0o600))
	ok, _, err = a.Active(t.Context(), "alice")
	require.NoError(t, err)
	require.False(t, ok)
}

func TestAnAccountThatCannotBeToldOf(t *testing.T) {
	t.Parallel()
	a := pam.NewAccounts(pam.Options{Service: "acct", ConfDir: service(t, "acct", "account required pam_missing.so")})
	_, _, err := a.Active(t.Context(), "alice")
	require.ErrorIs(t, err, eauth.ErrUnavailable)

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = a.Active(gone, "alice")
	require.Error(t, err)
}
