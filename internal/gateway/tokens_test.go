package gateway

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/settings"
)

func TestTokenAPIs(t *testing.T) {
	t.Parallel()
	set, err := settings.Parse("saltern.yaml", []byte(
		"tokens: {eauth: ldap, csp: {enabled: false, query_tokens: true}, vcd: {enabled: false, orgs: [a, b]}}\nrpc: {enabled: false}"))
	require.NoError(t, err)
	o := tokenAPIs(nil, set)
	require.True(t, o.NoCSP)
	require.True(t, o.NoVCD)
	require.True(t, o.NoRPC)
	require.True(t, o.QueryTokens)
	require.Equal(t, "ldap", o.Eauth)
	require.Equal(t, []string{"a", "b"}, o.Orgs)
}
