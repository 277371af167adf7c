package redis

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
)

// TestStoredBefore reads a token that is older than the name "profile".
func TestStoredBefore(t *testing.T) {
	t.Parallel()
	id := apitoken.NewID()
	i, err := decode([]any{"record", `{"id":"` + id + `","kind":"api","owner":{"eauth":"pam","user":"alice"},"door":"csp"}`})
	require.NoError(t, err)
	require.Equal(t, id, i.Record.ID)
	require.Equal(t, apitoken.ProfileCSP, i.Record.Profile)
	f, err := fields(i)
	require.NoError(t, err)
	require.Contains(t, string(f[1].([]byte)), `"profile":"csp"`)
	require.NotContains(t, string(f[1].([]byte)), "door")
}
