package pyglob_test

import (
	_ "embed"
	"math/rand"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/pyglob"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
)

//go:embed testdata/fnmatch.py
var fnmatchScript string

// table has the results of fnmatch of Python 3.11, and is compared with it by
// TestPythonAgrees.
var table = []struct {
	pattern string
	yes, no []string
}{
	{"", []string{""}, []string{"a"}},
	{"salt/job/*", []string{"salt/job/", "salt/job/1/ret/a"}, []string{"salt/job", "xsalt/job/1"}},
	{"salt/job/*/ret/*", []string{"salt/job/1/ret/a", "salt/job/1/x/ret/a/b"}, []string{"salt/job/1/new", "salt/job/1/ret"}},
	{"*", []string{"", "a\nb", "a/b"}, nil},
	{"a", []string{"a"}, []string{"", "aa", "A", "a\n"}},
	{"a?c", []string{"abc", "aéc", "a/c", "a\nc"}, []string{"ac", "abbc"}},
	{`a\*`, []string{`a\`, `a\b`}, []string{"a*"}},
	{"a.c", []string{"a.c"}, []string{"abc"}},
	{"**a**b", []string{"ab", "xaxb", "aab"}, []string{"ba"}},
	{"*a*a*a*", []string{"aaa", "xaxaxa"}, []string{"aa"}},
	{"*.", []string{"a.", "a.."}, []string{"a.b"}},
	{"[ab-d]x", []string{"ax", "cx"}, []string{"ex", "x", "-x"}},
	{"[!a-c]x", []string{"dx", "éx"}, []string{"bx", "x"}},
	{"[]]", []string{"]"}, []string{"[", "[]]"}},
	{"[!]]", []string{"a"}, []string{"]"}},
	{"[]-a]", []string{"]", "^", "a"}, []string{"[", "-"}},
	{"[a", []string{"[a"}, []string{"a"}},
	{"[", []string{"["}, []string{""}},
	{"[]", []string{"[]"}, []string{"", "a"}},
	{"[!", []string{"[!"}, []string{"a"}},
	{"[!]", []string{"[!]"}, []string{"a"}},
	{"[a-]", []string{"a", "-"}, []string{"b"}},
	{"[-a]", []string{"a", "-"}, []string{"b"}},
	{"[--0]", []string{"-", ".", "/", "0"}, []string{"1", ","}},
	{"[a-c-e]", []string{"b", "-", "e"}, []string{"d"}},
	{"[a-b-]", []string{"a", "b", "-"}, []string{"c"}},
	{"[!-a]", []string{"b"}, []string{"-", "a"}},
	{"[!a-]", []string{"b"}, []string{"-", "a"}},
	{"[^a]", []string{"^", "a"}, []string{"b"}},
	{"[[a]", []string{"[", "a"}, []string{"b"}},
	{`[\d]`, []string{`\`, "d"}, []string{"1"}},
	{"[a&&b]", []string{"a", "&", "b"}, []string{"c"}},
	{"[é-ü]", []string{"ö"}, []string{"o"}},
	// Reversed ranges are removed.
	{"[c-a]", nil, []string{"a", "b", "c", "-"}},
	{"[!c-a]", []string{"a", "b", "-"}, []string{"", "ab"}},
	{"[c-ab-d]", []string{"b", "c", "d"}, []string{"a", "-"}},
	{"[c-a-d]", []string{"-", "d"}, []string{"a", "c"}},
	{"[b-a!x]", []string{"a", "!"}, []string{"x"}},
	{"[b-a!-z]", []string{"b", "!"}, []string{"-", "z"}},
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, tc := range table {
		g := pyglob.Compile(tc.pattern)
		for _, s := range tc.yes {
			require.True(t, g.Match(s), "%q %q", tc.pattern, s)
		}
		for _, s := range tc.no {
			require.False(t, g.Match(s), "%q %q", tc.pattern, s)
		}
	}
}

func TestVaries(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]bool{
		"": false, "*": false, "[a-c]": false, "[!a-c]": false, "[c-a]": true, "[!c-a]": true, "x[ac-b]*": true, "[c-a": false,
	} {
		g := pyglob.Compile(pattern)
		require.Equal(t, want, g.Varies(), pattern)
	}
}

// TestBytes: a file's name need not be UTF-8. Each invalid byte is one
// character.
func TestBytes(t *testing.T) {
	t.Parallel()
	for pattern, matches := range map[string]bool{
		"a\xff*": true, "*\xff": false, "?\xff?": true, "*\xffb": true, "*\xfeb": false, "a?b": true, "a[!x]b": true,
	} {
		g := pyglob.Compile(pattern)
		require.Equal(t, matches, g.Match("a\xffb"), "%q", pattern)
	}
}

// TestPythonAgrees compares with the fnmatch of each Salt's Python: the table,
// and a few thousand short patterns of special characters.
func TestPythonAgrees(t *testing.T) {
	t.Parallel()
	var cases [][2]string
	for _, tc := range table {
		for _, s := range append(tc.yes, tc.no...) {
			cases = append(cases, [2]string{tc.pattern, s})
		}
	}
	random := rand.New(rand.NewSource(1))
	text := func(alphabet string, most int) string {
		var b strings.Builder
		for range random.Intn(most + 1) {
			b.WriteByte(alphabet[random.Intn(len(alphabet))])
		}
		return b.String()
	}
	for range 4000 {
		cases = append(cases, [2]string{"[" + text("!!---]abz^[", 8) + "]" + text("*?a", 2), text("!-]abmz^[", 2)})
		cases = append(cases, [2]string{text("**?ab[-]!", 8), text("ab-[]!", 8)})
	}
	for version, dir := range sandboxtest.Salts(t) {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			var answers []bool
			sandboxtest.Python(t, dir, fnmatchScript, cases, &answers)
			require.Len(t, answers, len(cases))
			matched := 0
			for i, want := range answers {
				g := pyglob.Compile(cases[i][0])
				require.Equal(t, want, g.Match(cases[i][1]), "%q %q", cases[i][0], cases[i][1])
				if want {
					matched++
				}
			}
			require.Greater(t, matched, 300)
		})
	}
}

// FuzzMatch compares with regular expressions, for patterns without a set.
func FuzzMatch(f *testing.F) {
	f.Add("salt/*/ret/?", "salt/job/ret/a")
	f.Add("*a*?b", "aab")
	f.Add("[!a-c]*[]x]", "dd]")
	f.Add("[b-a!-z]", "-")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		g := pyglob.Compile(pattern)
		got := g.Match(s)
		if strings.Contains(pattern, "[") || !utf8.ValidString(pattern) || !utf8.ValidString(s) {
			return // it ends, and does not panic
		}
		expr := regexp.QuoteMeta(pattern)
		expr = strings.ReplaceAll(strings.ReplaceAll(expr, `\*`, `.*`), `\?`, `.`)
		require.Equal(t, regexp.MustCompile(`(?s)\A`+expr+`\z`).MatchString(s), got)
	})
}
