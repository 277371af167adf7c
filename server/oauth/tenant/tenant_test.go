package tenant_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server/oauth/tenant"
)

func ExampleOrgs() {
	orgs := tenant.NewOrgs("east")
	east, ok := orgs.Named("EAST")
	fmt.Println(east.URN(), ok)
	fmt.Println(orgs.OrSystem("west").Name)
	// Output:
	// urn:vcloud:org:9e35309d-0e3d-89a2-b869-85e2db240b2f true
	// System
}

func TestOrgs(t *testing.T) {
	t.Parallel()
	orgs := tenant.NewOrgs("east", "SYSTEM", "west")
	require.Len(t, orgs, 3)
	require.Equal(t, tenant.System, orgs[0])
	for _, o := range orgs {
		found, ok := orgs.WithID(o.ID)
		require.True(t, ok)
		require.Equal(t, o, found)
		require.Regexp(t, `^urn:vcloud:org:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, o.URN())
	}
	_, ok := orgs.WithID(tenant.UUID("org", "north"))
	require.False(t, ok)
	_, ok = orgs.Named("")
	require.False(t, ok)
	require.Equal(t, tenant.NewOrgs("east", "west"), tenant.NewOrgs("east", "west"), "ids are the same at every gateway")
}

func TestScopes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                                       nil,
		" User  Read-only ":                      {"User", "Read-only"},
		"urn:vcloud:role:System%20Administrator": {"Superuser"},
		tenant.RoleURN("vApp User"):              {"User"},
		tenant.RoleURN("deploy web"):             {"deploy web"},
		"vApp User":                              {"vApp", "User"},
	} {
		got, err := tenant.Scopes(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	_, err := tenant.Scopes("User urn:vcloud:role:%zz")
	require.Equal(t, tenant.ErrRoleURN, err)
}
