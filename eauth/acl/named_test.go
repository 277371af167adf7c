package acl

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// namedCases are users and rules that may apply to them. In Salt the user's name is the pattern, and the rule's name is
// the text that it has to match.
var namedCases = []ruleCase{
	{rules: "{bob: [], alice: []}", want: Allowed},
	{rules: "{bob: []}", want: Refused},
	{rules: "{}", want: Refused},
	{rules: "", want: Refused},
	{rules: "{'*': []}", want: Allowed},
	{rules: "{alice: []}", module: "ldap", want: Refused},

	// A rule's name is not a pattern.
	{rules: "{'al*': []}", want: Refused},
	{rules: "{'al.*': []}", want: Refused},
	{rules: "{'(alice|bob)': []}", want: Refused},
	{rules: "{'alic[e]': []}", want: Refused},
	{rules: "{ali: [], alicea: [], lice: []}", want: Refused},

	// A user's name is a pattern.
	{rules: "{alice: []}", subject: Subject{User: "al*"}, want: Allowed},
	{rules: "{alice: []}", subject: Subject{User: "(alice|bob)"}, want: Allowed},
	{rules: "{alice: []}", subject: Subject{User: "alic."}, want: Allowed},
	{rules: "{alice: []}", subject: Subject{User: "bo*"}, want: Refused},
	{rules: "{alice.smith: []}", subject: Subject{User: "alice.smith"}, want: Allowed},
	{rules: "{aliceXsmith: []}", subject: Subject{User: "alice.smith"}, want: Allowed},
	{rules: "{'EXAMPLE\\alice': []}", subject: Subject{User: `EXAMPLE\alice`}, want: Allowed},
	{rules: "{alice@example.com: []}", subject: Subject{User: "alice@example.com"}, want: Allowed},
	{rules: "{alice: []}", subject: Subject{User: "ali("}, want: Refused},
	{rules: "{alice: []}", subject: Subject{User: "(?=alice)alice"}, want: Unknown},

	// permissive_acl makes "*" a rule.
	{rules: "{'*': []}", opts: permissive, want: Refused},
	{rules: "{'*': []}", opts: permissive, subject: Subject{User: "*"}, want: Allowed},

	// Groups.
	{rules: "{ops%: []}", subject: Subject{Groups: []string{"ops"}}, want: Allowed},
	{rules: "{ops%: []}", subject: Subject{Groups: []string{"web"}}, want: Refused},
	{rules: "{ops%: []}", want: Refused},
	{rules: "{ops%: []}", subject: Subject{User: "ops%"}, want: Refused},
	{rules: "{'op*%': []}", subject: Subject{Groups: []string{"ops"}}, want: Refused},

	// Where the master's code ends in an exception no user is named.
	{rules: "{alice: 5}", want: Refused},
	{rules: "{alice: [], 5: []}", want: Refused},
	{rules: "[alice]", want: Refused},
}

func (c ruleCase) named(t testing.TB) Verdict {
	t.Helper()
	return New(c.modules(t), c.opts).Named(c.caller(), true)
}

func TestNamed(t *testing.T) {
	t.Parallel()
	for _, c := range namedCases {
		assert.Equal(t, c.want, c.named(t), "%s %v %v", c.rules, c.caller(), c.opts)
	}
}

// namedAgrees compares every case with Salt's own fill_auth_list.
func namedAgrees(t *testing.T) comparison {
	t.Helper()
	q := question{}
	for _, c := range namedCases {
		c.kind = "named"
		q.Setups = append(q.Setups, c.setup(t))
	}
	return comparison{q, func(t *testing.T, a answer) {
		for i, c := range namedCases {
			if c.want != Unknown {
				assert.Equal(t, a.Setups[i][0], c.want.String(), "%s %v %v", c.rules, c.caller(), c.opts)
			}
		}
	}}
}

func TestNamedWhereItIsNotKnown(t *testing.T) {
	t.Parallel()
	named := func(rules string, known bool, groups ...string) Verdict {
		r := New([]Module{{Name: "ldap", Rules: mapping(t, rules)}}, Options{})
		return r.Named(Subject{Eauth: "ldap", User: "alice", Groups: groups}, known)
	}
	require.Equal(t, Allowed, named("{ops%: []}", false), "any group may be hers")
	require.Equal(t, Refused, named("{bob: []}", false))
	require.Equal(t, Allowed, named("{^model: x}", true), "the module makes the list")
	require.Equal(t, Allowed, named("{^url: x}", true))
	require.Equal(t, Refused, named("{^filename: x, bob: []}", true), "the module makes no list")
	require.Equal(t, Allowed, named("{^filename: x, alice: []}", true))
}
