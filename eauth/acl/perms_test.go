package acl

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type permsCase struct {
	rules   string
	module  string // pam when empty
	subject Subject
	want    string
}

// ruleCase returns the case as one with an arbitrary call. The caller is of the case's own module.
func (c permsCase) ruleCase() ruleCase {
	if c.subject.Eauth == "" {
		c.subject.Eauth = c.module
	}
	return ruleCase{rules: c.rules, module: c.module, subject: c.subject}
}

var permsCases = []permsCase{
	{rules: "alice: ['@wheel', .*, '@runner']", want: `[".*", "@runner", "@wheel"]`},
	{rules: "alice: [a, b, a]", want: `["a", "b"]`},
	{rules: "alice: [b, {z: [x]}, a, {c: [x, {y: {args: [1, null]}}]}]", want: `["a", "b", {"c": ["x", {"y": {"args": [1, null]}}]}, {"z": ["x"]}]`},
	{rules: "alice: [{a: [x]}, {a: [x]}]", want: `[{"a": ["x"]}]`},
	{rules: "alice: [{a: 1, b: 2}, {b: 2, a: 1}, {a: 1, b: 2.0}]", want: `[{"a": 1, "b": 2}]`},
	{rules: "alice: [5, true, null, 1.5, 5.0]", want: `[1.5, 5, null, true]`},
	{rules: "alice: [2, 10, 1, true]", want: `[1, 10, 2]`},
	{rules: "alice: [{1: x}, {1.5: x}, {null: x}, {true: x}]", want: `[{"1.5": "x"}, {"1": "x"}, {"null": "x"}]`},
	{rules: `alice: ["\u00e9\"\\\b\f\n\r\t\x01\x7f", z]`, want: "[\"z\", \"é\\\"\\\\\\b\\f\\n\\r\\t\\u0001\x7f\"]"},
	{rules: `alice: [{"it's": x}, {'a"b': x}, {"it's \"": x}]`, want: `[{"it's": "x"}, {"a\"b": "x"}, {"it's \"": "x"}]`},
	{rules: "alice: [[b], [a], []]", want: `[["a"], ["b"], []]`},

	{rules: "alice: []", want: "{}"},
	{rules: "bob: [a]", want: "{}"},
	{rules: "", want: "{}"},
	{rules: "[a]", want: "{}"},
	{rules: "alice: ", want: "{}"},
	{rules: "alice: abc", want: "{}"},
	{rules: "alice: {a: b}", want: "{}"},
	{rules: "alice: [a]", subject: Subject{Eauth: "ldap"}, want: "{}"},

	{rules: "{alice: [a], '*': [b]}", want: `["a", "b"]`},
	{rules: "{'*': [b]}", want: `["b"]`},
	{rules: "{'*': [b]}", subject: Subject{User: "*"}, want: `["b"]`},
	{rules: "{alice: [a], '*': bca}", want: `["a", "b", "c"]`},
	{rules: "{alice: [a], '*': {x: y}}", want: `["a", "x"]`},
	{rules: "{alice: [a], '*': }", want: "{}"},
	{rules: "{alice: [a], 'al*': [b], 'al.*': [c]}", want: `["a"]`},

	{rules: "{alice: [a], 'g%': [b], 'h%': [c]}", subject: Subject{Groups: []string{"g", "x"}}, want: `["a", "b"]`},
	{rules: "{alice: [a], 'g%': [b], 'h%': [c]}", subject: Subject{Groups: []string{"h", "g"}}, want: `["a", "b", "c"]`},
	{rules: "{alice: [a], 'g%': [b]}", want: `["a"]`},
	{rules: "{alice: [a], 'g%': }", subject: Subject{Groups: []string{"g"}}, want: "{}"},
	{rules: "{alice: [a], 'g%': bc}", subject: Subject{Groups: []string{"g"}}, want: `["a", "b", "c"]`},
	{rules: "{alice: [a], 'g%%': [b]}", subject: Subject{Groups: []string{"g"}}, want: "{}"},
	{rules: "{alice: [a], 'g%%': [b], 'g%': [c]}", subject: Subject{Groups: []string{"g"}}, want: `["a", "c"]`},
	{rules: "{alice: [a], 5: [b]}", want: `["a"]`},
	{rules: "{alice: [a], 5: [b]}", subject: Subject{Groups: []string{"g"}}, want: "{}"},
	{rules: "{5: [b]}", subject: Subject{User: "5"}, want: "{}"},

	{rules: "alice: [a]", subject: Subject{HasAuthList: true, AuthList: []any{"z", "a"}}, want: `["a"]`},
	{rules: "alice: [a]", module: "rest", subject: Subject{HasAuthList: true, AuthList: []any{"z", "a"}}, want: `["z", "a"]`},
	{rules: "alice: [a]", module: "rest", subject: Subject{HasAuthList: true}, want: "{}"},
	{rules: "alice: [a]", module: "rest", want: `["a"]`},
	{rules: "^model: x", module: "django", subject: Subject{HasAuthList: true, AuthList: []any{"z", "a"}}, want: `["z", "a"]`},
	{rules: "^model: x", module: "django", want: "{}"},
	{rules: "alice: [a]", module: "django", subject: Subject{HasAuthList: true, AuthList: []any{"z"}}, want: `["a"]`},
}

