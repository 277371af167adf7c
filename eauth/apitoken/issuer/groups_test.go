package issuer_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/bolt"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/memory"
	"github.com/saltern-api/saltern/eauth/apitoken/redis"
	"github.com/saltern-api/saltern/eauth/apitoken/redistest"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

// Users, groups and links are the same in each kind of store, and in each gateway that
// shares it.
func TestGroupsInEachStore(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) (a, b apitoken.Store){
		"memory": func(*testing.T) (a, b apitoken.Store) {
			s := memory.New()
			return s, s
		},
		"bolt": func(t *testing.T) (a, b apitoken.Store) {
			t.Helper()
			s, err := bolt.Open(filepath.Join(t.TempDir(), "tokens.db"))
			require.NoError(t, err)
			return s, s
		},
		"redis": func(t *testing.T) (a, b apitoken.Store) {
			t.Helper()
			server := redistest.Start(t, redistest.Options{})
			o := redis.Options{UniversalOptions: server.Client(), Timeout: 30 * time.Second}
			return redis.Open(o), redis.Open(o)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pepper, err := apitoken.LoadPepper(t.TempDir())
			require.NoError(t, err)
			one, two := open(t)
			service := func(s apitoken.Store) *issuer.Service {
				service, err := issuer.New(issuer.Options{Store: s, Pepper: pepper, Owners: &town{}, LoginRoles: []string{}})
				require.NoError(t, err)
				t.Cleanup(func() {
					service.Close()
					if s == one || s != two {
						_ = s.Close()
					}
				})
				return service
			}
			testGroups(t, service(one), service(two))
		})
	}
}

// testGroups changes things at one service, and sees them at both.
func testGroups(t *testing.T, s, other *issuer.Service) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, s.PutRole(ctx, operator, role.Role{Name: "Web team", Permissions: []role.Permission{role.JobWrite, "pillar-read"}}, true))
	admins, staff := issuer.GroupKey{Eauth: "pam", Name: "web admins"}, issuer.GroupKey{Eauth: "ldap", Name: "cn=web"}
	require.NoError(t, s.PutGroup(ctx, operator, admins, func(g *issuer.Group) {
		g.Description, g.Roles, g.CustomData = "who runs the web", []string{"Web team", "Read-only", "Web team"}, json.RawMessage(`{"a": [1]}`)
	}))
	require.NoError(t, s.PutLink(ctx, operator, issuer.Link{Group: admins, From: staff, Enabled: true}))
	require.NoError(t, s.PutUser(ctx, operator, "pam", "carol", func(u *issuer.SavedUser) {
		u.Roles, u.Permissions, u.Groups, u.RemoteUID = []string{"User"}, []role.Permission{role.AuditRead}, []string{"web admins"}, "1000"
	}))

	groups, err := s.Groups(ctx, operator)
	require.NoError(t, err)
	require.Equal(t, []issuer.Group{{
		GroupKey: admins, Description: "who runs the web", Roles: []string{"Read-only", "Web team"}, CustomData: json.RawMessage(`{"a":[1]}`),
	}}, groups)
	links, err := s.Links(ctx, operator)
	require.NoError(t, err)
	require.Equal(t, []issuer.Link{{Group: admins, From: staff, Enabled: true}}, links)
	users, err := s.Users(ctx, operator)
	require.NoError(t, err)
	require.Len(t, users, 1)
	require.NoError(t, s.AddRights(ctx, users))
	require.Equal(t, []string{"Read-only", "User", "Web team"}, users[0].Roles)
	require.Equal(t, []string{"web admins"}, users[0].Groups)
	require.Contains(t, users[0].Permissions, role.AuditRead)
	require.Equal(t, "1000", users[0].Saved.RemoteUID)

	roles := func(at *issuer.Service, eauth, user string, groups ...string) string {
		names, _, err := at.RightsOf(ctx, user, eauth, groups)
		require.NoError(t, err)
		return strings.Join(names, ", ")
	}
	soon := func(want, eauth, user string, groups ...string) {
		t.Helper()
		require.Equal(t, want, roles(s, eauth, user, groups...), "at once, where it was changed")
		require.Eventually(t, func() bool { return roles(other, eauth, user, groups...) == want }, 10*time.Second, 10*time.Millisecond)
	}
	soon("Read-only, User, Web team", "pam", "carol")
	soon("Read-only, Web team", "pam", "dave", "web admins")
	soon("Read-only, Web team", "ldap", "dave", "x", "cn=web")
	soon("", "ldap", "carol", "web admins")
	soon("", "pam", "dave", "cn=web")
	names, err := s.RolesOfGroup(ctx, "web admins", "pam")
	require.NoError(t, err)
	require.Equal(t, []string{"Read-only", "Web team"}, names)

	require.NoError(t, s.PutLink(ctx, operator, issuer.Link{Group: admins, From: staff}))
	soon("", "ldap", "dave", "cn=web")
	require.NoError(t, s.PutLink(ctx, operator, issuer.Link{Group: admins, From: staff, Enabled: true}))
	require.NoError(t, s.DeleteUser(ctx, operator, "pam", "carol"))
	require.ErrorIs(t, s.DeleteUser(ctx, operator, "pam", "carol"), issuer.NotFound)
	soon("", "pam", "carol")
	require.NoError(t, s.PutGroup(ctx, operator, admins, func(g *issuer.Group) { g.Roles = nil }))
	soon("", "ldap", "dave", "cn=web")
	require.NoError(t, s.DeleteGroup(ctx, operator, admins))
	require.ErrorIs(t, s.DeleteGroup(ctx, operator, admins), issuer.NotFound)
	links, err = s.Links(ctx, operator)
	require.NoError(t, err)
	require.Empty(t, links, "a link ends with its group")
	require.ErrorIs(t, s.PutLink(ctx, operator, issuer.Link{Group: admins, From: staff}), issuer.NotFound)
	require.ErrorIs(t, s.DeleteLink(ctx, operator, issuer.Link{Group: admins, From: staff}), issuer.NotFound)
	require.NoError(t, s.DeleteRole(ctx, operator, "Web team"))
}

