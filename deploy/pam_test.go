//go:build linux && cgo

package deploy_test

import (
	"os"
	"testing"

	"github.com/msteinert/pam/v2"
	"github.com/stretchr/testify/require"
)

// TestPAMService lets libpam itself read pam.d/saltern. A user that does not
// exist is refused as such, which shows that every module was found and asked;
// no user of the machine takes part.
func TestPAMService(t *testing.T) {
	if !pam.CheckPamHasStartConfdir() {
		const missing = "this libpam has no pam_start_confdir (Linux-PAM 1.4), so pam.d/saltern is not tested"
		if os.Getenv("SALTERN_REQUIRE_PAM") == "1" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	dir, err := os.Getwd()
	require.NoError(t, err)
	answer := func(style pam.Style, _ string) (string, error) {
		require.Equal(t, pam.PromptEchoOff, style)
		return "no such password", nil
	}
	tx, err := pam.StartConfDir("saltern", "no-such-user-of-this-machine", pam.ConversationFunc(answer), dir+"/pam.d")
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.End()) }()
	require.ErrorIs(t, tx.Authenticate(pam.Silent), pam.ErrUserUnknown)
	require.ErrorIs(t, tx.AcctMgmt(pam.Silent), pam.ErrUserUnknown)
	require.Error(t, tx.OpenSession(pam.Silent), "sessions are denied")
	require.Error(t, tx.ChangeAuthTok(pam.Silent), "passwords stay as they are")
}
