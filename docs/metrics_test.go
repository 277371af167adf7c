package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The page about operations names every metric that there is, and no other.
func TestMetricsAreNamed(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("operations.md")
	require.NoError(t, err)
	named := make(map[string]bool)
	for _, found := range regexp.MustCompile("`(saltern_[a-z_]*[a-z])[`{]").FindAllStringSubmatch(string(page), -1) {
		named[found[1]] = true
	}
	require.Equal(t, metrics(t), named)
}

// metrics returns the names of all metrics in the code: the strings that look
// like one.
func metrics(t *testing.T) map[string]bool {
	t.Helper()
	name := regexp.MustCompile(`"(saltern_[a-z_]*[a-z])"`)
	found := make(map[string]bool)
	root := os.DirFS("..")
	require.NoError(t, fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		for _, m := range name.FindAllStringSubmatch(string(text), -1) {
			found[m[1]] = true
		}
		return nil
	}))
	require.NotEmpty(t, found)
	return found
}
