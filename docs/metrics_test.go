package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var metricName = regexp.MustCompile(`^saltern_[a-z_]*[a-z]$`)

// The page about operations names every metric that there is, with its labels,
// and no other. So do the alert rules, of which some are enough.
func TestMetricsAreNamed(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("operations.md")
	require.NoError(t, err)
	named := make(map[string]string)
	for _, found := range regexp.MustCompile("`(saltern_[a-z_]*[a-z])(?:{([a-z, ]+)})?`").FindAllStringSubmatch(string(page), -1) {
		named[found[1]] = found[2]
	}
	there := metrics(t)
	require.Equal(t, there, named)

	rules, err := os.ReadFile("../deploy/alerts.yml")
	require.NoError(t, err)
	for _, name := range regexp.MustCompile(`\bsaltern_[a-z_]*[a-z]\b`).FindAllString(string(rules), -1) {
		require.Contains(t, there, name)
	}
	for _, alert := range regexp.MustCompile(`(?m)^ +- alert: (\w+)$`).FindAllStringSubmatch(string(rules), -1) {
		require.Contains(t, string(page), "\n| `"+alert[1]+"` | ")
	}
}

// metrics returns the labels of each metric in the code, joined by commas. A
// metric is a string that looks like the name of one; its labels are the list of
// strings in the same call.
func metrics(t *testing.T) map[string]string {
	t.Helper()
	found := make(map[string]string)
	root := os.DirFS("..")
	require.NoError(t, fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "e2e"):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(root, path)
		if err != nil || !strings.Contains(string(text), `"saltern_`) {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if name := nameIn(call); name != "" {
				found[name] = labelsOf(call)
				return false
			}
			return true
		})
		return nil
	}))
	require.NotEmpty(t, found)
	return found
}

// nameIn returns the metric that a call is given, as an argument or in a struct,
// or "".
func nameIn(call *ast.CallExpr) string {
	for _, arg := range call.Args {
		values := []ast.Expr{arg}
		if options, ok := arg.(*ast.CompositeLit); ok {
			values = options.Elts
		}
		for _, v := range values {
			if pair, ok := v.(*ast.KeyValueExpr); ok {
				v = pair.Value
			}
			if name := stringIn(v); metricName.MatchString(name) {
				return name
			}
		}
	}
	return ""
}

// labelsOf returns the strings of the list that a call is given.
func labelsOf(call *ast.CallExpr) string {
	var labels []string
	for _, arg := range call.Args {
		list, ok := arg.(*ast.CompositeLit)
		if !ok {
			continue
		}
		if _, ok := list.Type.(*ast.ArrayType); !ok {
			continue
		}
		for _, e := range list.Elts {
			labels = append(labels, stringIn(e))
		}
	}
	return strings.Join(labels, ", ")
}

// stringIn returns the string that an expression is, or "".
func stringIn(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		s, _ := strconv.Unquote(lit.Value)
		return s
	}
	return ""
}