// Nobody gives what they do not have, by whatever way.
func TestNobodyGivesMore(t *testing.T) {
	editor := role.Role{Name: "editor", Permissions: []role.Permission{
		role.RoleWrite, role.RoleDelete, role.RoleRead, role.UserWrite, role.UserRead, role.UserDelete,
		role.GroupWrite, role.GroupRead, role.GroupDelete, role.CmdRead,
	}}
	with(t, func(o *issuer.Options) {
		bosses(o)
		o.Assignments = append(o.Assignments, issuer.Assignment{Users: []string{"eve"}, Roles: []string{"editor", "small"}})
		o.LoginRoles = []string{}
	}, func(r *env) {
		ctx := r.Context()
		require.NoError(r, r.PutRole(ctx, operator, editor, true))
		require.NoError(r, r.PutRole(ctx, operator, role.Role{Name: "small", Permissions: []role.Permission{role.MasterRead}}, true))
		require.NoError(r, r.PutRole(ctx, operator, role.Role{Name: "same", Permissions: []role.Permission{role.MasterRead}}, true))
		key := func(name string) issuer.GroupKey { return issuer.GroupKey{Eauth: "pam", Name: name} }
		for name, roles := range map[string][]string{"strong": {"Superuser"}, "weak": {"small"}, "empty": nil} {
			require.NoError(r, r.PutGroup(ctx, operator, key(name), func(g *issuer.Group) { g.Roles = roles }))
		}
		made := func(owner, name string, scopes ...string) issuer.Caller {
			secret, _ := r.create(operator, func(n *issuer.NewToken) {
				n.Owner, n.Name, n.Scopes = apitoken.Owner{Eauth: "pam", User: owner}, name, scopes
			})
			return r.principal(secret).Caller(here)
		}
		eve := user("eve")
		all := map[string]issuer.Caller{
			"a login": eve, "her token": made("eve", "editor", "editor", "small"), "her token of all scopes": made("eve", "all", "Superuser"),
			"a superuser's token with her scopes": made("boss", "as eve", "editor", "small"),
		}
		toUser := func(c issuer.Caller, change func(*issuer.SavedUser)) error {
			return r.PutUser(ctx, c, "pam", "eve", change)
		}
		for name, c := range all {
			for what, err := range map[string]error{
				"a role with more":                    r.PutRole(ctx, c, role.Role{Name: "new", Permissions: []role.Permission{role.CmdRunnerRun}}, false),
				"her own role, wider":                 r.PutRole(ctx, c, role.Role{Name: "editor", Permissions: append([]role.Permission{role.AuditRead}, editor.Permissions...)}, false),
				"a role of hers":                      toUser(c, func(u *issuer.SavedUser) { u.Roles = []string{"Superuser"} }),
				"another's role with the same rights": toUser(c, func(u *issuer.SavedUser) { u.Roles = []string{"same"} }),
				"a permission of hers":                toUser(c, func(u *issuer.SavedUser) { u.Permissions = []role.Permission{role.Superuser} }),
				"a permission without a meaning yet":  toUser(c, func(u *issuer.SavedUser) { u.Permissions = []role.Permission{"pillar-write"} }),
				"a group with more":                   toUser(c, func(u *issuer.SavedUser) { u.Groups = []string{"weak", "strong"} }),
				"more for a group":                    r.PutGroup(ctx, c, key("empty"), func(g *issuer.Group) { g.Roles = []string{"Administrator"} }),
				"more for a new group":                r.PutGroup(ctx, c, key("new"), func(g *issuer.Group) { g.Roles = []string{"small", "Superuser"} }),
				"a link with more":                    r.PutLink(ctx, c, issuer.Link{Group: key("strong"), From: issuer.GroupKey{Eauth: "ldap", Name: "eve's"}, Enabled: true}),
				"a built-in role, in other letters":   r.PutRole(ctx, c, role.Role{Name: "superuser", Permissions: []role.Permission{role.CmdRead}}, false),
			} {
				if what == "a built-in role, in other letters" {
					require.ErrorIs(r, err, issuer.Conflict, "%s: %s", name, what)
					continue
				}
				require.ErrorIs(r, err, issuer.Forbidden, "%s: %s", name, what)
			}
			has, _, err := r.RightsOf(ctx, "eve", "pam", nil)
			require.NoError(r, err)
			require.Equal(r, []string{"editor", "small"}, has, name)
		}
		r.told()

		// What they have they may give, and leave in place what others gave.
		for name, c := range all {
			require.NoError(r, r.PutUser(ctx, operator, "pam", "frank", func(u *issuer.SavedUser) { u.Roles, u.Groups = []string{"Superuser"}, []string{"strong"} }))
			require.NoError(r, r.PutUser(ctx, c, "pam", "frank", func(u *issuer.SavedUser) {
				u.Roles, u.Groups, u.Permissions = append(u.Roles, "small"), append(u.Groups, "weak"), []role.Permission{role.CmdRead}
			}), name)
			require.NoError(r, r.PutGroup(ctx, c, key("strong"), func(g *issuer.Group) { g.Description = "changed by " + name }), name)
			require.NoError(r, r.PutLink(ctx, c, issuer.Link{Group: key("weak"), From: issuer.GroupKey{Eauth: "ldap", Name: "x"}, UID: "7", Enabled: true}), name)
			require.NoError(r, r.DeleteLink(ctx, c, issuer.Link{Group: key("weak"), From: issuer.GroupKey{Eauth: "ldap", Name: "x"}, UID: "7"}), name)
			require.NoError(r, r.DeleteUser(ctx, c, "pam", "frank"), name)
			require.Equal(r, []string{"changed", "changed", "changed", "changed", "removed", "removed"}, r.told(), "each is an event: %s", name)
		}

		// Without the permission nothing is changed, nor with a token of Cloud Director.
		secret, _ := r.create(operator, func(n *issuer.NewToken) {
			n.Owner, n.Name, n.Profile = apitoken.Owner{Eauth: "pam", User: "boss"}, "vcd", apitoken.ProfileVCD
		})
		for name, c := range map[string]struct {
			caller issuer.Caller
			want   error
		}{"nobody": {user("alice"), issuer.Forbidden}, "Cloud Director": {r.principal(secret).Caller(here), issuer.LoginRequired}} {
			for _, err := range []error{
				r.PutUser(ctx, c.caller, "pam", "frank", func(*issuer.SavedUser) {}), r.DeleteUser(ctx, c.caller, "pam", "frank"),
				r.PutGroup(ctx, c.caller, key("weak"), func(*issuer.Group) {}), r.DeleteGroup(ctx, c.caller, key("weak")),
				r.PutLink(ctx, c.caller, issuer.Link{Group: key("weak")}), r.DeleteLink(ctx, c.caller, issuer.Link{Group: key("weak")}),
			} {
				require.ErrorIs(r, err, c.want, name)
			}
		}
		_, err := r.Groups(ctx, user("alice"))
		require.ErrorIs(r, err, issuer.Forbidden)
		_, err = r.Links(ctx, user("alice"))
		require.ErrorIs(r, err, issuer.Forbidden)
	})
}

