package role

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/acl"
)

// fleet are the minions of the tests.
var fleet = []minion{
	{"web1", map[string]string{"os": "Debian", "site": "ber:1"}},
	{"web2", map[string]string{"os": "RedHat", "site": "ber:1"}},
	{"web10.example.org", map[string]string{"os": "Debian", "site": "muc:1"}},
	{"db1", map[string]string{"os": "Debian", "site": "ber:1"}},
	{"db2", map[string]string{"os": "RedHat", "site": "muc:1"}},
	{"and", nil}, // ids may have these forms, too
	{"L@web1", map[string]string{"os": "Debian"}},
	{"(", nil},
}

func allowedOn(target string) *Set {
	return Compile(Options{}, Role{Name: "r", ACL: ACL{acl.Map{{Key: target, Value: []any{"state.apply"}}}}})
}

func apply(tgt any, tgtType, delimiter string) Call {
	return Call{Client: "local", Funs: []Function{{Name: "state.apply"}}, Tgt: tgt, TgtType: tgtType, Delimiter: delimiter}
}

func TestNarrowedTarget(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name               string
		tgt                any
		tgtType, delimiter string
		allowed            string
		want               string // empty: refused
	}{
		{"all", "*", "glob", "", "web*", "* and web*"},
		{"the default type", "*", "", "", "web*", "* and web*"},
		{"the same", "web*", "glob", "", "web*", "* and web*"},
		{"a minion", "web1", "glob", "", "web*", "* and web1 and web*"},
		{"one that is not allowed: nobody will feel meant", "db1", "glob", "", "web*", "* and db1 and web*"},
		{"an expression that is allowed", "web1", "glob", "", "web* and not web9", "* and web1 and ( web* and not web9 )"},
		{"a list", []string{"web1", "db1"}, "list", "", "web*", "* and L@web1,db1 and web*"},
		{"a list as it comes", []any{"web1", "db1"}, "list", "", "web*", "* and L@web1,db1 and web*"},
		{"a list as text", "web1,,db1,", "list", "", "web*", "* and L@web1,db1 and web*"},
		{"pcre", "web[12]$", "pcre", "", "web*", "* and E@web[12]$ and web*"},
		{"grain", "os:Debian", "grain", "", "web*", "* and G@os:Debian and web*"},
		{"grain with a delimiter", "site|ber:1", "grain", "|", "web*", "* and G|@site|ber:1 and web*"},
		{"grain with an @ that is none", "@x:y", "grain", "", "web*", "* and G:@@x:y and web*"},
		{"grain_pcre", "os:(Deb|Red)", "grain_pcre", "", "web*", "* and P@os:(Deb|Red) and web*"},
		{"pillar", "role:web", "pillar", "", "web*", "* and I@role:web and web*"},
		{"pillar_pcre", "role:w.b", "pillar_pcre", "", "web*", "* and J@role:w.b and web*"},
		{"ipcidr", "10.0.0.0/24", "ipcidr", "", "web*", "* and S@10.0.0.0/24 and web*"},
		{"compound", "G@os:Debian and not db*", "compound", "", "web*", "* and ( G@os:Debian and not db* ) and web*"},
		{"compound with parentheses", "( a or b ) and  c", "compound", "", "web*", "* and ( ( a or b ) and c ) and web*"},
		{"compound of one word", "web1", "compound", "", "web*", "* and web1 and web*"},
		{"not without and", "web* not web1", "compound", "", "db* or web*", "* and ( web* not web1 ) and ( db* or web* )"},
		{"letters of the world", "site:Zürich", "grain", "", "web*", "* and G@site:Zürich and web*"},
		{"a negative limit", "*", "glob", "", "not db*", "* and ( not db* )"},

		{"a way out of parentheses", "web1 ) or ( db1", "compound", "", "web*", ""},
		{"one left open", "( db1", "compound", "", "web*", ""},
		{"nothing in them", "( ) or db1", "compound", "", "web*", ""},
		{"an operator at the end", "db1 or", "compound", "", "web*", ""},
		{"one in front", "or db1", "compound", "", "web*", ""},
		{"not not", "not not db1", "compound", "", "web*", ""},
		{"words without operator, of which a lazy eval may like the first", "db1 or web1 ( web1 )", "compound", "", "web*", ""},
		{"too many parentheses", strings.Repeat("( ", 60) + "a" + strings.Repeat(" )", 60), "compound", "", "web*", ""},
		{"too many words", strings.Repeat("a or ", 1000) + "a", "compound", "", "web*", ""},
		{"a nodegroup that nobody replaced", "N@x or db1", "compound", "", "web*", ""},
		{"a range", "R@%all", "compound", "", "web*", ""},
		{"a resource", "T@host:x", "compound", "", "web*", ""},
		{"the minion of resources", "M@db1", "compound", "", "web*", ""},
		{"a glob with a space", "web1 or db1", "glob", "", "web*", ""},
		{"with what only Python takes for a space", "web1\x1cor\x1cdb1", "glob", "", "web*", ""},
		{"the same in a compound one", "web1\x1cor\x1cdb1", "compound", "", "web*", ""},
		{"a glob that would be an engine", "E@.*", "glob", "", "web*", ""},
		{"or one with a delimiter", "G|@os|x", "glob", "", "web*", ""},
		{"or an operator", "and", "glob", "", "web*", ""},
		{"or a parenthesis", "(", "glob", "", "web*", ""},
		{"no UTF-8", "web\xff", "glob", "", "web*", ""},
		{"an expression in an id", []string{"web1", "x or db1"}, "list", "", "web*", ""},
		{"two ids in one", []string{"web1,db1"}, "list", "", "web*", ""},
		{"an id that is none", []any{"web1", int64(1)}, "list", "", "web*", ""},
		{"an empty list", "", "list", "", "web*", ""},
		{"no list at all", nil, "list", "", "web*", ""},
		{"a grain with a space", "os:Red Hat", "grain", "", "web*", ""},
		{"a long delimiter", "os::x", "grain", "::", "web*", ""},
		{"a space for one", "os x", "grain", " ", "web*", ""},
		{"a delimiter that minions do not hear of", "a|b", "pillar_pcre", "|", "web*", ""},
		{"pillar_exact", "role:web", "pillar_exact", "", "web*", ""},
		{"range", "%all", "range", "", "web*", ""},
		{"nodegroup", "all", "nodegroup", "", "web*", ""},
		{"a type that is none", "*", "x", "", "web*", ""},
		{"nothing", "", "glob", "", "web*", ""},
		{"no text", int64(5), "glob", "", "web*", ""},
	} {
		d := allowedOn(c.allowed).Allows(apply(c.tgt, c.tgtType, c.delimiter))
		if c.want == "" {
			require.Equal(t, Refused, d.Verdict, c.name)
			require.Contains(t, d.Why, "cannot be limited to the minions", c.name)
			continue
		}
		require.Equal(t, Decision{Verdict: Narrowed, Tgt: c.want, TgtType: "compound"}, d, c.name)
		isRight(t, c.tgt, c.tgtType, c.delimiter, []string{c.allowed}, c.want)
	}
}

