package role

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestScopeText(t *testing.T) {
	t.Parallel()
	for text, names := range map[string][]string{"": {}, "User": {"User"}, "Salt%20Master User": {"Salt Master", "User"}} {
		require.Equal(t, text, ScopeText(names))
		require.Equal(t, names, ParseScope(text))
	}
	require.Equal(t, []string{"a", "b"}, ParseScope(" a  b "))
	require.False(t, IsName("a%20b"))
}
