package acl

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestList(t *testing.T) {
	t.Parallel()
	list := func(text string) *List {
		rules, ok := parse(t, text).([]any)
		require.True(t, ok)
		return NewList(rules)
	}
	for _, c := range []struct {
		name, list, fun string
		args            []any
		everywhere      bool
		targets         []string
	}{
		{"a function", `[test.ping]`, "test.ping", nil, true, nil},
		{"as always, a prefix", `[test.ping]`, "test.ping_pong", nil, true, nil},
		{"another", `[test.ping]`, "cmd.run", nil, false, nil},
		{"on a target", `[{"web*": [state.apply]}]`, "state.apply", nil, false, []string{"web*"}},
		{"on several", `[{"web*": [state.apply]}, {"db*": [test.ping]}, {"G@os:Debian": state.*}]`, "state.apply", nil,
			false, []string{"web*", "G@os:Debian"}},
		{"on all after all", `[{"web*": [state.apply]}, state.*]`, "state.apply", nil, true, nil},
		{"on the target of all", `[{"*": [state.apply]}]`, "state.apply", nil, true, nil},
		{"with good arguments", `[{"web*": [{"state.apply": {args: [base]}}]}]`, "state.apply", []any{"base"},
			false, []string{"web*"}},
		{"with bad ones", `[{"web*": [{"state.apply": {args: [base]}}]}]`, "state.apply", []any{"evil"}, false, nil},
		{"no exception for waiting", `[]`, findJob, nil, false, nil},
		{"an exception ends the list", `[{"web*": [test.*]}, {5: [test.*]}, test.*]`, "test.ping", nil,
			false, []string{"web*"}},
		{"what cannot be told", `["test(?=.ping)", {"web*": ["test(?=.ping)"]}]`, "test.ping", nil, false, nil},
	} {
		everywhere, targets := list(c.list).Functions(Call{Fun: c.fun, Args: c.args})
		require.Equal(t, c.everywhere, everywhere, c.name)
		require.Equal(t, c.targets, targets, c.name)
	}

	l := list(`["@jobs", {"@runner": [manage.up]}, {"@wheel": [key.list.*]}]`)
	require.True(t, l.Runner("jobs.active", nil, nil))
	require.True(t, l.Runner("manage.up", nil, nil))
	require.False(t, l.Runner("manage.down", nil, nil))
	require.True(t, l.Wheel("key.list_all", nil, nil))
	require.False(t, l.Wheel("key.accept", nil, nil))
	require.False(t, list(`["@wheel"]`).Runner("jobs.active", nil, nil))
}

func TestCheckPattern(t *testing.T) {
	t.Parallel()
	require.NoError(t, CheckPattern("state.(apply|sls)"))
	require.ErrorContains(t, CheckPattern("state.("), "not a regular expression")
	require.ErrorContains(t, CheckPattern("state(?=.apply)"), "cannot be evaluated here")
}
