package bolt

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken/apitokentest"
	"github.com/saltern-api/saltern/internal/killtest"
)

// childEnv is the environment variable with the file for the child of
// TestKilledInTheMiddle.
const childEnv = "SALTERN_TEST_TOKEN_STORE"

// child issues and revokes tokens, and prints each completed call.
func child(path string) {
	s, err := Open(path)
	if err == nil {
		err = apitokentest.Workload(context.Background(), s, os.Stdout)
	}
	if err != nil {
		os.Exit(1)
	}
	select {}
}

func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	for range 3 {
		path := filepath.Join(t.TempDir(), "tokens.db")
		cmd, out := killtest.Child(t, childEnv+"="+path)

		done := killtest.Read(t, out, 50, 450, func() { require.NoError(t, cmd.Process.Kill()) })
		require.Error(t, cmd.Wait())

		s, err := Open(path)
		require.NoError(t, err)
		apitokentest.RequireDone(t, s, done)
		require.NoError(t, s.Close())
	}
}
