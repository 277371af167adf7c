package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRequirements holds the table of requirements against the
// tree: no number is missing, and each has tests that are there.
func TestRequirements(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("requirements.md")
	require.NoError(t, err)
	var want, got []string
	want = append(want, "A-1", "A-5")
	for n := 7; n <= 28; n++ {
		want = append(want, fmt.Sprint("A-", n))
	}
	for n := 1; n <= 20; n++ {
		want = append(want, fmt.Sprint("B-", n))
	}
	_, table, ok := strings.Cut(string(page), "\n| | what | shown by |\n|---|---|---|\n")
	require.True(t, ok, "there is no table")
	table, _, _ = strings.Cut(strings.TrimSuffix(table, "\n"), "\n\n")
	row := regexp.MustCompile(`^\| ([AB]-\d+) \| ([^|]+) \| ([^|]+) \|$`)
	named := regexp.MustCompile("`([a-z][a-z0-9/]*)\\.(Test\\w+)`")
	for line := range strings.SplitSeq(table, "\n") {
		cells := row.FindStringSubmatch(line)
		require.NotNil(t, cells, "%s is no row", line)
		got = append(got, cells[1])
		tests := named.FindAllStringSubmatch(cells[3], -1)
		require.NotEmpty(t, tests, "%s names no test", cells[1])
		require.NotContains(t, cells[3], "not yet", cells[1])
		require.Equal(t, len(tests), strings.Count(cells[3], "Test"), "%s: a test is not named as `folder.Test`", cells[1])
		for _, test := range tests {
			require.True(t, hasTest(t, test[1], test[2]), "%s: there is no %s in %s", cells[1], test[2], test[1])
		}
	}
	require.Equal(t, want, got)
}

// hasTest tells whether a folder has a test function of that name.
func hasTest(t *testing.T, folder, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(folder), "*_test.go"))
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.Contains(string(text), "\nfunc "+name+"(t *testing.T) {") {
			return true
		}
	}
	return false
}
