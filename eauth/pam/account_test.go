//go:build linux && cgo

package pam_test

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/eauthtest"
	"github.com/saltern-api/saltern/eauth/pam"
)

// An account is active until PAM refuses it, without a password.
func TestAnAccountThatGoes(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "passdb")
	require.NoError(t, os.WriteFile(db, []byte("alice:secret:acct\n"), 0o600))
	a := pam.NewAccounts(pam.Options{
		Service: "acct",
		ConfDir: service(t, "acct", "auth required pam_deny.so", "account required pam_matrix.so passdb="+db),
		Groups:  func(context.Context, string) ([]string, error) { return []string{"ops"}, nil },
	})
	ok, groups, err := a.Active(t.Context(), "alice", netip.Addr{})
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, []string{"ops"}, groups)

	for _, nobody := range []string{"bob", "root", "", "a\nb"} {
		ok, _, err = a.Active(t.Context(), nobody, netip.Addr{})
		require.NoError(t, err, nobody)
		require.False(t, ok, nobody)
	}

	require.NoError(t, os.WriteFile(db, nil, 0o600))
	ok, _, err = a.Active(t.Context(), "alice", netip.Addr{})
	require.NoError(t, err)
	require.False(t, ok)
}

func TestAnAccountThatCannotBeToldOf(t *testing.T) {
	t.Parallel()
	a := pam.NewAccounts(pam.Options{Service: "acct", ConfDir: service(t, "acct", "account required pam_missing.so")})
	_, _, err := a.Active(t.Context(), "alice", netip.Addr{})
	require.ErrorIs(t, err, eauth.ErrUnavailable)

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = a.Active(gone, "alice", netip.Addr{})
	require.Error(t, err)
}

// An account may be active only for clients at some addresses.
func TestAccountRulesSeeTheClientsAddress(t *testing.T) {
	t.Parallel()
	a := pam.NewAccounts(pam.Options{
		Service: "acct",
		ConfDir: service(t, "acct", "auth required pam_deny.so",
			"account required pam_exec.so quiet "+checkScript(t, `test "$PAM_TYPE/$PAM_RHOST" = account/192.0.2.7`)),
	})
	for addr, want := range map[string]bool{"192.0.2.7": true, "::ffff:192.0.2.7": true, "192.0.2.8": false} {
		ok, _, err := a.Active(t.Context(), "alice", netip.MustParseAddr(addr))
		require.NoError(t, err)
		require.Equal(t, want, ok, addr)
	}
}

// PAM accepts a locked account (usermod -L): its password is refused, but a
// user with a key or a token needs none.
func TestAnAccountWithALockedPassword(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "shadow")
	require.NoError(t, os.WriteFile(file, []byte("root:*:19000::::::\n"+
		"alice:$6$salt$hash:19000::::::\n"+
		"locked:!$6$salt$hash:19000::::::\n"+
		"never:!!:19000::::::\n"+
		"keys:*:19000::::::\n"+
		"empty::19000::::::\n"+
		"twice:$6$salt$hash:19000::::::\ntwice:!:19000::::::\n"+
		"cut"), 0o600))
	active := func(file, user string) bool {
		log := &eauthtest.Log{}
		a := pam.NewAccounts(pam.Options{
			Service: "acct", ShadowFile: file, Logger: log.Logger(),
			ConfDir: service(t, "acct", "account required pam_permit.so"),
		})
		ok, _, err := a.Active(t.Context(), user, netip.Addr{})
		require.NoError(t, err)
		require.Equal(t, ok, log.String() == "", "the log says why")
		require.NotContains(t, log.String(), "hash")
		return ok
	}
	for user, want := range map[string]bool{
		"alice": true, "locked": false, "never": false, "keys": true, "empty": true, "twice": true, "cut": true, "elsewhere": true,
	} {
		require.Equal(t, want, active(file, user), user)
	}
	require.True(t, active(filepath.Join(dir, "none"), "locked"), "a file that cannot be read says nothing")
	require.True(t, active(dir, "locked"))
}

// Every user with the user id 0 is root.
func TestAnAccountOfRootByAnotherName(t *testing.T) {
	t.Parallel()
	for allowed, want := range map[bool]bool{false: false, true: true} {
		a := pam.NewAccounts(pam.Options{
			Service: "acct", AllowRoot: allowed, UserID: toorIsRoot,
			ConfDir: service(t, "acct", "account required pam_permit.so"),
		})
		ok, _, err := a.Active(t.Context(), "toor", netip.Addr{})
		require.NoError(t, err)
		require.Equal(t, want, ok)
	}
}

func toorIsRoot(_ context.Context, user string) (string, bool, error) {
	return "0", user == "toor", nil
}
