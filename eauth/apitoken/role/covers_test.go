package role

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/acl"
)

func roleOf(t testing.TB, text string) (r Role) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(text), &r), text)
	r.Name = "r"
	require.NoError(t, r.Check(), text)
	return r
}

// What a user with some roles may put into another role.
func TestCovers(t *testing.T) {
	t.Parallel()
	groups := Options{Login: true, Nodegroups: func(words []string) ([]string, error) {
		var all []string
		for _, w := range words {
			if w == "N@web" {
				all = append(all, "(", "web*", "or", "www*", ")")
				continue
			}
			all = append(all, w)
		}
		return all, nil
	}}
	const (
		all  = `{"permissions": ["cmd-run", "target-allminions-run", "cmd-ssh-run", "cmd-runner-run", "cmd-wheel-run", "role-write"]}`
		mins = `{"permissions": ["cmd-run", "target-allminions-run"]}`
	)
	web := func(more string) string { return `{"permissions": ["cmd-run"], "targets": ["web*"]` + more + `}` }
	rules := func(rules string) string { return `{"acl": ` + rules + `}` }
	super := string(`{"permissions": ["superuser"]}`)
	for _, c := range []struct {
		name string
		own  []string
		role string
		want string // what is too much; empty: nothing
	}{
		{"everything, for a superuser", []string{super}, `{"permissions": ["superuser", "cmd-run"], "targets": ["db*"], "acl": ["@wheel", ".*"]}`, ""},
		{"a permission", []string{all}, `{"permissions": ["role-write"]}`, ""},
		{"one that is not there", []string{all}, `{"permissions": ["audit-read"]}`, "the permission audit-read"},
		{"superuser", []string{all}, super, "the permission superuser"},
		{"all minions", []string{mins}, mins, ""},
		{"all minions, from some", []string{web("")}, mins, "the permission target-allminions-run"},

		// Targets.
		{"some minions of all", []string{mins}, web(""), ""},
		{"the same ones", []string{web("")}, web(""), ""},
		{"where others name it", []string{web("")}, `{"permissions": ["cmd-run"]}`, "the permission cmd-run without targets"},
		{"where others name it, from the same", []string{`{"permissions": ["cmd-run"]}`}, `{"permissions": ["cmd-run"]}`, "the permission cmd-run without targets"},
		{"where others name it, of all", []string{mins}, `{"permissions": ["cmd-run"]}`, ""},
		{"others", []string{web("")}, `{"permissions": ["cmd-run"], "targets": ["db*"]}`, "target 1"},
		{"others too", []string{web("")}, `{"permissions": ["cmd-run"], "targets": ["web1", "db*"]}`, "target 2"},
		{"fewer", []string{web("")}, `{"permissions": ["cmd-run"], "targets": ["web1", "web-b*", "web?", "L@web1,web2", "web* and G@os:Debian", "web* and not db*"]}`, ""},
		{"not surely fewer", []string{web("")}, `{"permissions": ["cmd-run"], "targets": ["E@web"]}`, "target 1"},
		{"a list with one more", []string{web("")}, `{"permissions": ["cmd-run"], "targets": ["L@web1,db1"]}`, "target 1"},
		{"either of two", []string{web(""), `{"permissions": ["cmd-run"], "targets": ["db*"]}`}, `{"permissions": ["cmd-run"], "targets": ["web1 or db1"]}`, ""},
		{"out of parentheses", []string{web("")}, `{"permissions": ["cmd-run"], "targets": ["( web1 or db1 ) and G@os:Debian"]}`, "target 1"},
		{"the contrary", []string{web("")}, `{"permissions": ["cmd-run"], "targets": ["not web*"]}`, "target 1"},
		{"a nodegroup", []string{`{"permissions": ["cmd-run"], "targets": ["N@web"]}`}, `{"permissions": ["cmd-run"], "targets": ["N@web", "web1", "www*"]}`, ""},
		{"another nodegroup", []string{web("")}, `{"permissions": ["cmd-run"], "targets": ["N@web"]}`, "target 1"},
		{"grains", []string{`{"permissions": ["cmd-run"], "targets": ["G@os:Debian"]}`}, `{"permissions": ["cmd-run"], "targets": ["G@os:Debian and web*"]}`, ""},
		{"other grains", []string{`{"permissions": ["cmd-run"], "targets": ["G@os:Debian"]}`}, `{"permissions": ["cmd-run"], "targets": ["G@os:Deb*"]}`, "target 1"},

		// Functions.
		{"any function", []string{all}, rules(`[".*", {"web*": ["state.apply"]}]`), ""},
		{"salt-ssh with it", []string{mins}, rules(`["test.ping"]`), "rule 1"},
		{"the same rules", []string{rules(`["test.ping", {"web*": ["state.apply"]}]`)}, rules(`[{"web*": ["state.apply"]}, "test.ping"]`), ""},
		{"one function more", []string{rules(`["test.ping"]`)}, rules(`["test.ping", "cmd.run"]`), "rule 2"},
		{"a longer one", []string{rules(`["test.*"]`)}, rules(`["test.ping", "test\\.ping$", "test.(ping|echo)"]`), ""},
		{"a shorter one", []string{rules(`["test.ping"]`)}, rules(`["test"]`), "rule 1"},
		{"to its end", []string{rules(`["test\\.ping$"]`)}, rules(`["test\\.ping"]`), "rule 1"},
		{"for all minions", []string{rules(`[{"web*": ["state.apply"]}]`)}, rules(`["state.apply"]`), "rule 1"},
		{"for some", []string{rules(`["state.apply"]`)}, rules(`[{"web*": ["state.apply"]}]`), ""},
		{"for fewer", []string{rules(`[{"web*": ["state.*", "test.*"]}]`)}, rules(`[{"web1": ["state.apply", "test.ping"]}]`), ""},
		{"for others", []string{rules(`[{"web*": ["state.*"]}]`)}, rules(`[{"db1": ["state.apply"]}]`), "rule 1"},
		{"for either of two", []string{rules(`[{"web*": ["state.*"]}, {"db*": [".*"]}]`)}, rules(`[{"web1 or db1": ["state.apply"]}]`), ""},
		{"one of two functions", []string{rules(`[{"web*": ["state.*"]}]`)}, rules(`[{"web1": ["state.apply", "cmd.run"]}]`), "rule 1"},
		{"where anything runs", []string{`{"permissions": ["cmd-run", "cmd-ssh-run"], "targets": ["web*"]}`}, rules(`[{"web1": ["cmd.run"]}]`), ""},
		{"where anything runs, but for hosts", []string{web("")}, rules(`[{"web1": ["cmd.run"]}]`), "rule 1"},

		// Arguments.
		{"the same arguments", []string{rules(`[{"web*": [{"cmd.run": {"args": ["uptime"]}}]}]`)}, rules(`[{"web*": [{"cmd.run": {"args": ["uptime"]}}]}]`), ""},
		{"any arguments", []string{rules(`[{"web*": [{"cmd.run": {"args": ["uptime"]}}]}]`)}, rules(`[{"web*": ["cmd.run"]}]`), "rule 1"},
		{"any value", []string{rules(`[{"web*": [{"cmd.run": {"args": ["uptime"]}}]}]`)}, rules(`[{"web*": [{"cmd.run": {"args": [null]}}]}]`), "rule 1"},
		{"another value", []string{rules(`[{"web*": [{"cmd.run": {"args": ["uptime"]}}]}]`)}, rules(`[{"web*": [{"cmd.run": {"args": ["rm"]}}]}]`), "rule 1"},
		{"one more demanded", []string{rules(`[{"web*": [{"cmd.run": {"args": ["up"]}}]}]`)},
			rules(`[{"web*": [{"cmd.run": {"args": ["uptime", "x"], "kwargs": {"runas": "x"}}}]}]`), ""},
		{"one fewer demanded", []string{rules(`[{"web*": [{"cmd.run": {"args": ["up"], "kwargs": {"runas": "x"}}}]}]`)},
			rules(`[{"web*": [{"cmd.run": {"args": ["up"]}}]}]`), "rule 1"},
		{"a demand of nothing", []string{rules(`[{"web*": [{"cmd.run": {"args": ["up"]}}]}]`)}, rules(`[{"web*": [{"cmd.run": {}}]}]`), "rule 1"},
		{"any of a list", []string{rules(`[{"web*": [{"cmd.run": [{"args": ["a"]}, {"args": ["b"]}]}]}]`)}, rules(`[{"web*": [{"cmd.run": [{"args": ["bc"]}, {"args": ["a"]}]}]}]`), ""},
		{"and one of none", []string{rules(`[{"web*": [{"cmd.run": [{"args": ["a"]}]}]}]`)}, rules(`[{"web*": [{"cmd.run": [{"args": ["a"]}, {"args": ["b"]}]}]}]`), "rule 1"},

		// Runners and wheel functions.
		{"all runners", []string{all}, rules(`["@runner", "@runners", {"@runner": ["jobs.*"]}, "@wheel", "@jobs"]`), ""},
		{"no runners", []string{mins}, rules(`["@runner"]`), "rule 1"},
		{"a module's runners", []string{rules(`["@jobs"]`)}, rules(`["@jobs", {"@jobs": ["active"]}]`), ""},
		{"another module's", []string{rules(`["@jobs"]`)}, rules(`["@state"]`), "rule 1"},
		{"a module is one of wheels too", []string{`{"permissions": ["cmd-runner-run"]}`}, rules(`["@key"]`), "rule 1"},
		{"some runners", []string{rules(`[{"@runner": ["jobs.*"]}]`)}, rules(`[{"@runners": ["jobs.active"]}]`), ""},
		{"other runners", []string{rules(`[{"@runner": ["jobs.*"]}]`)}, rules(`[{"@runner": ["state.*"]}]`), "rule 1"},
		{"more runners", []string{rules(`[{"@runner": ["jobs.*"]}]`)}, rules(`["@runner"]`), "rule 1"},
		{"wheels from runners", []string{rules(`["@runner"]`)}, rules(`["@wheel"]`), "rule 1"},
		{"runners from functions", []string{rules(`[".*"]`)}, rules(`["@runner"]`), "rule 1"},
		{"functions from runners", []string{rules(`["@runner"]`)}, rules(`["jobs.active"]`), "rule 1"},
	} {
		var own []Role
		for _, text := range c.own {
			own = append(own, roleOf(t, text))
		}
		err := Compile(groups, own...).Covers(groups, roleOf(t, c.role))
		if c.want == "" {
			require.NoError(t, err, c.name)
			continue
		}
		require.ErrorAs(t, err, new(*Wider), c.name)
		require.ErrorContains(t, err, c.want+" allows more", c.name)
	}
	require.Error(t, Compile(Options{}, roleOf(t, super)).Covers(Options{}, roleOf(t, `{"permissions": ["role-write"]}`)),
		"nobody has it by a token")
}

