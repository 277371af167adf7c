package eventstream

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestGlob(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		pattern string
		yes, no []string
	}{
		{"salt/job/*", []string{"salt/job/", "salt/job/1/ret/a"}, []string{"salt/job", "xsalt/job/1"}},
		{"salt/job/*/ret/*", []string{"salt/job/1/ret/a", "salt/job/1/x/ret/a/b"}, []string{"salt/job/1/new", "salt/job/1/ret"}},
		{"*", []string{"", "a\nb"}, nil},
		{"a", []string{"a"}, []string{"", "aa", "A"}},
		{"a?c", []string{"abc", "aéc", "a/c"}, []string{"ac", "abbc"}},
		{"[ab-d]x", []string{"ax", "cx"}, []string{"ex", "x", "-x"}},
		{"[!a-c]x", []string{"dx", "éx"}, []string{"bx", "x"}},
		{"[]]", []string{"]"}, []string{"[", "[]]"}},
		{"[!]]", []string{"a"}, []string{"]"}},
		{"[a", []string{"[a"}, []string{"a"}},
		{"[", []string{"["}, []string{""}},
		{"[!", []string{"[!"}, []string{"a"}},
		{"[!]", []string{"[!]"}, []string{"a"}},
		{"[c-a]", nil, []string{"a", "b", "c", "-"}},
		{"[a-]", []string{"a", "-"}, []string{"b"}},
		{"[-a]", []string{"a", "-"}, []string{"b"}},
		{"[^a]", []string{"^", "a"}, []string{"b"}},
		{"**a**b", []string{"ab", "xaxb", "aab"}, []string{"ba"}},
		{"*a*a*a*", []string{"aaa", "xaxaxa"}, []string{"aa"}},
		{"*.", []string{"a.", "a.."}, []string{"a.b"}},
	} {
		g := compileGlob(tc.pattern)
		for _, s := range tc.yes {
			require.True(t, g.match(s), "%q %q", tc.pattern, s)
		}
		for _, s := range tc.no {
			require.False(t, g.match(s), "%q %q", tc.pattern, s)
		}
	}
}

// FuzzGlob compares with regular expressions, for patterns that have no set.
func FuzzGlob(f *testing.F) {
	f.Add("salt/*/ret/?", "salt/job/ret/a")
	f.Add("*a*?b", "aab")
	f.Add("[!a-c]*[]x]", "dd]")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(s) || len(pattern) > maxGlobLength {
			return
		}
		g := compileGlob(pattern)
		got := g.match(s)
		if strings.Contains(pattern, "[") {
			return
		}
		expr := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
		require.Equal(t, regexp.MustCompile(`(?s)\A`+expr+`\z`).MatchString(s), got)
	})
}
