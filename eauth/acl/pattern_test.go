package acl

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// patterns are Python's expressions with a text and the result of re.match.
var patterns = []struct {
	pattern, text string
	want          outcome
}{
	{"test.ping", "test.ping", yes},
	{"test.ping", "test.pings", yes}, // a prefix is enough
	{"test.ping", "testXping", yes},
	{"test.ping", "mytest.ping", no},
	{`test\.ping$`, "test.pings", no},
	{`test\.ping$`, "test.ping", yes},
	{`ls$`, "ls\n", maybe}, // it matches in Python
	{`ls\Z`, "ls\n", no},
	{"", "anything", yes},
	{".*", "", yes},
	{"*", "test.ping", no}, // not an expression
	{"test.*", "test.ping", yes},
	{"a|b", "b", yes},
	{"(test|grains)[.](items|ping)", "grains.items", yes},
	{"(?:test|grains)", "grains.items", yes},
	{"(?P<m>test)", "test.ping", yes},
	{"(?P<m>a)(?P<m>b)", "ab", maybe},
	{"(?!cmd)", "test.ping", maybe}, // Go has no look-ahead
	{"^(?!cmd).*", "cmd.run", maybe},
	{"(?<=a)b", "b", maybe},
	{`(a)\1`, "aa", maybe},
	{"(?i)TEST", "test.ping", yes},
	{"(?i)(?:TEST)", "test.ping", yes},
	{"(?is)a.B", "A\nb", yes},
	{"(?x) t e s t", "test", maybe},
	{"test(?i)", "test", maybe},
	{"(?#why)test", "test", yes},
	{"te(?#why)*st", "test", yes},
	{"(?#why", "test", no},
	{"^*", "test", no},
	{"a**", "aa", no},
	{"a*?b", "aab", yes},
	{"a*+b", "aab", maybe},
	{"a{2}b", "aab", yes},
	{"a{,2}b", "aab", yes}, // from none on; Go would read these as letters
	{"a{,}b", "aaab", yes},
	{"a{2,1}", "aa", no},
	{"a{}", "a{}", yes},
	{"a{x}", "a{x}", yes},
	{"a{1", "a{1", yes},
	{"a{2000}", "a", maybe},
	{"{2}", "{2}", no},
	{"[]a]", "]", yes},
	{"[^]a]", "b", yes},
	{"[a-]", "-", yes},
	{"[a-c-]", "-", yes},
	{"[[:alpha:]]", "a]", yes},
	{"[[:alpha:]]", "b", no}, // Python has no such classes
	{"[z-a]", "a", no},
	{`[a-\d]`, "a", no},
	{"[a", "a", no},
	{`[\]]`, "]", yes},
	{`[\b]`, "\b", yes},
	{`[\w.]+$`, "test.ping", yes},
	{`[^\S]`, "\x1f", yes},
	{`\s`, "\x1f", yes},
	{`\d`, "\u0663", maybe},
	{`\w`, "é", maybe},
	{"é", "é", yes},
	{".", "é", yes},
	{".", "\n", no},
	{`\x74est\u002eping\U00000021`, "test.ping!", yes},
	{`\x7`, "x7", no},
	{`\q`, "q", no},
	{`\`, `\`, no},
	{`\.\-\/\_`, "._", no},
	{`\N{DIGIT ONE}`, "1", maybe},
	{"a)", "a", no},
	{"(a", "a", no},
	{"(?", "", maybe},
	{"test", "te\xffst", maybe},
	{strings.Repeat("(", 2000) + strings.Repeat(")", 2000), "", maybe},
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, c := range patterns {
		require.Equal(t, c.want, regex(c.pattern).match(c.text), "%q on %q", c.pattern, c.text)
	}
}

// patternsAgree compares the table, and thousands of patterns put together at random, with Python.
func patternsAgree(t *testing.T) comparison {
	t.Helper()
	var q question
	for _, c := range patterns {
		if !strings.Contains(c.text, "\xff") && len(c.pattern) < 1000 {
			q.Regexes = append(q.Regexes, matching{c.pattern, []string{c.text}})
		}
	}
	pieces := []string{
		"a", "b", "ab", ".", "*", "+", "?", "|", "(", ")", "(?:", "[", "]", "[ab", "-", "^", "$", `\d`, `\w`, `\s`, `\S`,
		`\.`, `\n`, `\b`, `\A`, `\Z`, "{2}", "{,1}", "{1,}", "{", "}", ",", "1", " ", "[^", `\`, "(?i)", "é", "A", `\x61`, `(?P<x>`,
		"]", ")", ")", "(?#", "(?s)", "(?m)", "(?i:", "(?=", "\n",
	}
	texts := []string{"", "a", "b", "ab", "aab", "ba", "A", "1", "a1", "a b", "a\nb", "b\n", ".", "é", "-", "]", "a{2}", `\`, "\x1fa"}
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		var b strings.Builder
		for range 1 + random.IntN(7) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		q.Regexes = append(q.Regexes, matching{b.String(), texts})
	}
	return comparison{q, func(t *testing.T, a answer) {
		told := 0
		for i, m := range q.Regexes {
			p := regex(m.Pattern)
			for j, text := range m.Texts {
				switch o := p.match(text); o {
				case yes, no:
					told++
					assert.Equal(t, a.Regexes[i][j], o == yes, "%q on %q", m.Pattern, text)
				default:
					assert.Equal(t, maybe, o)
				}
			}
		}
		require.Greater(t, told, 1500*len(texts), "most patterns are to be told")
	}}
}

var globCases = []struct {
	pattern, text string
	want          outcome
}{
	{"web*", "web1", yes},
	{"web*", "aweb1", no},
	{"web?", "web", no},
	{"*", "", yes},
	{"*", "a\nb", yes},
	{"", "a", no},
	{"[ab]", "b", yes},
	{"[!ab]", "b", no},
	{"[!ab]", "c", yes},
	{"[]]", "]", yes},
	{"[!]]", "]", no},
	{"[", "[", yes},
	{"[!", "[!", yes},
	{"[]", "[]", yes},
	{"[a-c]", "b", yes},
	{"[a-]", "-", yes},
	{"[-a]", "-", yes},
	{"[a-c-e]", "d", no},
	{"[a-c-e]", "e", yes},
	{"[--a]", "A", yes},
	{`[\]`, `\`, yes},
	{"[^a]", "^", yes},
	{"[[a]", "[", yes},
	{"[&&a]", "&", yes},
	{"[z-a]", "z", maybe},
	{"a.b", "axb", no},
	{"é?", "éé", yes},
}

func TestGlobs(t *testing.T) {
	t.Parallel()
	for _, c := range globCases {
		require.Equal(t, c.want, glob(c.pattern).match(c.text), "%q on %q", c.pattern, c.text)
	}
}

func globsAgree(t *testing.T) comparison {
	t.Helper()
	var q question
	for _, c := range globCases {
		q.Globs = append(q.Globs, matching{c.pattern, []string{c.text}})
	}
	pieces := []string{"a", "b", "*", "?", "[", "]", "!", "-", "^", "\\", "&", "~", "|", "c", ".", "[a-c]", "[!"}
	texts := []string{"", "a", "b", "c", "ab", "abc", "-", "!", "]", "[", "^", `\`, "a]", "[a", "&", "a.b", "a\nb"}
	random := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		var b strings.Builder
		for range 1 + random.IntN(6) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		q.Globs = append(q.Globs, matching{b.String(), texts})
	}
	return comparison{q, func(t *testing.T, a answer) {
		for i, m := range q.Globs {
			p := glob(m.Pattern)
			for j, text := range m.Texts {
				if o := p.match(text); o != maybe {
					assert.Equal(t, a.Globs[i][j], o == yes, "%q on %q", m.Pattern, text)
				}
			}
		}
	}}
}
