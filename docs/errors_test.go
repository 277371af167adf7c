package docs_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the parts of the pages that are made of the code")

// The page about errors has the tables that the code has: the errors of the
// packages below server and what becomes of them, and the answers that the APIs
// give by themselves.
func TestErrors(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("errors.md")
	require.NoError(t, err)
	text := string(page)
	code := newErrorCode(t)
	for _, table := range []struct{ name, text string }{
		{"mapped", code.mapped(t)},
		{"commands", code.answers(t, "lowstate")},
		{"answers", code.answers(t, "server")},
	} {
		begin, end := "<!-- "+table.name+":begin -->\n", "<!-- "+table.name+":end -->"
		head, rest, ok := strings.Cut(text, begin)
		require.True(t, ok, begin)
		documented, tail, ok := strings.Cut(rest, end)
		require.True(t, ok, end)
		if *update {
			text = head + begin + table.text + end + tail
			continue
		}
		sameLines(t, table.text, documented)
	}
	if *update {
		require.NoError(t, os.WriteFile("errors.md", []byte(text), 0o644))
	}
}

// errorCode is the code that makes errors: its files by folder, and the strings
// that are constants by folder and name.
type errorCode struct {
	files  map[string][]*ast.File
	consts map[string]map[string]string
	status map[string]int // by the name of net/http
}

func newErrorCode(t *testing.T) *errorCode {
	t.Helper()
	c := &errorCode{make(map[string][]*ast.File), make(map[string]map[string]string), make(map[string]int)}
	for code := 100; code < 600; code++ {
		if name := http.StatusText(code); name != "" {
			c.status["Status"+regexp.MustCompile(`[^A-Za-z]`).ReplaceAllString(name, "")] = code
		}
	}
	for _, pattern := range []string{"../lowstate/*.go", "../eauth/apitoken/issuer/*.go", "../server/*.go", "../server/*/*.go", "../server/*/*/*.go"} {
		names, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			require.NoError(t, err)
			folder := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(name)), "../")
			c.files[folder] = append(c.files[folder], file)
			if c.consts[folder] == nil {
				c.consts[folder] = make(map[string]string)
			}
			c.readConsts(folder, file)
		}
	}
	return c
}

func (c *errorCode) readConsts(folder string, file *ast.File) {
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.CONST {
			continue
		}
		for _, spec := range gen.Specs {
			value, ok := spec.(*ast.ValueSpec)
			if !ok || len(value.Names) != len(value.Values) {
				continue
			}
			for i, name := range value.Names {
				if s, ok := c.text(folder, value.Values[i]); ok {
					c.consts[folder][name.Name] = s
				}
			}
		}
	}
}

// text returns the string that an expression is, with an ellipsis for what is
// known when it runs only.
func (c *errorCode) text(folder string, e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil && e.Kind == token.STRING
	case *ast.Ident:
		s, ok := c.consts[folder][e.Name]
		return s, ok
	case *ast.SelectorExpr:
		if pkg, ok := e.X.(*ast.Ident); ok && pkg.Name != "http" {
			s, ok := c.consts[path.Join("server", pkg.Name)][e.Sel.Name]
			return s, ok
		}
	case *ast.BinaryExpr:
		left, isText := c.text(folder, e.X)
		right, isTextToo := c.text(folder, e.Y)
		if !isText && !isTextToo {
			return "", false
		}
		if !isText {
			left = "..."
		}
		if !isTextToo {
			right = "..."
		}
		return left + right, true
	case *ast.CallExpr:
		if f, ok := e.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Sprintf" {
			s, ok := c.text(folder, e.Args[0])
			return regexp.MustCompile(`'?%[a-z]'?`).ReplaceAllString(s, "..."), ok
		}
	}
	return "", false
}

// number returns the status that an expression is, or 0.
func (c *errorCode) number(e ast.Expr) int {
	if s, ok := e.(*ast.SelectorExpr); ok {
		return c.status[s.Sel.Name]
	}
	return 0
}

// own stands for the text of an error that says to its author what is wrong.
const own = "(what is wrong)"

