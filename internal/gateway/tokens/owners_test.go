package tokens

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/pam"
	"github.com/saltern-api/saltern/internal/gateway/config"
	"github.com/saltern-api/saltern/saltmaster/masterconf"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// An owner of eauth pam is inactive if PAM refuses the account, and any owner
// if external_auth has no rule for the user. The match is the master's: the
// user's name is the pattern, and the rule's name is the text (Salt's
// fill_auth_list).
func TestTokenOwners(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := sandbox.WritePAMService(dir, "acct", map[string]string{"alice": "x", "bob": "x"}); err != nil {
		require.NotEqual(t, "1", os.Getenv("SALTERN_REQUIRE_PAM"), err)
		t.Skip(err) // no pam_wrapper here
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "master"), []byte(
		"external_auth: {pam: {alice: [], carol: [], 'b*': []}, ldap: {ops%: [], 'db.*': [], abby: []}}\n"), 0o600))
	mc, _, err := masterconf.Load(dir)
	require.NoError(t, err)
	o := &owners{
		rules: (&config.Config{Master: mc}).Rules(),
		pam:   pam.NewAccounts(pam.Options{Service: "acct", ConfDir: dir}),
	}
	for name, c := range map[string]struct {
		owner apitoken.Owner
		last  *issuer.LastLogin
		want  bool
	}{
		"there and named":              {apitoken.Owner{Eauth: "pam", User: "alice"}, nil, true},
		"a rule's name is no pattern":  {apitoken.Owner{Eauth: "pam", User: "bob"}, nil, false},
		"a rule's regular expression":  {apitoken.Owner{Eauth: "ldap", User: "dba"}, &issuer.LastLogin{}, false},
		"a user's name is the pattern": {apitoken.Owner{Eauth: "ldap", User: "ab.y"}, &issuer.LastLogin{}, true},
		"a pattern of another name":    {apitoken.Owner{Eauth: "ldap", User: "ab.x"}, &issuer.LastLogin{}, false},
		"a pattern that Go has not":    {apitoken.Owner{Eauth: "ldap", User: "(?=abby)abby"}, &issuer.LastLogin{}, false},
		"named and not there":          {apitoken.Owner{Eauth: "pam", User: "carol"}, nil, false},
		"perhaps by group":             {apitoken.Owner{Eauth: "ldap", User: "alice"}, nil, true},
		"by group at the last login":   {apitoken.Owner{Eauth: "ldap", User: "alice"}, &issuer.LastLogin{Groups: []string{"ops"}}, true},
		"in another group":             {apitoken.Owner{Eauth: "ldap", User: "alice"}, &issuer.LastLogin{Groups: []string{"web"}}, false},
		"in no group":                  {apitoken.Owner{Eauth: "ldap", User: "alice"}, &issuer.LastLogin{}, false},
		"PAM knows better than logins": {apitoken.Owner{Eauth: "pam", User: "carol"}, &issuer.LastLogin{}, false},
		"no such module":               {apitoken.Owner{Eauth: "rest", User: "alice"}, nil, false},
		"no name":                      {apitoken.Owner{Eauth: "ldap"}, nil, false},
	} {
		got, _, err := o.Active(t.Context(), c.owner, netip.Addr{}, c.last)
		require.NoError(t, err, name)
		require.Equal(t, c.want, got, name)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "acct.passdb"), []byte("bob:x:acct\n"), 0o600))
	got, _, err := o.Active(t.Context(), apitoken.Owner{Eauth: "pam", User: "alice"}, netip.Addr{}, nil)
	require.NoError(t, err)
	require.False(t, got)
}
