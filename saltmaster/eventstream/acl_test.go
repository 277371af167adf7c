package eventstream

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestACL(t *testing.T) {
	t.Parallel()
	acl, err := NewACL([]Rule{
		{Users: []string{"ops-*"}, Tags: []string{"*"}},
		{Groups: []string{"dev"}, Tags: []string{"salt/job/*"}},
		{Users: []string{"anna"}, Eauth: []string{"pam"}, Tags: []string{"salt/run/*", "salt/wheel/*"}},
		{Eauth: []string{"ldap"}, Tags: []string{"salt/key"}},
	})
	require.NoError(t, err)
	const job, run, key = "salt/job/1/new", "salt/run/1/new", "salt/key"
	for name, tc := range map[string]struct {
		subject Subject
		yes, no []string
	}{
		"a rule's user":    {Subject{User: "ops-1"}, []string{job, run, key, "x"}, nil},
		"a rule's group":   {Subject{User: "x", Groups: []string{"a", "dev"}}, []string{job}, []string{run, key}},
		"rules add up":     {Subject{User: "anna", Eauth: "pam", Groups: []string{"dev"}}, []string{job, run}, []string{key}},
		"another eauth":    {Subject{User: "anna", Eauth: "file"}, nil, []string{job, run, key}},
		"eauth is enough":  {Subject{User: "anna", Eauth: "ldap"}, []string{key}, []string{run}},
		"nobody":           {Subject{}, nil, []string{job, run, key, ""}},
		"names, not parts": {Subject{User: "annabel", Eauth: "pam", Groups: []string{"devs"}}, nil, []string{job, run}},
	} {
		filter := acl.Allowed(tc.subject)
		for _, tag := range tc.yes {
			require.True(t, filter.Match(tag), "%s: %s", name, tag)
		}
		for _, tag := range tc.no {
			require.False(t, filter.Match(tag), "%s: %s", name, tag)
		}
	}

	none, err := NewACL(nil)
	require.NoError(t, err)
	require.False(t, none.Allowed(Subject{User: "ops-1"}).Match(job), "rules, but not one of them")
	require.True(t, (*ACL)(nil).Allowed(Subject{}).Match(job), "no rules at all")
}

func TestFilterNarrowsWhatIsAllowed(t *testing.T) {
	t.Parallel()
	acl, err := NewACL([]Rule{{Tags: []string{"salt/job/*"}}})
	require.NoError(t, err)
	want, err := NewFilter("*/ret/*", "salt/key")
	require.NoError(t, err)
	f := want.And(acl.Allowed(Subject{}))
	require.True(t, f.Match("salt/job/1/ret/a"))
	require.False(t, f.Match("salt/job/1/new"))
	require.False(t, f.Match("salt/key"))
	all, err := NewFilter()
	require.NoError(t, err)
	require.True(t, all.Match(""))
}

func TestACLRefusesRules(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]Rule{
		"rule 1: users: a pattern must be text of 1 to 256 bytes":   {Users: []string{""}, Tags: []string{"*"}},
		"rule 1: tags: a rule without any lets nobody see anything": {Users: []string{"a"}},
	} {
		_, err := NewACL([]Rule{r})
		require.EqualError(t, err, want)
	}
}
