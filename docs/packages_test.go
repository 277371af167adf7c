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
	"regexp"
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

// A package below server has no more files than one sees at a glance.
func TestPackageSizes(t *testing.T) {
	t.Parallel()
	const most = 20
	packages := 0
	require.NoError(t, filepath.WalkDir(filepath.Join("..", "server"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		files, err := filepath.Glob(filepath.Join(path, "*.go"))
		files = slices.DeleteFunc(files, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
		if len(files) > most {
			t.Errorf("%s has %d files that are no tests: more than %d are several packages", path, len(files), most)
		}
		if len(files) > 0 {
			packages++
		}
		return err
	}))
	require.Greater(t, packages, 30)
}

var (
	imports  = regexp.MustCompile(`\b[iI]mports?\b`)
	examples = regexp.MustCompile(`(?m)^func Example`)
)

// Each package has a doc.go with what it is for and what it imports, and an
// example of a call. The callers of packages for tests are the tests themselves,
// those of sqlstore are the two stores.
func TestDocFiles(t *testing.T) {
	t.Parallel()
	packages := 0
	require.NoError(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !d.IsDir():
			return nil
		case path != ".." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "bin" || d.Name() == "dist"),
			path == filepath.Join("..", "e2e"), path == filepath.Join("..", "docs"):
			return fs.SkipDir
		}
		files, err := filepath.Glob(filepath.Join(path, "*.go"))
		if err != nil {
			return err
		}
		var code, tests []byte
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			if strings.HasSuffix(name, "_test.go") {
				tests = append(tests, b...)
			} else {
				code = append(code, b...)
			}
		}
		if len(code) == 0 || strings.Contains(string(code), "\npackage main\n") {
			return nil
		}
		packages++
		comment, err := os.ReadFile(filepath.Join(path, "doc.go"))
		if err != nil {
			return err
		}
		if !imports.Match(comment) {
			t.Errorf("%s/doc.go does not state what the package imports", path)
		}
		if !examples.Match(tests) && !strings.HasSuffix(d.Name(), "test") && d.Name() != "sqlstore" && d.Name() != "oracle" {
			t.Errorf("%s has no example", path)
		}
		return nil
	}))
	require.Greater(t, packages, 70)
}