// A role that takes too long to compare counts as wider.
func TestCoversEnds(t *testing.T) {
	t.Parallel()
	var rules, others ACL
	for i := range maxRules {
		rules = append(rules, acl.Map{{Key: fmt.Sprintf("web%04d*", i), Value: []any{"state.apply"}}})
		others = append(others, acl.Map{{Key: fmt.Sprintf("web%04d* and E@web", maxRules-1-i), Value: []any{"state.apply"}}})
	}
	set := Compile(Options{Login: true}, Role{ACL: rules})
	require.NoError(t, set.Covers(Options{}, Role{ACL: others[:10]}))
	require.ErrorAs(t, set.Covers(Options{}, Role{ACL: others}), new(*Wider))
}

// Each built-in role, compared with the others.
func TestCoversBuiltIn(t *testing.T) {
	t.Parallel()
	for i, own := range BuiltIn() {
		set := Compile(Options{Login: true}, own)
		for j, role := range BuiltIn() {
			covered := set.Covers(Options{Login: true}, role) == nil
			within := (own.Name == "Read-only" || own.Name == "User") && role.Name == "Salt Master"
			require.Equal(t, i == j || i < 2 && j > i || within, covered, "%s writes %s", own.Name, role.Name)
		}
	}
}

// madePattern returns a random pattern of special and plain characters.
func madePattern(r *rand.Rand) string {
	parts := []string{"a", "b", "ab", ".", `\.`, ".*", "a*", "b?", "(a|b)", "(ab)", "[ab]", "$", "|", `\w`, "a+", "b{2}", "", "[|(]", "|"}
	var b strings.Builder
	for range 1 + r.IntN(4) {
		b.WriteString(parts[r.IntN(len(parts))])
	}
	return b.String()
}

