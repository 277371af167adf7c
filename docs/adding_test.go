package docs_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What architecture.md shows of adding things applies to this tree: it compiles
// and its tests pass. The tree stays as it is: the changed files are
// an overlay of the go command.
func TestAdding(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it runs the go command")
	}
	page, err := os.ReadFile("architecture.md")
	require.NoError(t, err)
	dependOnTree(t)
	examples := addingExamples(string(page))
	require.Len(t, examples, 4)
	for _, e := range examples {
		t.Run(e.title, func(t *testing.T) {
			t.Parallel()
			o := overlay(t, e)
			require.NotEmpty(t, e.tests)
			o.run(t, "build", slices.Sorted(maps.Keys(o.packages))...)
			out := o.test(t, "^("+strings.Join(e.tests, "|")+")$")
			for _, test := range e.tests {
				require.Contains(t, out, "--- PASS: "+test+" ")
			}
		})
	}
}

// dependOnTree looks at each file of code, so that go test, which takes note of that,
// runs the test again after any has changed.
func dependOnTree(t *testing.T) {
	t.Helper()
	require.NoError(t, filepath.WalkDir("..", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && file != ".." && strings.HasPrefix(d.Name(), ".") {
				return filepath.SkipDir
			}
			return err
		}
		if strings.HasSuffix(file, ".go") {
			_, err = os.Stat(file)
		}
		return err
	}))
}

// example is a section of architecture.md about adding something.
type example struct {
	title, diff string
	test        string   // a file with a test that is not in the diff, and is of package lowstate
	tests       []string // the names of the tests that the example adds
}

func addingExamples(page string) (all []example) {
	block := regexp.MustCompile("(?ms)^```(diff|go)\n(.*?)^```\n")
	test := regexp.MustCompile(`(?m)^\+?func (Test\w+)\(`)
	for section := range strings.SplitSeq(page, "\n## ") {
		title, text, _ := strings.Cut(section, "\n")
		if !strings.HasPrefix(title, "Adding ") {
			continue
		}
		e := example{title: title}
		for _, b := range block.FindAllStringSubmatch(text, -1) {
			if b[1] == "diff" {
				e.diff += b[2]
			} else {
				e.test += b[2]
			}
			for _, name := range test.FindAllStringSubmatch(b[2], -1) {
				e.tests = append(e.tests, name[1])
			}
		}
		all = append(all, e)
	}
	return all
}

// overlaid is the tree with an example applied.
type overlaid struct {
	file             string          // for -overlay
	packages, tested map[string]bool // the packages that are changed, and those with tests of the example
}

// overlay applies an example to copies of the files that it changes.
func overlay(t *testing.T, e example) overlaid {
	t.Helper()
	tree, err := filepath.Abs("..")
	require.NoError(t, err)
	scratch := t.TempDir()
	o := overlaid{filepath.Join(t.TempDir(), "overlay.json"), make(map[string]bool), make(map[string]bool)}
	replace := make(map[string]string)
	for _, name := range regexp.MustCompile(`(?m)^\+\+\+ b/(.*)$`).FindAllStringSubmatch(e.diff, -1) {
		o.add(replace, tree, scratch, name[1])
		before, err := os.ReadFile(filepath.Join(tree, name[1]))
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		write(t, filepath.Join(scratch, name[1]), before)
	}
	cmd := exec.CommandContext(t.Context(), "git", "apply", "--verbose", "-")
	cmd.Dir, cmd.Stdin = scratch, strings.NewReader(e.diff)
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(scratch))
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	if e.test != "" {
		const name = "lowstate/documented_test.go"
		o.add(replace, tree, scratch, name)
		write(t, filepath.Join(scratch, name), []byte("package lowstate\n\n"+
			"import (\n\"testing\"\n\n\"github.com/stretchr/testify/require\"\n)\n\n"+e.test))
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	write(t, o.file, text)
	return o
}

func (o overlaid) add(replace map[string]string, tree, scratch, name string) {
	replace[filepath.Join(tree, name)] = filepath.Join(scratch, name)
	folder := "./" + filepath.ToSlash(filepath.Dir(name))
	o.packages[folder] = true
	if strings.HasSuffix(name, "_test.go") {
		o.tested[folder] = true
	}
}

// run runs the go command in the tree with the example. What it compiles for that
// is what make build and the tests of e2e/crowd compile too.
func (o overlaid) run(t *testing.T, command string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{command, "-trimpath", "-overlay", o.file}, args...)...)
	cmd.Dir = ".."
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// test runs the tests of the example whose names match a pattern, and returns
// what they print. They are compiled first: neither go vet nor go test finds a
// folder that is in the overlay only.
func (o overlaid) test(t *testing.T, pattern string) (printed string) {
	t.Helper()
	for _, folder := range slices.Sorted(maps.Keys(o.tested)) {
		binary := filepath.Join(t.TempDir(), "example.test")
		o.run(t, "test", "-vet=off", "-ldflags", "-s -w", "-c", "-o", binary, folder)
		cmd := exec.CommandContext(t.Context(), binary, "-test.v", "-test.run", pattern)
		if cmd.Dir = filepath.Join("..", folder); !exists(cmd.Dir) {
			cmd.Dir = t.TempDir()
		}
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		printed += string(out)
	}
	return printed
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func write(t *testing.T, file string, text []byte) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, text, 0o644))
}
