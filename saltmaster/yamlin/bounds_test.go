package yamlin_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/saltmaster/yamlin"
)

// laughs is a chain of lists, each ten times the one before.
func laughs(format string) string {
	var b strings.Builder
	b.WriteString("l0: &l0 {k: x}\n")
	for i := 1; i < 10; i++ {
		aliases := strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*l%d, ", i-1), 10), ", ")
		fmt.Fprintf(&b, "l%d: &l%d "+format+"\n", i, i, aliases)
	}
	return b.String()
}

func TestBounds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"aliases":        {laughs("[%s]"), "more than 100000 values"},
		"merges":         {laughs("{<<: [%s]}"), "more than 100000 values"},
		"aliased text":   {"a: &a '" + strings.Repeat("x", 100_000) + "'\nb: [" + strings.Repeat("*a,", 1000) + "]", "the aliases make it more than 16 times as long"},
		"aliased keys":   {"a: &a '" + strings.Repeat("x", 1000) + "'\nb: [" + strings.Repeat("{*a : 1},", 1000) + "]", "the aliases make it more than 16 times as long"},
		"itself":         {"&a [*a]", "line 1: a value contains itself"},
		"itself below":   {"&a {b: [{c: *a}]}", "line 1: a value contains itself"},
		"itself merged":  {"&a {<<: *a}", "line 1: a value contains itself"},
		"entries":        {"[" + strings.Repeat("a,", 110_000) + "]", "more than 100000 entries"},
		"dashes":         {strings.Repeat("-\n", 110_000), "more than 100000 entries"},
		"keys":           {strings.Repeat("a:\n", 110_000), "more than 100000 entries"},
		"brackets":       {strings.Repeat("[", 110_000), "more than 100000 entries"},
		"flow depth":     {strings.Repeat("[", 200) + strings.Repeat("]", 200), "nested deeper than 100 levels"},
		"block depth":    {strings.Repeat("- ", 200) + "a", "nested deeper than 100 levels"},
		"size":           {strings.Repeat("x", 5<<20), "more than 4194304 bytes"},
		"tag directives": {strings.Repeat("%TAG !a! x\n", 1000) + "--- a", "more than 16 directives"},
		"later marks":    {strings.Repeat("%TAG !a! x\u2028", 1000) + "--- a", "more than 16 directives"},
		"a tag":          {"a: !local b", "line 1: this tag does not fit here"},
		"tag of a key":   {"- !local a: b", "line 1: this tag does not fit here"},
		"tag of a list":  {"a:\n  !!python/object:os.system [x]", "line 2: this tag does not fit here"},
		"long tag":       {"!<tag:yaml.org,2002:python/name:os.system> a", "line 1: this tag does not fit here"},
		"two documents":  {"a\n---\nb", "a second document starts here"},
		"two anchors":    {"[&a 1, &a 2]", "line 1: an anchor is defined twice"},
	} {
		v, err := yamlin.Document(nil, []byte(c.text))
		require.ErrorContains(t, err, c.want, name)
		require.Nil(t, v, name)
	}
}

// TestAliasesOfUse shows what the bounds leave room for.
func TestAliasesOfUse(t *testing.T) {
	t.Parallel()
	v, err := yamlin.Document(nil, []byte("- &c {client: local, fun: test.ping, tgt: a}\n"+strings.Repeat("- {<<: *c, tgt: b}\n", 500)))
	require.NoError(t, err)
	require.Equal(t, 501, v.Len())

	script := strings.Repeat("  for i in \"${a[@]}\"; do echo \"$i: [x], {y}\"; done\n", 10_000)
	v, err = yamlin.Document(nil, []byte("arg: |\n"+script))
	require.NoError(t, err)
	arg, ok := v.Lookup("arg")
	require.True(t, ok)
	text, ok := arg.Str()
	require.True(t, ok)
	require.Equal(t, strings.ReplaceAll(script, "\n  ", "\n")[2:], text)
}

// TestArgumentBounds gives the text back where its YAML is too much.
func TestArgumentBounds(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"[&a [x, x, x, x], &b [*a, *a, *a, *a, *a, *a, *a, *a, *a], &c [*b, *b, *b, *b], &d [*c, *c, *c, *c, *c, *c, *c, *c]]",
		"[&a '" + strings.Repeat("x", 1000) + "'" + strings.Repeat(", *a", 50) + "]",
		strings.Repeat("[", 200) + strings.Repeat("]", 200),
		"[" + strings.Repeat("a,", 110_000) + "]",
	} {
		arg, err := yamlin.Argument(nil, s)
		require.NoError(t, err)
		text, ok := arg.Str()
		require.True(t, ok, "%.50q", s)
		require.Equal(t, s, text)
	}
}

// TestBudget spends on what the bounds of one text let pass, as many texts may
// come in one request.
func TestBudget(t *testing.T) {
	t.Parallel()
	list := "[" + strings.Repeat("a,", 5000) + "]"
	aliased := "{a: &a '" + strings.Repeat("x", 300_000) + "', b: [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]}"
	for name, read := range map[string]func(b *budget.Budget) error{
		"documents": func(b *budget.Budget) error { _, err := yamlin.Document(b, []byte(list)); return err },
		"arguments": func(b *budget.Budget) error { _, err := yamlin.Argument(b, list); return err },
		"aliases":   func(b *budget.Budget) error { _, err := yamlin.Argument(b, aliased); return err },
	} {
		b := budget.New(t.Context(), nil)
		require.NoError(t, read(b), name)
		var err error
		for range 20 {
			if err = read(b); err != nil {
				break
			}
		}
		require.Equal(t, budget.ErrStranger, err, name)
		b.Known()
		require.NoError(t, read(b), name)
	}
	b := budget.New(t.Context(), nil)
	for range 50_000 {
		_, err := yamlin.Argument(b, "plain text")
		require.NoError(t, err, "it needs no parser")
	}
}

// FuzzDocument looks for panics and for values out of proportion.
func FuzzDocument(f *testing.F) {
	f.Add([]byte("external_auth:\n  pam:\n    1000: ['.*', '@runner']\n"))
	f.Add([]byte("a: &a {b: 017, <<: {c: 1:30}}\nd: *a\n? e\n: !!binary aGk=\n"))
	f.Add([]byte("[&a [x, x], &b [*a, *a], [*b, *b, *b]]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := yamlin.Document(nil, text)
		if err == nil {
			require.NoError(t, msgpack.Valid(v))
			require.LessOrEqual(t, len(v), 16*len(text)+64)
		}
		arg, err := yamlin.Argument(nil, string(text))
		require.NoError(t, err)
		require.NoError(t, msgpack.Valid(arg))
		require.LessOrEqual(t, len(arg), 16*len(text)+64)
	})
}
