package yamlin

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
)

// FuzzPlain compares what is read without the parser with what the parser
// makes of it.
func FuzzPlain(f *testing.F) {
	for _, s := range []string{
		"web", "test.ping", "/etc/salt", "salt://a/b.sls", "1", "007", "1.5e+3", "1:30", "0x1F", "1_000", "true", "No",
		"null", "~", "<<", "=", "a:b", "a :b", "it's", `a"b`, "a, b", "a [b] {c}", "x=1", "2026-01-01", "$(id)", "a\\b", "...",
		"..", "a ? b", "a - b", "a & b", "a*", "+1", ".5", ".inf", "a | b", "(a)", "99999999999999999999", "a%b", "a@b",
		"", " a", "a ", "a  b", "a: b", "a:", "-1", "- a", "[a]", "{}", "'a'", `"a"`, "#a", "a#b", "a #b", "*a", "&a", "!a", "|",
		">", "%a", "@a", "`a", "?a", "a\tb", "a\nb", "é",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if s == "" || keepsText(s) || !isPlain(s) {
			return
		}
		fast, fastErr := yaml11.Plain(s)
		slow, slowErr := decode(nil, []byte(s))
		require.Equal(t, slowErr == nil, fastErr == nil, "%q: %v, %v", s, slowErr, fastErr)
		require.Equal(t, slow, fast, "%q", s)
	})
}
