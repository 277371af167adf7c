package issuer_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
)

// The users who are known are those with tokens, with the roles that they have now.
func TestUsers(t *testing.T) {
	with(t, bosses, func(r *env) {
		r.create(user("alice"), nil)
		r.create(user("boss"), func(n *issuer.NewToken) { n.Name = "other" })
		require.NoError(r, r.RecordLogin(r.Context(), "alice", "pam", []string{"staff", "admins"}))
		require.NoError(r, r.RecordLogin(r.Context(), "stranger", "pam", nil))

		users, err := r.Users(r.Context(), user("boss"))
		require.NoError(r, err)
		reads := r.store.calls.Load()
		require.NoError(r, r.AddRights(r.Context(), users))
		require.Equal(r, reads, r.store.calls.Load(), "what is saved was read with the users")
		require.Len(r, users, 2)
		require.Equal(r, "alice", users[0].User)
		require.Equal(r, "pam", users[0].Eauth)
		require.Equal(r, []string{"admins", "staff"}, users[0].Groups)
		require.Equal(r, []string{"Administrator", "User"}, users[0].Roles)
		require.Contains(r, users[0].Permissions, role.AuditRead)
		require.NotContains(r, users[0].Permissions, role.Superuser)
		require.False(r, users[0].LastLogin.IsZero())
		require.Equal(r, []string{"Superuser", "User"}, users[1].Roles)
		require.Contains(r, users[1].Permissions, role.Superuser)

		_, err = r.Users(r.Context(), user("bob"))
		require.ErrorIs(r, err, issuer.Forbidden)
		for key, want := range map[issuer.GroupKey][]string{
			{Eauth: "pam", Name: "admins"}: {"Administrator"}, {Eauth: "ldap", Name: "admins"}: nil, {Eauth: "pam", Name: "staff"}: nil,
		} {
			names, err := r.RolesOfGroup(r.Context(), key.Name, key.Eauth)
			require.NoError(r, err)
			require.Equal(r, want, names, key)
		}
	})
}

// Who had a role that was removed does not have another one of its name.
func TestRoleMadeAgain(t *testing.T) {
	with(t, func(o *issuer.Options) {
		o.LoginRoles = []string{}
		o.Assignments = []issuer.Assignment{{Users: []string{"dave"}, Roles: []string{"ops"}}}
	}, func(r *env) {
		ctx := r.Context()
		ops := role.Role{Name: "ops", Permissions: []role.Permission{role.JobRead}}
		require.NoError(r, r.PutRole(ctx, operator, ops, true))
		team := issuer.GroupKey{Eauth: "pam", Name: "team"}
		require.NoError(r, r.PutGroup(ctx, operator, team, func(g *issuer.Group) { g.Roles = []string{"Read-only", "ops"} }))
		require.NoError(r, r.PutUser(ctx, operator, "pam", "bob", func(u *issuer.SavedUser) { u.Roles, u.Permissions = []string{"ops"}, []role.Permission{role.FSRead} }))
		roles := func(name string, groups ...string) []string {
			names, _, err := r.RightsOf(ctx, name, "pam", groups)
			require.NoError(r, err)
			return names
		}
		require.Equal(r, []string{"ops"}, roles("bob"))
		require.Equal(r, []string{"Read-only", "ops"}, roles("carol", "team"))
		require.Equal(r, []string{"ops"}, roles("dave"))

		require.NoError(r, r.DeleteRole(ctx, operator, "ops"))
		require.Empty(r, roles("dave"), "the settings name it still, and there is none")
		require.NoError(r, r.PutRole(ctx, operator, ops, true))
		require.Empty(r, roles("bob"))
		require.Equal(r, []string{"Read-only"}, roles("carol", "team"))
		require.Equal(r, []string{"ops"}, roles("dave"))
	})
}

// A change of a role does not undo another one that was made meanwhile.
func TestChangeRole(t *testing.T) {
	with(t, bosses, func(r *env) {
		ctx := r.Context()
		wide := role.Role{Name: "ops", Permissions: []role.Permission{role.CmdRun}, Targets: []string{"web*", "db*"}}
		narrow := role.Role{Name: "ops", Permissions: []role.Permission{role.CmdRun}, Targets: []string{"web*"}}
		require.ErrorIs(r, r.ChangeRole(ctx, operator, "ops", func(*role.Role) {}), issuer.NotFound)
		require.NoError(r, r.PutRole(ctx, operator, wide, true))
		require.ErrorIs(r, r.ChangeRole(ctx, operator, "ops", func(changed *role.Role) {
			require.NoError(r, r.PutRole(ctx, operator, narrow, false))
			changed.Description = "x"
		}), issuer.Conflict)
		require.NoError(r, r.ChangeRole(ctx, operator, "ops", func(changed *role.Role) {
			require.Equal(r, narrow.Targets, changed.Targets)
			changed.Description = "y"
		}))
		narrow.Description = "y"
		got, err := r.Role(ctx, operator, "ops")
		require.NoError(r, err)
		require.Equal(r, narrow, got)
		require.ErrorIs(r, r.ChangeRole(ctx, user("bob"), "ops", func(*role.Role) {}), issuer.Forbidden)
		require.ErrorIs(r, r.ChangeRole(ctx, operator, "ops", func(changed *role.Role) { changed.Targets = []string{"("} }), issuer.Invalid)
	})
}

// One who may give single permissions does not complete those that others have given.
func TestPermissionsTogether(t *testing.T) {
	with(t, func(o *issuer.Options) {
		o.LoginRoles = []string{}
		o.Assignments = []issuer.Assignment{{Users: []string{"eve"}, Roles: []string{"editor"}}}
	}, func(r *env) {
		ctx := r.Context()
		require.NoError(r, r.PutRole(ctx, operator, role.Role{Name: "editor", Permissions: []role.Permission{role.UserWrite, role.TargetAllMinionsRun, role.JobRead}}, true))
		give := func(c issuer.Caller, name string, p ...role.Permission) error {
			return r.PutUser(ctx, c, "pam", name, func(u *issuer.SavedUser) { u.Permissions = append(u.Permissions, p...) })
		}
		require.NoError(r, give(operator, "bob", role.CmdRun))
		require.ErrorIs(r, give(user("eve"), "bob", role.TargetAllMinionsRun), issuer.Forbidden)
		require.NoError(r, give(user("eve"), "carol", role.TargetAllMinionsRun, role.JobRead))
		set, err := r.LoginRights(ctx, "bob", "pam", nil)
		require.NoError(r, err)
		require.False(r, set.Anywhere())
		require.NoError(r, r.PutUser(ctx, user("eve"), "pam", "bob", func(u *issuer.SavedUser) { u.RemoteUID = "7" }), "what others gave stays")
	})
}