// mapped is the table of what server/web makes of the errors of the packages
// below.
func (c *errorCode) mapped(t *testing.T) string {
	t.Helper()
	rows := make(map[string]string)
	for _, file := range c.files["server/web"] {
		ast.Inspect(file, func(n ast.Node) bool {
			list, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			for _, e := range list.Elts {
				if pair, ok := e.(*ast.KeyValueExpr); ok { // lowstate's kinds
					if name := errorName(pair.Key); strings.HasPrefix(name, "lowstate.") && c.number(pair.Value) > 0 {
						rows[name] = row(name, strconv.Itoa(c.number(pair.Value)), "", "below")
					}
					continue
				}
				line, ok := e.(*ast.CompositeLit)
				if !ok || len(line.Elts) < 3 || errorName(line.Elts[0]) == "" {
					continue
				}
				name, status, code := errorName(line.Elts[0]), c.number(line.Elts[1]), ""
				text, _ := c.text("server/web", line.Elts[len(line.Elts)-1])
				if len(line.Elts) == 4 {
					code, _ = c.text("server/web", line.Elts[2])
				}
				if text == "" {
					text = own
				}
				require.Positive(t, status, name)
				rows[name] = row(name, strconv.Itoa(status), code, text)
			}
			return true
		})
	}
	require.NotEmpty(t, rows)
	for _, folder := range []string{"lowstate", "eauth/apitoken/issuer"} {
		for _, kind := range c.kinds(folder) {
			require.Contains(t, rows, path.Base(folder)+"."+kind, "server/web maps every kind of error")
		}
	}
	return "| error | status | code | text |\n|---|---|---|---|\n" + inOrder(rows)
}

// kinds returns the names of the constants of the type Kind in a folder.
func (c *errorCode) kinds(folder string) (names []string) {
	for _, file := range c.files[folder] {
		for _, decl := range file.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.CONST {
				continue
			}
			if first, ok := gen.Specs[0].(*ast.ValueSpec).Type.(*ast.Ident); !ok || first.Name != "Kind" {
				continue
			}
			for _, spec := range gen.Specs {
				names = append(names, spec.(*ast.ValueSpec).Names[0].Name)
			}
		}
	}
	return names
}

func errorName(e ast.Expr) string {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	pkg, ok := s.X.(*ast.Ident)
	if !ok {
		return ""
	}
	return pkg.Name + "." + s.Sel.Name
}

// answers is the table of the errors with texts of their own that a folder and
// those below it make.
func (c *errorCode) answers(t *testing.T, top string) string {
	t.Helper()
	rows := make(map[string]string)
	for folder, files := range c.files {
		if folder != top && !strings.HasPrefix(folder, top+"/") {
			continue
		}
		for _, file := range files {
			ast.Inspect(file, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok && isBadRequest(call.Fun) && len(call.Args) > 0 {
					if text, ok := c.text(folder, call.Args[0]); ok {
						status := "400"
						if top == "lowstate" {
							status = "BadRequest"
						}
						rows[folder+text] = row(folder, status, "", text)
					}
				}
				lit, ok := n.(*ast.CompositeLit)
				if !ok || !isErrorType(lit.Type) {
					return true
				}
				var status, code, text string
				for _, e := range lit.Elts {
					pair, ok := e.(*ast.KeyValueExpr)
					if !ok {
						continue
					}
					key, _ := pair.Key.(*ast.Ident)
					switch key.Name {
					case "Status":
						if n := c.number(pair.Value); n > 0 {
							status = strconv.Itoa(n)
						}
					case "Kind":
						if kind, ok := pair.Value.(*ast.Ident); ok {
							status = kind.Name
						}
					case "Code":
						code, _ = c.text(folder, pair.Value)
					case "Text":
						text, _ = c.text(folder, pair.Value)
					}
				}
				if status != "" && text != "" {
					rows[folder+text+status] = row(folder, status, code, text)
				}
				return true
			})
		}
	}
	require.NotEmpty(t, rows)
	if top == "lowstate" {
		for key, line := range rows {
			rows[key] = regexp.MustCompile("^\\| `[a-z]+` \\| (.*) \\|  \\| ").ReplaceAllString(line, "| `$1` | ")
		}
		return "| kind | text |\n|---|---|\n" + inOrder(rows)
	}
	return "| package | status | code | text |\n|---|---|---|---|\n" + inOrder(rows)
}

// isBadRequest reports whether a call makes a 400 of a text.
func isBadRequest(f ast.Expr) bool {
	name := ""
	switch f := f.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	return name == "InvalidRequest" || name == "badRequest"
}

func isErrorType(e ast.Expr) bool {
	if s, ok := e.(*ast.SelectorExpr); ok {
		return s.Sel.Name == "Error"
	}
	id, ok := e.(*ast.Ident)
	return ok && id.Name == "Error"
}

func row(first, status, code, text string) string {
	if code != "" {
		code = "`" + code + "`"
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s |\n", first, status, code, strings.ReplaceAll(text, "|", `\|`))
}

func inOrder(rows map[string]string) string {
	var b strings.Builder
	for _, line := range slices.Sorted(maps.Values(rows)) {
		b.WriteString(line)
	}
	return b.String()
}