// shortTexts returns all texts of up to 4 of some characters.
func shortTexts() []string {
	all, last := []string{""}, []string{""}
	for range 4 {
		var next []string
		for _, s := range last {
			for _, c := range []string{"a", "b", ".", "|"} {
				next = append(next, s+c)
			}
		}
		all, last = append(all, next...), next
	}
	return all
}

// A pattern within another matches nothing that the other does not.
func TestPatternWithin(t *testing.T) {
	t.Parallel()
	texts := shortTexts()
	matching := func(pattern string) []bool {
		l := acl.NewList([]any{pattern})
		all := make([]bool, len(texts))
		for i, text := range texts {
			all[i], _ = l.Functions(acl.Call{Fun: text})
		}
		return all
	}
	r := rand.New(rand.NewPCG(3, 4))
	found := 0
	for range 8000 {
		p, of := madePattern(r), madePattern(r)
		if checkPattern(p) != nil || checkPattern(of) != nil || p == of || !patternWithin(p, of) {
			continue
		}
		found++
		inner, outer := matching(p), matching(of)
		for i := range texts {
			require.False(t, inner[i] && !outer[i], "%q is not within %q: %q", p, of, texts[i])
		}
	}
	require.Greater(t, found, 100)
}

// A target within another matches no minion that the other does not.
func TestTargetWithin(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	found := 0
	for range 20_000 {
		if requireWithin(t, expression(r, 2), expression(r, 2)) {
			found++
		}
	}
	require.Greater(t, found, 1000)
}

