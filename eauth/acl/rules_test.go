package acl

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ids are the accepted minions of all tests.
var ids = []string{"web1", "web2", "db1", "ms-0"}

func targets() Targets { return Accepted(func() ([]string, error) { return ids, nil }) }

// A ruleCase is one call of a user, most often alice, against the rules of one eauth module.
type ruleCase struct {
	rules   string // YAML
	opts    Options
	module  string // pam when empty
	subject Subject
	kind    string // publish when empty
	fun     string
	args    string // YAML
	kwargs  string // YAML, for runners and wheels
	tgt     string // YAML; "*" when empty
	typ     string // glob when empty
	want    Verdict
}

func (c ruleCase) name() string { return strings.TrimSpace(c.rules) + " " + c.kind + " " + c.fun }

func (c ruleCase) caller() Subject {
	w := c.subject
	if w.Eauth == "" {
		w.Eauth = "pam"
	}
	if w.User == "" {
		w.User = "alice"
	}
	return w
}

func (c ruleCase) modules(t testing.TB) []Module {
	t.Helper()
	name := c.module
	if name == "" {
		name = "pam"
	}
	return []Module{{Name: name, Rules: mapping(t, c.rules)}}
}

func (c ruleCase) call(t testing.TB) Call {
	t.Helper()
	call := Call{Fun: c.fun, Tgt: "*", TgtType: "glob"}
	call.Args, _ = parse(t, c.args).([]any)
	if c.tgt != "" {
		call.Tgt = parse(t, c.tgt)
	}
	if c.typ != "" {
		call.TgtType = c.typ
	}
	return call
}

func (c ruleCase) verdict(t testing.TB) Verdict {
	t.Helper()
	opts := c.opts
	opts.Targets = targets()
	r := New(c.modules(t), opts)
	switch c.kind {
	case "runner":
		return r.Runner(c.caller(), c.fun, parse(t, c.args), parse(t, c.kwargs))
	case "wheel":
		return r.Wheel(c.caller(), c.fun, parse(t, c.args), parse(t, c.kwargs))
	default:
		return r.Publish(c.caller(), c.call(t))
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	for _, c := range ruleCases {
		assert.Equal(t, c.want, c.verdict(t), "%s %v %s %s", c.name(), c.opts, c.args, c.tgt)
	}
}

// rulesAgree compares every case with Salt's own code. What is unknown here may be anything there.
func rulesAgree(t *testing.T) comparison {
	t.Helper()
	q := question{IDs: ids}
	for _, c := range ruleCases {
		q.Setups = append(q.Setups, c.setup(t))
	}
	return comparison{q, func(t *testing.T, a answer) {
		for i, c := range ruleCases {
			if v := c.verdict(t); v != Unknown {
				assert.Equal(t, a.Setups[i][0], v.String(), "%s %v %s %s", c.name(), c.opts, c.args, c.tgt)
			}
		}
	}}
}

func (c ruleCase) setup(t testing.TB) setup {
	t.Helper()
	kind, args := c.kind, parse(t, c.args)
	call := c.call(t)
	if kind == "" {
		kind = "publish"
		args = append([]any{}, call.Args...)
	}
	m := c.modules(t)[0]
	var rules any = m.Rules
	if m.Rules == nil {
		rules = parse(t, c.rules)
	}
	return setup{
		ExternalAuth: tagged(Map{{m.Name, rules}}),
		Options:      optionsOf(c.opts),
		Calls: []saltCall{{
			Kind: kind, Subject: whoOf(c.caller()), Fun: c.fun, Args: tagged(args), Kwargs: tagged(parse(t, c.kwargs)),
			Tgt: tagged(call.Tgt), TgtType: call.TgtType,
		}},
	}
}

func optionsOf(o Options) map[string]any {
	return map[string]any{
		"permissive_acl": o.PermissiveACL, "keep_acl_in_token": o.KeepACLInToken,
		"auth.enable_expanded_auth_matching": o.ExpandedMatching,
	}
}

func whoOf(w Subject) map[string]any {
	subject := map[string]any{"eauth": w.Eauth, "user": w.User, "groups": append([]string{}, w.Groups...)}
	if w.HasAuthList {
		subject["auth_list"] = tagged(w.AuthList)
	}
	return subject
}

func TestVerdictNames(t *testing.T) {
	t.Parallel()
	require.Equal(t, "refused allowed unknown", fmt.Sprint(Refused, " ", Allowed, " ", Unknown))
}

// TestRoster passes the minions of the call instead of resolving its target.
func TestRoster(t *testing.T) {
	t.Parallel()
	r := New([]Module{{Name: "pam", Rules: mapping(t, "alice: [{'*': [test.ping]}, {'web*': [grains.*]}]")}}, Options{Targets: targets()})
	subject := Subject{Eauth: "pam", User: "alice"}
	verdict := func(fun string, known bool, minions ...string) Verdict {
		return r.Publish(subject, Call{Fun: fun, Tgt: "web*", TgtType: "compound", Minions: func() ([]string, bool) { return minions, known }})
	}
	require.Equal(t, Allowed, verdict("test.ping", true, "router"))
	require.Equal(t, Allowed, verdict("grains.items", true, "web1"))
	require.Equal(t, Refused, verdict("grains.items", true, "router"))
	require.Equal(t, Unknown, verdict("grains.items", false))
	require.Equal(t, Refused, verdict("cmd.run", false))
}

// TestNoTargets decides calls that need no minions.
func TestNoTargets(t *testing.T) {
	t.Parallel()
	r := New([]Module{{Name: "pam", Rules: mapping(t, "alice: [test.ping, {'*': [cmd.run]}, {'web*': [grains.*]}]")}}, Options{})
	for fun, want := range map[string]Verdict{
		"test.ping": Allowed, "cmd.run": Allowed, "grains.items": Unknown, "state.apply": Refused,
	} {
		require.Equal(t, want, r.Publish(Subject{Eauth: "pam", User: "alice"}, Call{Fun: fun, Tgt: "web1", TgtType: "glob"}), fun)
	}
}
