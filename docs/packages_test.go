package docs_test

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The map of packages is made of the first sentence of each package's comment.
func TestPackages(t *testing.T) {
	t.Parallel()
	const begin, end = "<!-- packages:begin -->\n", "<!-- packages:end -->"
	page, err := os.ReadFile("architecture.md")
	require.NoError(t, err)
	head, rest, ok := strings.Cut(string(page), begin)
	require.True(t, ok, begin)
	documented, tail, ok := strings.Cut(rest, end)
	require.True(t, ok, end)
	if *update {
		require.NoError(t, os.WriteFile("architecture.md", []byte(head+begin+packages(t)+end+tail), 0o644))
		return
	}
	sameLines(t, packages(t), documented)
}

func packages(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| package | what it is |\n|---|---|\n")
	require.NoError(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !d.IsDir():
			return nil
		case path != ".." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "bin" || d.Name() == "dist"):
			return fs.SkipDir
		}
		files, err := filepath.Glob(filepath.Join(path, "*.go"))
		if err != nil {
			return err
		}
		files = slices.DeleteFunc(files, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
		if len(files) == 0 {
			return nil
		}
		var parsed []*ast.File
		set := token.NewFileSet()
		for _, name := range files {
			file, err := parser.ParseFile(set, name, nil, parser.ParseComments|parser.PackageClauseOnly)
			if err != nil {
				return err
			}
			parsed = append(parsed, file)
		}
		about, err := doc.NewFromFiles(set, parsed, path)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(filepath.ToSlash(path), "../")
		sentence := strings.TrimPrefix(about.Synopsis(about.Doc), "Package "+about.Name+" ")
		_, err = fmt.Fprintf(&b, "| [%s](../%s) | %s |\n", name, name, strings.ReplaceAll(sentence, "|", `\|`))
		return err
	}))
	return b.String()
}