// What users and groups cannot be.
func TestWhatCannotBeSaved(t *testing.T) {
	with(t, nil, func(r *env) {
		ctx := r.Context()
		many := make([]string, 201)
		for i := range many {
			many[i] = "g" + strings.Repeat("x", i)
		}
		for what, err := range map[string]error{
			"no such role":     r.PutUser(ctx, operator, "pam", "a", func(u *issuer.SavedUser) { u.Roles = []string{"none"} }),
			"no permission":    r.PutUser(ctx, operator, "pam", "a", func(u *issuer.SavedUser) { u.Permissions = []role.Permission{"to-fly"} }),
			"no name":          r.PutUser(ctx, operator, "pam", "", func(*issuer.SavedUser) {}),
			"no module":        r.PutUser(ctx, operator, "", "a", func(*issuer.SavedUser) {}),
			"a long name":      r.PutUser(ctx, operator, "pam", strings.Repeat("a", 400), func(*issuer.SavedUser) {}),
			"a bad name":       r.PutUser(ctx, operator, "pam", "a\x1b", func(*issuer.SavedUser) {}),
			"many groups":      r.PutUser(ctx, operator, "pam", "a", func(u *issuer.SavedUser) { u.Groups = many }),
			"a list as data":   r.PutGroup(ctx, operator, issuer.GroupKey{Eauth: "pam", Name: "a"}, func(g *issuer.Group) { g.CustomData = json.RawMessage(`[]`) }),
			"much data":        r.PutGroup(ctx, operator, issuer.GroupKey{Eauth: "pam", Name: "a"}, func(g *issuer.Group) { g.CustomData = make([]byte, 9000) }),
			"a long text":      r.PutGroup(ctx, operator, issuer.GroupKey{Eauth: "pam", Name: "a"}, func(g *issuer.Group) { g.Description = strings.Repeat("a", 600) }),
			"a link to itself": r.PutLink(ctx, operator, issuer.Link{Group: issuer.GroupKey{Eauth: "pam", Name: "a"}, From: issuer.GroupKey{Eauth: "ldap"}}),
		} {
			require.ErrorIs(r, err, issuer.Invalid, what)
		}
	})
}

