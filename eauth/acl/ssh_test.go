package acl

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnrestricted(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		rules   string
		opts    Options
		subject Subject
		want    bool
	}{
		{rules: "alice: ['.*']", want: true},
		{rules: "alice: ['^.*$']", want: true},
		{rules: "alice: [test.*, '.*']", want: true},
		{rules: "alice: '.*'", want: false}, // Salt reads it letter by letter
		{rules: "alice: [{'*': ['.*']}]", want: true},
		{rules: "alice: [{'*': '.*'}]", want: true},
		{rules: "alice: [{'*': [test.*, '.*']}]", want: true},
		{rules: "alice: [{'*': [{'.*': {args: [a]}}]}]", want: false},
		{rules: "alice: [{'*': [{'.*': {}}]}]", want: false}, // as much, but an unusual form
		{rules: "alice: [{'web*': ['.*']}]", want: false},
		{rules: "alice: [{'*': ['.*'], 'web*': ['.*']}]", want: false},
		{rules: "alice: [{'*': ['.*']}]", opts: Options{ExpandedMatching: true}, want: false},
		{rules: "alice: ['.*']", opts: Options{ExpandedMatching: true}, want: true},
		{rules: "alice: ['*']", want: false},
		{rules: "alice: ['']", want: false},
		{rules: "alice: [test.*, cmd.*]", want: false},
		{rules: "alice: ['@runner', '@wheel']", want: false},
		{rules: "alice: ['(?!x)', '.*']", want: true},
		{rules: "alice: ", want: false},
		{rules: "bob: ['.*']", want: false},
		{rules: "'*': ['.*']", want: true},
		{rules: "'ops%': ['.*']", subject: Subject{Groups: []string{"ops"}}, want: true},
		{rules: "'ops%': ['.*']", want: false},
		{rules: "alice: ['.*']", subject: Subject{Eauth: "ldap"}, want: false},
		{rules: "alice: ['.*']", opts: keepACL, subject: Subject{HasAuthList: true, AuthList: []any{"test.*"}}, want: false},
		{rules: "alice: []", opts: keepACL, subject: Subject{HasAuthList: true, AuthList: []any{".*"}}, want: true},
	} {
		c := ruleCase{rules: tc.rules, subject: tc.subject}
		require.Equal(t, tc.want, New(c.modules(t), tc.opts).Unrestricted(c.caller()), "%s %+v", tc.rules, tc.opts)
	}
}

func TestEverything(t *testing.T) {
	t.Parallel()
	for rules, want := range map[string]bool{
		"alice: ['.*', '@runner', '@wheel']":                            true,
		"alice: ['@jobs', '@wheels', '@runners', {'*': ['.*']}]":        true,
		"alice: ['.*', {'@runner': ['.*']}, {'@wheel': [key.*, '.*']}]": true,
		"'ops%': ['.*', '@runner', '@wheel']":                           true,
		"'*': ['.*', '@runner', '@wheel']":                              true,
		"alice: ['.*', '@runner']":                                      false,
		"alice: ['.*', '@wheel', '@jobs']":                              false,
		"alice: ['@runner', '@wheel']":                                  false,
		"alice: [{'web*': ['.*']}, '@runner', '@wheel']":                false,
		"alice: ['.*', {'@runner': [jobs.*]}, '@wheel']":                false,
		"alice: ['.*', {'@runner': [{'.*': {args: [a]}}]}, '@wheel']":   false,
		"alice: ['.*', '@runner.*', '@wheel']":                          false,
		"'dev%': ['.*', '@runner', '@wheel']":                           false,
		"bob: ['.*', '@runner', '@wheel']":                              false,
	} {
		c := ruleCase{rules: rules, subject: Subject{Groups: []string{"ops"}}}
		require.Equal(t, want, New(c.modules(t), Options{}).Everything(c.caller()), rules)
	}
}

// TestSSH covers the differences from Publish. lowstate compares with Salt's
// own code.
func TestSSH(t *testing.T) {
	t.Parallel()
	hosts := func() ([]string, error) { return []string{"host", "web1"}, nil }
	verdict := func(rules, tgt string, compared bool) Verdict {
		c := ruleCase{rules: rules}
		r := New(c.modules(t), Options{Targets: Roster(targets(), hosts), StarCompared: func() bool { return compared }})
		return r.SSH(c.caller(), Call{Fun: findJob, Tgt: tgt, TgtType: "glob"})
	}
	require.Equal(t, Refused, verdict("alice: [test.ping]", "*", false), "there is no exception")
	require.Equal(t, Allowed, verdict("alice: ['saltutil.*']", "host", false))
	require.Equal(t, Allowed, verdict("alice: [{'web*': ['saltutil.*']}]", "web1", false), "a minion, too")
	require.Equal(t, Refused, verdict("alice: [{'*o*': ['saltutil.*']}]", "host", false), "no minion")
	require.Equal(t, Allowed, verdict("alice: [{'*': ['saltutil.*']}]", "host", false))
	require.Equal(t, Refused, verdict("alice: [{'*': ['saltutil.*']}]", "host", true), "Salt 3006 compares")
	require.Equal(t, Allowed, verdict("alice: [{'*': ['saltutil.*']}]", "web1", true))
	require.Equal(t, Unknown, verdict("alice: [{'*': ['saltutil.*']}]", "nobody", true))

	none := Roster(nil, hosts)
	_, ok := none.Match("web1", "glob")
	require.False(t, ok)
}
