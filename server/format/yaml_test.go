package format_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/sandbox/sandboxtest"
	"github.com/saltern-api/saltern/saltmaster/yamlin"
	"github.com/saltern-api/saltern/server/format"
)

func yamlOf(t *testing.T, js string) string {
	t.Helper()
	out, err := format.AppendYAML([]byte("before "), []byte(js))
	require.NoError(t, err, "%q", js)
	text, ok := strings.CutPrefix(string(out), "before ")
	require.True(t, ok)
	return text
}

// TestYAMLText compares with PyYAML's output, character by character.
func TestYAMLText(t *testing.T) {
	t.Parallel()
	for js, want := range map[string]string{
		`{"return": [{"ms-1": true, "ms-0": "text"}]}`:                                          "return:\n- ms-0: text\n  ms-1: true\n",
		`{"return": [{}], "a": [], "b": null}`:                                                  "a: []\nb: null\nreturn:\n- {}\n",
		`[[["a"]], [], [{"b": [1, [2]]}]]`:                                                      "- - - a\n- []\n- - b:\n    - 1\n    - - 2\n",
		`{"a": {"b": {"c": [1, {"d": 2}]}}}`:                                                    "a:\n  b:\n    c:\n    - 1\n    - d: 2\n",
		`[1, -1, 0, 1.0, -0.0, 1e20, 1E-7, 1.5e300]`:                                            "- 1\n- -1\n- 0\n- 1.0\n- -0.0\n- 1.0e+20\n- 1.0e-07\n- 1.5e+300\n",
		`[NaN, Infinity, -Infinity, 1e999, -1e999]`:                                             "- .nan\n- .inf\n- -.inf\n- .inf\n- -.inf\n",
		`[18446744073709551616, -9223372036854775809]`:                                          "- 18446744073709551616\n- -9223372036854775809\n",
		`["yes", "No", "null", "~", "", "=", "<<"]`:                                             "- 'yes'\n- 'No'\n- 'null'\n- '~'\n- ''\n- '='\n- <<\n",
		`["it's", "a: b", "a #b", "a:b", "a#b", " a"]`:                                          "- it's\n- 'a: b'\n- 'a #b'\n- a:b\n- a#b\n- ' a'\n",
		`["- a", "-a", "?", "?a", ":", ":a", "a:"]`:                                             "- '- a'\n- -a\n- '?'\n- ?a\n- ':'\n- :a\n- 'a:'\n",
		`["[a", "a[", "{a", "@a", "%a", "*a", "'a'"]`:                                           "- '[a'\n- a[\n- '{a'\n- '@a'\n- '%a'\n- '*a'\n- '''a'''\n",
		`["1", "1.5", "0x1F", "1:30", "2026-01-02"]`:                                            "- '1'\n- '1.5'\n- '0x1F'\n- '1:30'\n- '2026-01-02'\n",
		`["\u0007\t\u001b\"\\", "é", "\u0085"]`:                                                 "- \"\\a\\t\\e\\\"\\\\\"\n- é\n- \"\\x85\"\n",
		`{"a\tb": 1, "20240102030405000006": 2}`:                                                "'20240102030405000006': 2\n\"a\\tb\": 1\n",
		`{"` + strings.Repeat("k", 128) + `": [1, [2]], "` + strings.Repeat("l", 130) + `": 1}`: "? " + strings.Repeat("k", 128) + "\n: - 1\n  - - 2\n? " + strings.Repeat("l", 130) + "\n: 1\n",
		`"text"`: "text\n", `5`: "5\n", `[]`: "[]\n", ` {} `: "{}\n", `null`: "null\n",
		`{"a": 1, "b": 2, "a": {"c": 3}}`: "a:\n  c: 3\nb: 2\n",
	} {
		want = strings.Replace(want, "- <<\n", "- '<<'\n", 1) // PyYAML reads its own as text; others merge
		require.Equal(t, want, yamlOf(t, js), "%s", js)
	}
}

func TestYAMLIsBounded(t *testing.T) {
	t.Parallel()
	for _, js := range []string{"", "{", `{"a"}`, "[1 2]", `"\q"`, "\"\xff\"", "[] []", strings.Repeat("[", msgpack.MaxDepth+1), "{} x"} {
		out, err := format.AppendYAML([]byte("before"), []byte(js))
		require.Error(t, err, "%q", js)
		require.Equal(t, "before", string(out))
	}
	for _, brackets := range []string{"[]", "{}"} {
		start := strings.Repeat(brackets[:1]+strings.Repeat(`"a":`, strings.Count(brackets, "{")), 400)
		js := start + "[" + strings.Repeat("1,", 10_000) + "1]" + strings.Repeat(brackets[1:], 400)
		require.Less(t, len(yamlOf(t, js)), 50_000, "deep values are not indented")
	}
}