// isRight requires that a narrowed target matches each minion exactly if the minion is
// requested and allowed, where the evaluator supports the targets.
func isRight(t *testing.T, tgt any, tgtType, delimiter string, allowed []string, narrowed string) {
	t.Helper()
	isRequested, isNarrowed := requested(tgt, tgtType, delimiter), compound(narrowed)
	var isAllowed []matcher
	for _, a := range allowed {
		isAllowed = append(isAllowed, compound(a))
	}
	for _, m := range fleet {
		asked, err := isRequested(m)
		within := false
		for _, matches := range isAllowed {
			in, err2 := matches(m)
			if err == nil {
				err = err2
			}
			within = within || in
		}
		if err != nil {
			continue
		}
		got, err := isNarrowed(m)
		require.NoError(t, err, narrowed)
		require.Equal(t, asked && within, got, "minion %q: %v (%s), allowed %q, narrowed %q", m.id, tgt, tgtType, allowed, narrowed)
	}
}

// FuzzNarrow shows for any requested target and any allowed one that the narrowed
// target matches the minions in both.
func FuzzNarrow(f *testing.F) {
	for _, s := range []string{"web*", "web1 ) or ( db1", "( a or b ) and not c", "G@os:Debian", "os:Debian", "L@web1,db1", "web1,db1",
		"not web1", "E@web\\d", "and", "L@web1", "web1\x1cor\x1cdb1", "@os:x", "*"} {
		for _, kind := range []string{"glob", "list", "pcre", "grain", "grain_pcre", "compound"} {
			f.Add(s, kind, "", "web*", "not db*")
		}
	}
	f.Add("site|ber*", "grain", "|", "G@os:Debian or db2", "web1 not db1")
	f.Fuzz(func(t *testing.T, tgt, tgtType, delimiter, first, second string) {
		var rules ACL
		for _, target := range []string{first, second} {
			if checkTarget(target) != nil || hasNodegroup(strings.Fields(target)) || target == everywhere {
				t.Skip("no target that a role may have")
			}
			rules = append(rules, acl.Map{{Key: target, Value: []any{"state.apply"}}})
		}
		d := Compile(Options{}, Role{ACL: rules}).Allows(apply(tgt, tgtType, delimiter))
		switch d.Verdict {
		case Refused:
			require.NotEmpty(t, d.Why)
		case Narrowed:
			require.Equal(t, "compound", d.TgtType)
			isRight(t, tgt, tgtType, delimiter, []string{first, second}, d.Tgt)
		default:
			require.Fail(t, "allowed without a limit")
		}
	})
}

