package role

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/acl"
)

func TestRoleFromJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, json string
		wrong      []string // parts of the error; none: it is a valid role
	}{
		{"permissions", `{"name": "a", "permissions": ["cmd-read", "returner-read"]}`, nil},
		{"targets", `{"name": "a", "permissions": ["cmd-run"], "targets": ["web*", "G@os:Debian and not ( db1 or L@a,b )"]}`, nil},
		{"every target", `{"name": "a", "permissions": ["cmd-run"], "targets": ["E@web\\d", "P@a:b", "I|@a|b", "J@a:b", "S@10.0.0.0/8",
			"S@10.1.2.3", "S@fe80::1", "N@group", "*"]}`, nil},
		{"rules", `{"name": "a", "acl": ["test.*", {"web*": ["state.apply", {"cmd.run": {"args": ["uptime", null], "kwargs": {"runas": "x"}}}]},
			"@jobs", {"@wheel": "key.list.*"}]}`, nil},
		{"nothing in it", `{"name": "a"}`, []string{"allows nothing"}},
		{"a name with blanks", `{"name": "Web team 2", "permissions": ["cmd-read"]}`, nil},
		{"a name with two blanks", `{"name": "a  b", "permissions": ["cmd-read"]}`, []string{"name: up to 64"}},
		{"a name with a blank in front", `{"name": " a", "permissions": ["cmd-read"]}`, []string{"name: up to 64"}},
		{"a name with a blank behind", `{"name": "a ", "permissions": ["cmd-read"]}`, []string{"name: up to 64"}},
		{"a name with a tab", `{"name": "a\tb", "permissions": ["cmd-read"]}`, []string{"name: up to 64"}},
		{"permissions of SaltStack Config", `{"name": "a", "permissions": ["license-read", "pillar-write", "formula-delete", "background_jobs-read", "sec-policy-read"]}`, nil},
		{"no permissions at all", `{"name": "a", "permissions": ["read", "-read", "a--read", "A-read", "a-read\n"]}`,
			[]string{`no permission "read"`, `no permission "-read"`, `no permission "a--read"`, `no permission "A-read"`, `no permission "a-read\n"`}},
		{"cmd-run on saved targets", `{"name": "a", "permissions": ["cmd-run"]}`, nil},
		{"all minions for jobs", `{"name": "a", "permissions": ["job-run", "target-allminions-run"]}`, nil},
		{"a name too long", `{"name": "` + strings.Repeat("a", 65) + `", "permissions": ["cmd-read"]}`, []string{"name: up to 64"}},
		{"a description too long", `{"name": "a", "permissions": ["cmd-read"], "description": "` + strings.Repeat("a", 501) + `"}`, []string{"description"}},
		{"unknown and double permissions", `{"name": "a", "permissions": ["cmd-fly", "cmd-read", "cmd-read"]}`,
			[]string{`there is no permission "cmd-fly"`, `"cmd-read" stands there twice`}},
		{"cmd-run with both", `{"name": "a", "permissions": ["cmd-run", "target-allminions-run"], "targets": ["a"]}`, []string{"they mean nothing beside"}},
		{"targets for nothing", `{"name": "a", "permissions": ["cmd-read"], "targets": ["a"]}`, []string{"they mean nothing without cmd-run"}},
		{"bad targets", `{"name": "a", "permissions": ["cmd-run"], "targets": ["", "a b", "a,b", "T@x", "R@x", "M@x", "L@", "@a", "G@os", "S@10.0.0.1/8", "E@(",
			"a\u00a0or b", "a\u001cb"]}`,
			[]string{`"": no well-formed`, `"a b": no well-formed`, "comma", "T@ is not supported", "R@ is not", "M@ is not", "nothing stands behind L@",
				"no minion has an @", "a path and a value", "behind S@ stands", "not a regular expression", "cannot be printed"}},
		{"bad rules", `{"name": "a", "acl": [5, "", "state.(", {"a": [], "b": []}, {"a b": ["x"]}, "@", {"@x.y": ["z"]}, {"web*": [5]}, {"web*": [{"f": 5}]},
			{"web*": [{"f": {"arg": []}}]}, {"web*": [{"f": {"args": "x", "kwargs": []}}]}, {"web*": [{"f": {"args": [5]}}]}, {"web*": [{"f": {}, "g": {}}]},
			"state(?=x)", null]}`,
			[]string{"rule 1: neither", "rule 2: an empty pattern", "rule 3: ", "rule 4: a mapping must have one key", `rule 5: target "a b"`, "rule 6: ",
				"rule 7: ", "rule 8: a function must be", "rule 9: arguments must be", "rule 10: arguments have args", "rule 11: args must be a list",
				"rule 11: kwargs must be", "rule 12: an argument must be", "rule 13: a mapping must have one key", "rule 14: ", "rule 15: neither"}},
	} {
		var r Role
		require.NoError(t, json.Unmarshal([]byte(c.json), &r), c.name)
		err := r.Check()
		if c.wrong == nil {
			require.NoError(t, err, c.name)
			again, err := json.Marshal(r)
			require.NoError(t, err, c.name)
			require.JSONEq(t, c.json, string(again), c.name)
			continue
		}
		for _, w := range c.wrong {
			require.ErrorContains(t, err, w, c.name)
		}
	}
}