// requireWithin reports whether within holds for two targets, and requires that it
// is right for all minions.
func requireWithin(t *testing.T, inner, outer string) bool {
	t.Helper()
	if inner == outer || !newComparison().within(parseTarget(inner), parseTarget(outer)) {
		return false
	}
	inInner, inOuter := compound(inner), compound(outer)
	for _, m := range fleet {
		in, err := inInner(m)
		out, err2 := inOuter(m)
		if err == nil && err2 == nil {
			require.False(t, in && !out, "%q is not within %q: %s", inner, outer, m.id)
		}
	}
	return true
}

// FuzzTargetWithin compares any two targets that a role may have.
func FuzzTargetWithin(f *testing.F) {
	for _, s := range []string{"web*", "web1", "L@web1,db1", "not web*", "not ( web* or db* )", "w?b*", "E@web", "E@web\\d", "*", "web* not web1", "G@os:Debian"} {
		f.Add(s, "web*")
		f.Add("web1 and G@os:Debian", s)
	}
	f.Fuzz(func(t *testing.T, inner, outer string) {
		if checkTarget(inner) != nil || checkTarget(outer) != nil {
			t.Skip("no target that a role may have")
		}
		words, err := readCompound(inner, checkAllowed)
		require.NoError(t, err)
		if !slices.ContainsFunc(words, func(w string) bool { return w == "(" || w == ")" }) {
			require.True(t, newComparison().within(parseTarget(inner), parseTarget(inner)))
		}
		requireWithin(t, inner, outer)
	})
}

func TestGlobWithin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		glob, of string
		want     bool
	}{
		{"web*", "web*", true}, {"web1*", "web*", true}, {"web*", "web1*", false}, {"*", "web*", false}, {"web*", "*", true},
		{"web?", "web*", true}, {"web*", "web?", false}, {"web?", "web?", true}, {"w*1", "w*", true}, {"w*", "w*1", false},
		{"a*b*c", "a*c", true}, {"a*c", "a*b*c", false}, {"*a*", "*", true}, {"?*", "*?", false}, {"*", "?*", false},
		{"web[12]", "web*", false}, {"ab", "a*b", true}, {"a**b", "a*b", true}, {"", "", true}, {"", "*", true}, {"a", "", false},
	} {
		require.Equal(t, c.want, globWithin([]rune(c.glob), []rune(c.of)), "%s in %s", c.glob, c.of)
	}
}