// expression returns a random compound expression.
func expression(r *rand.Rand, depth int) string {
	words := []string{"web*", "*", "db1", "L@web1,db2", "E@web\\d+$", "G@os:Debian", "P@os:(red|x)", "nobody", "G|@site|ber:1", "not"}
	n := len(words) - 1
	if depth > 0 {
		n = len(words) + 4
	}
	switch i := r.IntN(n); {
	case i < len(words)-1:
		return words[i]
	case i == len(words)-1:
		return "not ( " + expression(r, depth-1) + " )"
	case i == len(words):
		return "( " + expression(r, depth-1) + " )"
	case i == len(words)+1:
		return "( " + expression(r, depth-1) + " not " + words[r.IntN(len(words)-1)] + " )"
	case i == len(words)+2:
		return expression(r, depth-1) + " and " + expression(r, depth-1)
	default:
		return expression(r, depth-1) + " or " + expression(r, depth-1)
	}
}

// asks returns calls and limits: some of every type, and a number of random ones.
func asks(made int) (calls []Call, limits [][]string) {
	r := rand.New(rand.NewPCG(1, 2))
	add := func(tgt any, tgtType, delimiter string, allowed ...string) {
		calls = append(calls, apply(tgt, tgtType, delimiter))
		limits = append(limits, allowed)
	}
	for _, allowed := range []string{"web*", "not db*", "G@os:Debian and not web1", "L@web1,db1 or db2"} {
		add("*", "glob", "", allowed)
		add("w?b1", "glob", "", allowed)
		add("db1", "glob", "", allowed)
		add("web1,db1", "list", "", allowed)
		add([]string{"web2", "db2", "gone"}, "list", "", allowed)
		add("(web|db)1", "pcre", "", allowed)
		add("os:Deb*", "grain", "", allowed)
		add("site|ber:1", "grain", "|", allowed)
		add("os:(red|x)", "grain_pcre", "", allowed)
	}
	for range made {
		add(expression(r, 4), "compound", "", expression(r, 3), expression(r, 2))
	}
	return calls, limits
}

func TestNarrowedExpressions(t *testing.T) {
	t.Parallel()
	calls, limits := asks(500)
	narrowed := 0
	for i, c := range calls {
		d := limited(limits[i]).Allows(c)
		if slices.Contains(limits[i], everywhere) {
			require.Equal(t, Allowed, d.Verdict)
			continue
		}
		require.Equal(t, Narrowed, d.Verdict, "%v: %s", c.Tgt, d.Why)
		narrowed++
		isRight(t, c.Tgt, c.TgtType, c.Delimiter, limits[i], d.Tgt)
	}
	require.Greater(t, narrowed, 200)
}

func limited(targets []string) *Set {
	var rules ACL
	for _, target := range targets {
		rules = append(rules, acl.Map{{Key: target, Value: []any{"state.apply"}}})
	}
	return Compile(Options{}, Role{Name: "r", ACL: rules})
}
