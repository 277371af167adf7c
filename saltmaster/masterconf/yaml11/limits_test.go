package yaml11_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/masterconf/yaml11"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	laughs := "a: &l0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 9; i++ {
		laughs += fmt.Sprintf("a%d: &l%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*l%d, ", i-1), 10), ", "))
	}
	merges := "x: {b: &m0 {k: 1}"
	for i := 1; i < 30; i++ {
		merges += fmt.Sprintf(", m%d: &m%d {<<: [*m%d, *m%d]}", i, i, i-1, i-1)
	}
	merges += ", <<: *m29}\n"

	for name, c := range map[string]struct{ text, msg string }{
		"aliases":         {laughs, "more than 1000000 values"},
		"merges":          {merges, ""},
		"self":            {"a: &a [*a]\n", "a value contains itself"},
		"self merge":      {"a: &a {<<: *a}\n", "a value contains itself"},
		"self in merge":   {"a: &a {b: {<<: *a}}\n", "a value contains itself"},
		"flow depth":      {"a: " + strings.Repeat("[", 300) + strings.Repeat("]", 300), "nested deeper than 256 levels"},
		"block depth":     {strings.Repeat("- ", 300) + "x", "nested deeper than 256 levels"},
		"endless depth":   {strings.Repeat("[", 1<<20), "exceeded max depth"},
		"digits":          {"a: " + strings.Repeat("9", 4301), "not an integer"},
		"sexagesimal":     {"a: 1" + strings.Repeat(":1", 4000), "not an integer"},
		"not utf-8":       {"a: 1\nb: caf\xe9\n", "master:2: not UTF-8 text"},
		"utf-16":          {"\xff\xfea\x00:\x00", "not UTF-8 text"},
		"NUL":             {"a: x\x00y\n", "control characters are not allowed"},
		"line of a key":   {"a: 1\n\nb:\n  c: 1\n  c: 2\n", `master:5: the key "c" stands here twice`},
		"line of a value": {"a: 1\nb: !!bool maybe\n", "master:2: not a boolean"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := yaml11.Decode("master", []byte(c.text))
			require.ErrorContains(t, err, c.msg)
		})
	}
}

// A number of absurd length is text, so that its form is not searched through.
func TestAbsurdNumber(t *testing.T) {
	t.Parallel()
	long := "1" + strings.Repeat(":1", 1<<20)
	v, err := yaml11.Decode("master", []byte(long))
	require.NoError(t, err)
	require.Equal(t, long, v)
}

// The line in a message is where the value that is broken begins, or where it breaks.
func TestSyntaxErrorLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: 1\nb: [1, 2\nc: 3\n":       "master:2: did not find expected ',' or ']'",
		"[a\n":                         "master:2: did not find expected ',' or ']'",
		"a:\n  b: 1\n  c: }\n":         "master:3: did not find expected node content",
		"x: 1\n- a\n":                  "master:2: did not find expected key",
		"x: 1\ny: b: c\n":              "master:2: mapping values are not allowed in this context",
		"x: 1\ny: *z\n":                "master:2: unknown anchor 'z' referenced",
		"x: 1\ny: 1\nz: a\x7f\n":       "master:3: control characters are not allowed",
		"x: 1\ny: &a 1\nz: &a 1\n":     "master:3: anchor &a is defined twice",
		"x: 1\n---\ny: 1\n":            "master:2: a second document starts here; only one is allowed",
		"x: 1\n\ty: 1\n":               "master:2: found a tab character that violates indentation",
		"%YAML 1.2\n%YAML 1.2\n---\n1": "master:2: found duplicate %YAML directive",
	} {
		_, err := yaml11.Decode("master", []byte(text))
		require.EqualError(t, err, want, "%q", text)
	}
}

func TestPositions(t *testing.T) {
	t.Parallel()
	v, err := yaml11.Decode("master", []byte("# x\na: 1\n\nsection:\n  port: 8000\n  # y\n  host: h\n"))
	require.NoError(t, err)
	conf := v.(*yaml11.Map)
	it, ok := conf.Item("section")
	require.True(t, ok)
	require.Equal(t, 4, it.Line)
	it, ok = it.Value.(*yaml11.Map).Item("host")
	require.True(t, ok)
	require.Equal(t, yaml11.Item{Key: "host", Value: "h", File: "master", Line: 7}, it)
}

func TestMap(t *testing.T) {
	t.Parallel()
	var none *yaml11.Map
	require.Zero(t, none.Len())
	_, ok := none.Get("a")
	require.False(t, ok)

	var m yaml11.Map
	m.Set(yaml11.Item{Key: "b", Value: int64(1)})
	m.Set(yaml11.Item{Key: true, Value: "first"})
	m.Set(yaml11.Item{Key: "a", Value: int64(2)})
	m.Set(yaml11.Item{Key: "b", Value: int64(3)})
	m.Set(yaml11.Item{Key: 1.0, Value: "second"})
	require.Equal(t, 3, m.Len())
	v, ok := m.Get(int64(1))
	require.True(t, ok)
	require.Equal(t, "second", v)
	var keys []any
	for it := range m.All() {
		keys = append(keys, it.Key)
	}
	require.Equal(t, []any{"b", 1.0, "a"}, keys, "a replaced entry keeps its place")
}

func TestEqual(t *testing.T) {
	t.Parallel()
	parse := func(s string) any {
		v, err := yaml11.Decode("x", []byte(s))
		require.NoError(t, err)
		return v
	}
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"1", "1.0", true},
		{"1", "yes", true},
		{"1", `"1"`, false},
		{"99999999999999999999", "99999999999999999999", true},
		{"9007199254740993", "9007199254740992.0", false},
		{"[1, a]", "[1.0, a]", true},
		{"[1, a]", "[a, 1]", false},
		{"{a: 1, b: [x]}", "{b: [x], a: 1}", true},
		{"{a: 1}", "{a: 1, b: 2}", false},
		{"{a: 1}", "[a]", false},
		{"a", "[a]", false},
		{"~", "~", true},
		{"~", "no", false},
		{".nan", ".nan", true},
	} {
		require.Equal(t, c.want, yaml11.Equal(parse(c.a), parse(c.b)), "%s == %s", c.a, c.b)
		require.Equal(t, c.want, yaml11.Equal(parse(c.b), parse(c.a)), "%s == %s", c.b, c.a)
	}
}
