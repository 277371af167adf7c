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
