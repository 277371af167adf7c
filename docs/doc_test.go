package docs_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sameLines requires that a part of a page is what the code makes of it, and
// names the lines that are not.
func sameLines(t *testing.T, made, documented string) {
	t.Helper()
	const how = "write it anew with: go test ./docs -update"
	want, got := strings.Split(made, "\n"), strings.Split(documented, "\n")
	without := func(lines, others []string) []string {
		return slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return slices.Contains(others, l) })
	}
	require.Empty(t, without(want, got), "lines are missing; %s", how)
	require.Empty(t, without(got, want), "lines are there that the code does not have; %s", how)
	require.Equal(t, made, documented, how)
}
