package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMasters holds the tables of what Saltern is tested before against the tree: each row
// names a test that is there, and the case of it.
func TestMasters(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("masters.md")
	require.NoError(t, err)
	named := regexp.MustCompile("`([a-z][a-z0-9/]*)` (Test\\w+)(?:(?:/…)?/(\\w+))?")
	rows := 0
	for table := range strings.SplitSeq(string(page), "\n\n") {
		header, lines, _ := strings.Cut(table, "\n")
		if !strings.HasSuffix(header, "| shown by |") {
			continue
		}
		for _, line := range strings.Split(strings.TrimSpace(lines), "\n")[1:] {
			rows++
			cells := strings.Split(line, "|")
			require.Len(t, cells, len(strings.Split(header, "|")), line)
			last := strings.TrimSpace(cells[len(cells)-2])
			require.True(t, last == "all of e2e" || named.MatchString(last), "no test shows it: %s", line)
		}
	}
	require.Positive(t, rows)
	for _, test := range named.FindAllStringSubmatch(string(page), -1) {
		require.True(t, hasTest(t, test[1], test[2]), "there is no %s in %s", test[2], test[1])
		require.True(t, test[3] == "" || hasCase(t, test[1], strings.ReplaceAll(test[3], "_", "[ _]")), "there is no case %s in %s", test[3], test[1])
	}
}

// hasCase reports whether the tests of a folder have a case of that name.
func hasCase(t *testing.T, folder, pattern string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(folder), "*_test.go"))
	require.NoError(t, err)
	name := regexp.MustCompile(`"` + pattern + `"`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		if name.Match(text) {
			return true
		}
	}
	return false
}