// texts are strings with a meaning in YAML, or that look like such.
var texts = []string{
	"", " ", "  a", "a ", "a", "é", "😀", "日本", "\u00a0", "\u2028", "\ufeff", "\ufeffa", "\ufffe", "\x00", "\x7f", "\u0080", "\u0085",
	"a\nb", "\n", "\r\n", "a\n\n b\n", "\t", "a\tb", "\\", "\\n", "\"", "'", "''", "a'b", "'a", "a'", "\"a\"", "`", "@", "%", "!", "!!str", "&a", "*a",
	"#", "# a", "a #", "a#", "-", "--", "---", "--- a", "----", "...", "... a", "-a", "- a", "-\u00a0a", "?", "? a", "?a", ":", ": a", ":a", "a:", "a: b", "a:b", "a :b", "::",
	",", "a,b", "[", "]", "[]", "{", "}", "{}", "{a: b}", "|", ">", "|-", "=", "==", "<<", "<", "~", "~a", "null", "Null", "NULL", "nULL", "None",
	"true", "True", "tRUE", "false", "yes", "Yes", "no", "NO", "on", "Off", "y", "n", "Y", "N", "0", "1", "-1", "+1", "007", "0o17", "0x1F", "0b1", "1_000", "_1", "1_",
	"1.", "1.0", ".5", "1e3", "1e+3", "1.0e+3", "1E5", "1.5e-3", "1:30", "1:30.5", "190:20:30", "12:34:56", "-1:30", ".", "..", ".inf", "-.Inf", "+.INF", ".nan", ".NaN", "inf", "nan",
	"2026-01-02", "2026-1-2", "2026-01-02 03:04:05", "2026-01-02T03:04:05Z", "2026-01-02t03:04:05.5+01:00", "20260102030405000006", "10.0.0.1", "3008.3", "0abc", "fe80::1",
	"salt://a/b", "C:\\a", "a=b", "cmd: 'x' # y", "\x1b[0;32mok\x1b[0m", strings.Repeat("x", 2000), strings.Repeat("word ", 500), strings.Repeat("é", 128), strings.Repeat("\x01", 128),
	strings.Repeat("k", 2000) + ": v", "a\u2029b", "\U0010ffff", "\ue000", "\ufffd",
}

// randomJSON returns a value of any shape.
func randomJSON(rnd *rand.Rand, depth int) any {
	switch n := rnd.IntN(10); {
	case depth > 0 && n < 2:
		list := make([]any, rnd.IntN(5))
		for i := range list {
			list[i] = randomJSON(rnd, depth-1)
		}
		return list
	case depth > 0 && n < 5:
		object := make(map[string]any)
		for range rnd.IntN(5) {
			object[texts[rnd.IntN(len(texts))]] = randomJSON(rnd, depth-1)
		}
		return object
	case n == 5:
		return json.Number(fmt.Sprint(rnd.Int64()-1<<62) + strings.Repeat("7", rnd.IntN(30)))
	case n == 6:
		return rnd.NormFloat64() * []float64{1, 1e-9, 1e18, 1e300, 1e-310, 0}[rnd.IntN(6)]
	case n == 7:
		return []any{nil, true, false}[rnd.IntN(3)]
	}
	return texts[rnd.IntN(len(texts))]
}

func marshaled(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

// TestPyYAMLReadsBack compares three readers of YAML.
func TestPyYAMLReadsBack(t *testing.T) {
	t.Parallel()
	var documents []string
	for _, text := range texts {
		nested := map[string]any{text: map[string]any{text: []any{text, map[string]any{text: text}}}}
		documents = append(documents, marshaled(t, text), marshaled(t, nested))
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for depth := range 600 {
		documents = append(documents, marshaled(t, randomJSON(rnd, depth%24)))
	}
	documents = append(documents, `[NaN, Infinity, -Infinity, 1e999, -0, -0.0, 0e5, 1E5, 1e-5, 123456789012345678, 1e15, 1e16]`)
	for _, text := range texts { // below the depth where brackets begin
		documents = append(documents, strings.Repeat(`[{"a": `, 10)+marshaled(t, map[string]any{text: []any{text, map[string]any{text: 1}}})+strings.Repeat("}]", 10))
	}
	pairs := make([][2]string, len(documents))
	for i, js := range documents {
		pairs[i] = [2]string{js, yamlOf(t, js)}
	}
	stdin, err := json.Marshal(pairs)
	require.NoError(t, err)
	for version, salt := range sandboxtest.Salts(t) {
		var bad [][3]any
		answer := sandboxtest.PythonFile(t, salt, "testdata/load.py", stdin)
		require.NoError(t, json.Unmarshal(answer, &bad))
		for _, b := range bad[:min(5, len(bad))] {
			t.Errorf("%s: %s\n%v", version, pairs[int(b[0].(float64))], b[1:])
		}
	}
}

// FuzzAppendYAML decodes the YAML of any JSON with our own reader.
func FuzzAppendYAML(f *testing.F) {
	f.Add([]byte(`{"return": [{"a": ["b: c", 1.5e300, null]}], "b": "\u0000\ud83d\ude00"}`))
	f.Add([]byte(`{"a": 1, "a": NaN}`))
	f.Fuzz(func(t *testing.T, js []byte) {
		packed, err := msgpack.AppendFromJSON(nil, js)
		out, yamlErr := format.AppendYAML(nil, js)
		require.Equal(t, err == nil, yamlErr == nil)
		if err != nil {
			return
		}
		require.True(t, utf8.Valid(out))
		require.LessOrEqual(t, len(out), 40*len(js)+40)
		back, err := yamlin.Document(nil, out)
		if err != nil { // a bound, and not the syntax
			require.Contains(t, err.Error(), "more than")
			return
		}
		require.Equal(t, sorted(t, packed), sorted(t, back), "%s", out)
	})
}

// sorted returns a value as text, with the keys in order.
func sorted(t *testing.T, v msgpack.Raw) string {
	t.Helper()
	switch v.Kind() {
	case msgpack.Array:
		var parts []string
		require.NoError(t, v.Elems(func(e msgpack.Raw) error {
			parts = append(parts, sorted(t, e))
			return nil
		}))
		return "[" + strings.Join(parts, ",") + "]"
	case msgpack.Map:
		var parts []string
		require.NoError(t, v.Each(func(k, e msgpack.Raw) error {
			parts = append(parts, sorted(t, k)+":"+sorted(t, e))
			return nil
		}))
		slices.Sort(parts)
		return "{" + strings.Join(parts, ",") + "}"
	}
	return string(bytes.TrimSpace([]byte(asJSON(t, v))))
}