func TestPerms(t *testing.T) {
	t.Parallel()
	for _, c := range permsCases {
		r, subject := c.rulesAndWho(t)
		for range 3 { // salt-api's lists grow with each login
			require.Equal(t, c.want, string(r.Perms(subject)), "%s %v", c.rules, c.subject)
		}
	}
}

func (c permsCase) rulesAndWho(t testing.TB) (*Rules, Subject) {
	t.Helper()
	rc := c.ruleCase()
	return New(rc.modules(t), Options{}), rc.caller()
}

func permsAgree(t *testing.T) comparison {
	t.Helper()
	var q question
	for _, c := range permsCases {
		s := c.ruleCase().setup(t)
		s.Calls[0].Kind = "perms"
		q.Setups = append(q.Setups, s)
	}
	return comparison{q, func(t *testing.T, a answer) {
		for i, c := range permsCases {
			assert.Equal(t, c.want, a.Setups[i][0], "%s %v", c.rules, c.subject)
		}
	}}
}

// values are typical for configurations and calls.
var values = []any{
	nil, true, false, int64(0), int64(-5), uint64(math.MaxUint64), new(big.Int).Lsh(big.NewInt(1), 70),
	1.0, 0.0, math.Copysign(0, -1), 1.5, 1e15, 1e16, 1.5e22, 1e-4, 1e-5, 123456789.125, 1e300,
	"", "a", "it's", `say "x"`, `it's "x"`, "a\\b\n\r\t\x00\x1f\x7f", "é", "\u00a0", "\u200b", "\ue000", "\U0001f600", "\u2028",
	[]any{}, []any{"a", int64(1), nil, []any{true}}, Map{}, Map{{"a", Map{{int64(1), nil}}}, {1.5, []any{}}},
}

func valuesAgree(t *testing.T) comparison {
	t.Helper()
	var q question
	for _, v := range values {
		q.Values = append(q.Values, tagged(v))
	}
	return comparison{q, func(t *testing.T, a answer) {
		for i, v := range values {
			s, _ := text(v)
			assert.Equal(t, a.Values[i], [3]string{s, repr(v), string(appendJSON(nil, v))})
		}
	}}
}

func TestText(t *testing.T) {
	t.Parallel()
	s, sure := text([]byte("a'\xff"))
	require.Equal(t, `b"a'\xff"`, s)
	require.True(t, sure)
	_, sure = text(struct{}{})
	require.False(t, sure)
}

func TestNaN(t *testing.T) {
	t.Parallel()
	require.Equal(t, "NaN Infinity -Infinity", string(appendJSON(nil, math.NaN()))+" "+
		string(appendJSON(nil, math.Inf(1)))+" "+string(appendJSON(nil, math.Inf(-1))))
	require.False(t, equal(math.NaN(), math.NaN()))
	require.True(t, equal(math.Inf(1), math.Inf(1)))
}
