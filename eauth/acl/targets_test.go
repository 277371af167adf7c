package acl

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTargets(t *testing.T) {
	t.Parallel()
	const untold = "?"
	for _, c := range []struct {
		typ, tgt string // tgt is YAML
		want     string
	}{
		{"glob", "'*'", "web1 web2 db1 ms-0"},
		{"glob", "web*", "web1 web2"},
		{"glob", "'[wm]*[0-1]'", "web1 ms-0"},
		{"glob", "'web1,db1'", untold}, // 3006 and 3008 differ
		{"glob", "[web1]", untold},
		{"glob", "''", ""},
		{"glob", "5", untold},
		{"glob", "", untold},
		{"list", "web1,nobody,,db1", "web1 db1"},
		{"list", "[web1, nobody, db1]", "web1 db1"},
		{"list", "[web1, 5]", untold},
		{"list", "5", untold},
		{"pcre", "'web|ms'", "web1 web2 ms-0"},
		{"pcre", "b", ""},
		{"pcre", "'*'", untold},
		{"pcre", "'(?!web)'", untold},
		{"pcre", `'\w+1'`, "web1 db1"},
		{"compound", "web*", "web1 web2"},
		{"compound", "web* or db1", "web1 web2 db1"},
		{"compound", "web* and *1", "web1"},
		{"compound", "web* and *1 or ms*", "web1 ms-0"},
		{"compound", "ms* or web* and *1", "web1 ms-0"},
		{"compound", "( ms* or web* ) and *1", "web1"},
		{"compound", "not web*", "db1 ms-0"},
		{"compound", "not web* and *1", "db1"},
		{"compound", "not ( web* or ms* )", "db1"},
		{"compound", "'* not web*'", "db1 ms-0"},
		{"compound", "'* and not E@web'", "db1 ms-0"},
		{"compound", "L@web1,ms-0 or E@db", "web1 db1 ms-0"},
		{"compound", "[L@web1, or, 'db*']", "web1 db1"},
		{"compound", "[L@web1, or, 5]", untold},
		{"compound", "a@b", ""},
		{"compound", "'@runner'", ""},
		{"compound", "L@", ""},
		{"compound", "GG@a", untold},
		{"compound", "GGG@a", ""},
		{"compound", "G@os:Debian", untold},
		{"compound", "G|@os|Debian", untold},
		{"compound", "P@os:Debian or web1", untold},
		{"compound", "I@a:b", untold},
		{"compound", "J@a:b", untold},
		{"compound", "S@10.0.0.0/8", untold},
		{"compound", "N@web", untold},
		{"compound", "R@%web", untold},
		{"compound", "T@dummy", untold},
		{"compound", "M@web1", untold},
		{"compound", "web1,web2", untold},
		{"compound", "web1 web2", untold},
		{"compound", "web1 or", untold},
		{"compound", "or web1", untold},
		{"compound", "( web1", untold},
		{"compound", "web1 )", untold},
		{"compound", "( )", untold},
		{"compound", "not not web1", untold},
		{"compound", "''", untold},
		{"compound", "é", untold},
		{"compound", `["a\u0001"]`, untold},
		{"compound", "5", untold},
		{"compound", strings.Repeat("( ", 200) + "a" + strings.Repeat(" )", 200), untold},
		{"compound", strings.Repeat("a or ", 10000) + "a", untold},
		{"nodegroup", "web", untold},
		{"grain", "os:Debian", untold},
		{"", "web1", untold},
	} {
		got, ok := targets().Match(parse(t, c.tgt), c.typ)
		if c.want == untold {
			require.False(t, ok, "%s %.40s", c.typ, c.tgt)
			continue
		}
		require.True(t, ok, "%s %s", c.typ, c.tgt)
		require.Equal(t, c.want, strings.Join(got, " "), "%s %s", c.typ, c.tgt)
	}
}

func TestTargetsWithoutIDs(t *testing.T) {
	t.Parallel()
	_, ok := Accepted(func() ([]string, error) { return nil, errors.New("no folder") }).Match("*", "glob")
	require.False(t, ok)
	_, ok = Accepted(func() ([]string, error) { return []string{"é"}, nil }).Match(`\w`, "pcre")
	require.False(t, ok)
}

// targetsAgree passes a rule for every target that is resolved here to Salt's own code: the target's own minions
// are allowed and no others.
func targetsAgree(t *testing.T) comparison {
	t.Helper()
	exprs := []string{
		"web*", "*1", "web* or db1", "web* and *1", "web* and *1 or ms*", "ms* or web* and *1", "( ms* or web* ) and *1",
		"not web*", "not web* and *1", "not ( web* or ms* )", "* not web*", "* and not E@web", "L@web1,ms-0 or E@db",
		"a@b", "E@.*[12]", "not L@web1,nobody", "not ( not web* )", "web* or not web1 and db1", "L@,,web1", "GGG@a",
	}
	var cases []ruleCase
	for _, e := range exprs {
		for _, id := range ids {
			cases = append(cases, ruleCase{rules: "alice: [{'" + e + "': [test.ping]}]", fun: "test.ping", tgt: id})
		}
		for _, f := range exprs {
			cases = append(cases, ruleCase{rules: "alice: [{'" + e + "': [test.ping]}]", fun: "test.ping", tgt: "'" + f + "'", typ: "compound"})
		}
	}
	q := question{IDs: ids}
	for _, c := range cases {
		q.Setups = append(q.Setups, c.setup(t))
	}
	return comparison{q, func(t *testing.T, a answer) {
		for i, c := range cases {
			if v := c.verdict(t); v != Unknown {
				require.Equal(t, a.Setups[i][0], v.String(), "%s on %s", c.rules, c.tgt)
			} else {
				ids, ok := targets().Match(parse(t, c.tgt), "compound")
				require.True(t, ok && len(ids) == 0, "%s on %s", c.rules, c.tgt)
			}
		}
	}}
}
