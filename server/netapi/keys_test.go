package netapi

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIsMinionID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"web-1.example.com": true, "größe": true, "a b": true, "..a": true,
		strings.Repeat("ü", 255): true, strings.Repeat("ü", 256): false,
		"": false, ".": false, "..": false, "a/b": false, `a\b`: false, `a"b`: false,
		"a\nb": false, "a\x00b": false, "a\u202eb": false,
	} {
		require.Equal(t, want, isMinionID(id), "%q", id)
	}
}