func TestACLFromJSON(t *testing.T) {
	t.Parallel()
	var a ACL
	require.NoError(t, json.Unmarshal([]byte(`["b", {"z": ["y"], "a": null}]`), &a))
	require.Equal(t, ACL{"b", acl.Map{{Key: "z", Value: []any{"y"}}, {Key: "a", Value: nil}}}, a, "in order")
	for text, wrong := range map[string]string{
		`{"a": "b"}`:                         "must be a list",
		`[{"a": "b", "a": "c"}]`:             `"a" stands there twice`,
		strings.Repeat("[", 9) + `]`:         "",
		`[[[[[[[[[]]]]]]]]]`:                 "nested too deeply",
		`[{"a":{"a":{"a":{"a":[[[[]]]]}}}}]`: "nested too deeply",
	} {
		require.ErrorContains(t, json.Unmarshal([]byte(text), &a), wrong, text)
	}
	require.NoError(t, json.Unmarshal([]byte(`null`), &a))
	require.Empty(t, a)
	_, err := json.Marshal(ACL{acl.Map{{Key: 5, Value: "x"}}})
	require.ErrorContains(t, err, "must be text")
}

func FuzzACL(f *testing.F) {
	f.Add(`["test.*", {"web*": ["state.apply", {"cmd.run": {"args": ["uptime", null], "kwargs": {"runas": "x"}}}]}, "@jobs"]`)
	f.Add(`[{"": ""}]`)
	f.Fuzz(func(t *testing.T, text string) {
		var a, b ACL
		if json.Unmarshal([]byte(text), &a) != nil {
			return
		}
		role := Role{Name: "a", ACL: a}
		Compile(Options{}, role).Allows(local("test.ping"))
		if role.Check() != nil {
			return
		}
		js, err := json.Marshal(a)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(js, &b))
		require.Equal(t, a, b)
	})
}

func TestNewRoles(t *testing.T) {
	t.Parallel()
	mine := Role{Name: "mine", Permissions: []Permission{CmdRead}, BuiltIn: true}
	roles := rolesFor(t, mine)
	var names []string
	for _, r := range roles.All() {
		names = append(names, r.Name)
		require.Equal(t, r.Name != "mine", r.BuiltIn)
	}
	require.Equal(t, []string{"Superuser", "Administrator", "User", "Read-only", "Salt Master", "mine"}, names)
	_, ok := roles.Get("Mine")
	require.False(t, ok)

	for wrong, own := range map[string][]Role{
		`role "SuperUser": there is a role "Superuser" already`: {{Name: "SuperUser", Permissions: []Permission{CmdRead}}},
		`role "mine": there is a role "mine" already`:           {mine, mine},
		`role "x": a role without permissions`:                  {mine, {Name: "x"}},
	} {
		_, err := NewRoles(own...)
		require.ErrorContains(t, err, wrong)
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	seen := make(map[Permission]bool)
	for _, d := range Permissions() {
		require.Regexp(t, `^[a-z]+(-[a-z]+)*$`, d.Permission)
		require.NotEmpty(t, d.Allows, d.Permission)
		require.False(t, seen[d.Permission], d.Permission)
		seen[d.Permission] = true
	}
}