// What cannot be read gives nobody a role, and is left as it is.
func TestGroupsThatCannotBeRead(t *testing.T) {
	with(t, func(o *issuer.Options) { o.LoginRoles = []string{} }, func(r *env) {
		ctx := r.Context()
		for collection, key := range map[string]string{"groups": "pam/x", "group-links": "x", "users": "pam/bad"} {
			_, err := r.store.PutDocument(ctx, collection, apitoken.Document{Key: key, Value: []byte("{")})
			require.NoError(r, err)
		}
		time.Sleep(time.Second)
		require.ErrorIs(r, r.May(ctx, user("alice", "x"), role.CmdRead), issuer.Forbidden)
		require.ErrorIs(r, r.May(ctx, user("bad"), role.CmdRead), issuer.Forbidden)
		users, err := r.Users(ctx, operator)
		require.NoError(r, err)
		require.Len(r, users, 1)
		require.Error(r, r.PutUser(ctx, operator, "pam", "bad", func(*issuer.SavedUser) {}), "it is not overwritten")
	})
}

// The links that end with a group are in the audit log, each with the caller.
func TestLinksOfADeletedGroup(t *testing.T) {
	with(t, nil, func(r *env) {
		ctx := r.Context()
		team := issuer.GroupKey{Eauth: "pam", Name: "team"}
		require.NoError(r, r.PutGroup(ctx, operator, team, func(*issuer.Group) {}))
		require.NoError(r, r.PutLink(ctx, operator, issuer.Link{Group: team, From: issuer.GroupKey{Eauth: "ldap", Name: "cn=team"}, Enabled: true}))
		r.told()
		require.NoError(r, r.DeleteGroup(ctx, operator, team))
		var removed []string
		for _, e := range r.events {
			require.Equal(r, issuer.Removed, e.What)
			require.True(r, e.By.Operator)
			removed = append(removed, e.Subject)
		}
		require.Equal(r, []string{"group link ldap/cn=team to pam/team", "group pam/team"}, removed)
	})
}

