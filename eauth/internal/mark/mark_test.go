package mark_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/internal/mark"
)

func TestOf(t *testing.T) {
	t.Parallel()
	key, other := mark.NewKey(), mark.NewKey()
	seen := make(map[mark.Mark][]string)
	for _, fields := range [][]string{
		{"alice", "secret"}, {"alice", "Secret"}, {"alices", "ecret"}, {"alice", "secret", ""}, {"alicesecret"}, {""}, {"", ""},
	} {
		m := key.Of(fields...)
		require.Empty(t, seen[m], fields)
		seen[m] = fields
		require.Equal(t, m, key.Of(fields...))
		require.NotEqual(t, m, other.Of(fields...))
	}
}

func Example() {
	key := mark.NewKey()
	right := key.Of("alice", "secret")
	fmt.Println(key.Of("alice", "secret") == right, key.Of("alice", "guess") == right)
	// Output: true false
}
