package gateway

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/mint"
	"github.com/saltern-api/saltern/internal/settings"
)

// unasked is a master's token store that cannot be written before the master
// was asked about it.
type unasked struct {
	err   error // of the check
	asked atomic.Bool
}

func (s *unasked) Check(context.Context) error {
	s.asked.Store(true)
	return s.err
}

func (s *unasked) Write(_ context.Context, user, module string, groups []string, _ time.Duration) (eauth.Token, error) {
	if !s.asked.Load() {
		return eauth.Token{}, errors.New("the layout is not known")
	}
	return eauth.Token{
		Value: strings.Repeat("5a", 32), User: user, Eauth: module, Groups: groups, Expire: time.Now().Add(time.Hour),
	}, nil
}

func (*unasked) Remove(context.Context, string) error { return nil }

func TestTokenMint(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		check  error
		untold bool
		want   error
	}{
		"taken":          {},
		"not taken":      {check: mint.ErrNotAccepted, want: eauth.ErrUnavailable},
		"away":           {check: eauth.ErrUnavailable, want: eauth.ErrUnavailable},
		"unknown rights": {untold: true, want: eauth.ErrRights},
	} {
		m := mint.New(&unasked{err: c.check}, mint.Options{})
		grant, err := tokenMint{written{m}, func(string) bool { return c.untold }}.Grant(t.Context(), "alice", "pam", nil)
		if c.want == nil {
			require.NoError(t, err, name)
			grant.Release(t.Context())
		} else {
			require.ErrorIs(t, err, c.want, name)
		}
		require.NoError(t, m.Close(t.Context()))
	}
}

// Without a login, a token acts by the rules of external_auth, as a session of
// salt-api does unless acl() has said otherwise.
func TestUntold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		master string
		want   bool
	}{
		"nothing":                   {"", false},
		"kept":                      {"keep_acl_in_token: true", false},
		"eauth_acl_module":          {"eauth_acl_module: demo", false},
		"eauth_acl_module and kept": {"eauth_acl_module: demo\nkeep_acl_in_token: true", true},
	} {
		mc := aclConfig(t, "external_auth: {pam: {alice: ['.*']}}\n"+c.master)
		require.Equal(t, c.want, untold(&Config{master: mc, set: settings.Default()})("pam"), name)
	}
	mc := aclConfig(t, "external_auth: {ldap: {alice: [{'ldap(OU=x)': ['.*']}]}, demo: {}, rest: {}}")
	told := untold(&Config{master: mc, set: settings.Default()})
	require.False(t, told("ldap"), "rules for OUs give a session nothing at salt-api, nor here")
	require.True(t, told("demo"))
	require.True(t, told("rest"), "which needs keep_acl_in_token, whatever the file says")
}
