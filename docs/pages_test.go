package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
)

// pages returns the text of the README and of each page below docs, by its path
// from the top of the tree.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := make(map[string]string)
	for _, pattern := range []string{"../*.md", "*.md", "*/*.md"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			found[filepath.ToSlash(filepath.Join("docs", file))] = string(text)
		}
	}
	require.Contains(t, found, "README.md")
	require.Contains(t, found, "docs/requirements.md")
	return found
}

// The README is short enough to be read.
func TestReadmeIsShort(t *testing.T) {
	t.Parallel()
	require.LessOrEqual(t, strings.Count(pages(t)["README.md"], "\n"), 150)
}

// Each link to a file of this tree leads to one, and its fragment to a heading.
func TestLinks(t *testing.T) {
	t.Parallel()
	all := pages(t)
	link := regexp.MustCompile(`\]\(([^()\s]*)\)`)
	anchors := make(map[string]map[string]bool)
	linked := map[string]bool{"README.md": true}
	for page, text := range all {
		for _, found := range link.FindAllStringSubmatch(withoutCode(text), -1) {
			if strings.Contains(found[1], "://") || strings.HasPrefix(found[1], "mailto:") {
				continue
			}
			name, fragment, hasFragment := strings.Cut(found[1], "#")
			target := page
			if name != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(page), name))
			}
			linked[target] = true
			require.False(t, strings.HasPrefix(target, "../"), "%s: %s leads out of the tree", page, found[1])
			_, err := os.Stat(filepath.Join("..", filepath.FromSlash(target)))
			require.NoError(t, err, "%s: %s leads nowhere", page, found[1])
			if !hasFragment {
				continue
			}
			if anchors[target] == nil {
				anchors[target] = headings(all[target])
			}
			require.True(t, anchors[target][fragment], "%s: %s has no such heading", page, found[1])
		}
	}
	for page := range all {
		if strings.HasPrefix(page, "docs/") {
			require.True(t, linked[page], "no page links to %s", page)
		}
	}
}

// headings returns the fragments of a page's headings, as GitHub and GitLab make
// them.
func headings(text string) map[string]bool {
	found := make(map[string]bool)
	for _, h := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(withoutFences(text), -1) {
		name := regexp.MustCompile(`[^\p{L}\p{N}_ -]`).ReplaceAllString(strings.ToLower(h[1]), "")
		found[strings.ReplaceAll(name, " ", "-")] = true
	}
	return found
}

// withoutFences returns a page without its blocks of code.
func withoutFences(text string) string {
	return regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(text, "")
}

// withoutCode returns a page without its blocks and its words of code.
func withoutCode(text string) string {
	return regexp.MustCompile("`[^`\n]*`").ReplaceAllString(withoutFences(text), "")
}

// Each example of saltern.yaml can be pasted, and so can each of the master's
// file, which begins with a comment that names it.
func TestExamplesLoad(t *testing.T) {
	t.Parallel()
	block := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")
	pair := regexp.MustCompile(`(ssl_crt|ssl_key): \S+`) // of a host that is not this one
	for page, text := range pages(t) {
		for _, found := range block.FindAllStringSubmatch(text, -1) {
			if strings.HasPrefix(found[1], "# /etc/salt/master") {
				dir := t.TempDir()
				require.NoError(t, os.WriteFile(filepath.Join(dir, "pair"), nil, 0o600))
				text := pair.ReplaceAllString(found[1], "$1: "+filepath.Join(dir, "pair"))
				require.NoError(t, os.WriteFile(filepath.Join(dir, "master"), []byte(text), 0o600))
				_, _, err := masterconf.Load(dir)
				require.NoError(t, err, "%s:\n%s", page, found[1])
				continue
			}
			_, err := settings.Parse(page, []byte(found[1]))
			require.NoError(t, err, "%s:\n%s", page, found[1])
		}
	}
}

// A block of Go that begins with the name of a file has the lines of that file,
// in their order; comments and what lies between may be left out.
func TestGoBlocksAreTheCode(t *testing.T) {
	t.Parallel()
	block := regexp.MustCompile("(?ms)^```go\n// (\\S+\\.go)\n(.*?)^```$")
	found := 0
	for page, text := range pages(t) {
		for _, b := range block.FindAllStringSubmatch(text, -1) {
			found++
			code, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(b[1])))
			require.NoError(t, err, page)
			rest := strings.Split(string(code), "\n")
			for line := range strings.SplitSeq(strings.TrimSpace(b[2]), "\n") {
				at := slices.IndexFunc(rest, func(s string) bool { return words(s) == words(line) })
				require.GreaterOrEqual(t, at, 0, "%s: %s has no line %q after the ones before", page, b[1], line)
				rest = rest[at+1:]
			}
		}
	}
	require.Positive(t, found)
}

// words returns a line of code without its comment and with single blanks.
func words(line string) string {
	code, _, _ := strings.Cut(line, "//")
	return strings.Join(strings.Fields(code), " ")
}