// One who edits groups does not get what a superuser gives them later, by a token
// neither.
func TestNobodyJoinsAGroupItself(t *testing.T) {
	with(t, func(o *issuer.Options) {
		bosses(o)
		o.LoginRoles = []string{}
		o.Assignments = append(o.Assignments, issuer.Assignment{Users: []string{"eve"}, Roles: []string{"editor"}})
	}, func(r *env) {
		ctx := r.Context()
		r.town.groups["eve"] = []string{"staff"}
		require.NoError(r, r.PutRole(ctx, operator, role.Role{Name: "editor", Permissions: []role.Permission{role.UserWrite, role.GroupWrite}}, true))
		later := issuer.GroupKey{Eauth: "pam", Name: "later"}
		require.NoError(r, r.PutGroup(ctx, operator, later, func(*issuer.Group) {}))
		join := func(c issuer.Caller, user string) error {
			return r.PutUser(ctx, c, "pam", user, func(u *issuer.SavedUser) { u.Groups = []string{"later"} })
		}
		link := func(c issuer.Caller, group string) error {
			return r.PutLink(ctx, c, issuer.Link{Group: later, From: issuer.GroupKey{Eauth: "pam", Name: "other"}, UID: group, Enabled: true})
		}
		secret, _ := r.create(operator, func(n *issuer.NewToken) {
			n.Owner, n.Scopes = apitoken.Owner{Eauth: "pam", User: "eve"}, []string{"editor"}
		})
		for name, c := range map[string]issuer.Caller{"login": user("eve", "staff"), "token": r.principal(secret).Caller(here)} {
			require.ErrorIs(r, join(c, "eve"), issuer.Forbidden, name)
			require.ErrorIs(r, join(c, "Eve"), issuer.Forbidden, "%s: to a directory it is the same user", name)
			require.ErrorIs(r, link(c, "staff"), issuer.Forbidden, name)
			require.NoError(r, join(c, "bob"), name)
			require.NoError(r, link(c, "others"), name)
		}
		require.NoError(r, join(user("boss"), "boss"))
		require.NoError(r, link(user("boss", "staff"), "staff"))
	})
}
