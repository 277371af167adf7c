package eauth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
)

// carrier calls send, and counts.
type carrier struct{ sent int }

func (c *carrier) Carry(
	ctx context.Context, _ eauth.Credentials, send func(ctx context.Context) (eauth.Verdict, error),
) (eauth.Verdict, error) {
	c.sent++
	return send(ctx)
}

// minter writes a token, or fails.
type minter struct{ err error }

func (m minter) Grant(context.Context, string, string, []string) (eauth.Grant, error) {
	if m.err != nil {
		return nil, m.err
	}
	return &grant{&backend{name: "written", granted: 1}}, nil
}

// listing is a master whose tokens have an auth_list.
type listing struct {
	*backend
	list json.RawMessage
}

func (l listing) Authenticate(ctx context.Context, c eauth.Credentials) (eauth.Identity, bool, error) {
	id, ok, err := l.backend.Authenticate(ctx, c)
	id.AuthList = l.list
	return id, ok, err
}

// TestEntitled checks the authority under which a command goes to the master, and whether the gateway can evaluate it.
func TestEntitled(t *testing.T) {
	t.Parallel()
	const credentials = "the caller's own credentials"
	acl, process, both := eauth.ModuleRights{ACL: true}, eauth.ModuleRights{Process: true}, eauth.ModuleRights{ACL: true, Process: true}
	for name, c := range map[string]struct {
		eauth   string
		says    eauth.ModuleRights
		list    string // auth_list of the master's tokens
		keep    bool
		noMint  bool
		now     bool // the rights are needed before the command
		grant   string
		unknown bool
		asked   int // how often the master made a token
	}{
		"external_auth is all":                 {eauth: "ldap", grant: "master", asked: 1},
		"the same, for pam":                    {eauth: "pam", grant: "pam"},
		"acl()":                                {eauth: "ldap", says: acl, grant: credentials, unknown: true},
		"process_acl()":                        {eauth: "ldap", says: process, grant: credentials, unknown: true},
		"eauth_acl_module and pam":             {eauth: "pam", says: acl, grant: credentials, unknown: true},
		"acl(), and rights are needed":         {eauth: "ldap", says: acl, now: true, grant: credentials, unknown: true, asked: 1},
		"process_acl(), and rights are needed": {eauth: "ldap", says: process, now: true, grant: credentials, unknown: true, asked: 1},

		"kept: acl() has spoken":                       {eauth: "ldap", says: both, keep: true, list: `["test.*"]`, grant: "master", asked: 1},
		"kept: acl() allows nothing":                   {eauth: "ldap", says: acl, keep: true, list: `[]`, grant: "master", asked: 1},
		"kept: acl() had nothing to say":               {eauth: "ldap", says: acl, keep: true, list: `null`, grant: "written", asked: 1},
		"kept: there is none":                          {eauth: "ldap", keep: true, list: `null`, grant: "written", asked: 1},
		"kept: there is none, and no token is written": {eauth: "ldap", keep: true, noMint: true, list: `null`, grant: credentials, asked: 1},
		"kept: process_acl() is left":                  {eauth: "ldap", says: both, keep: true, list: `null`, grant: credentials, unknown: true, asked: 1},
		"kept: pam":                                    {eauth: "pam", keep: true, grant: "pam"},

		"the master keeps no list, against its file": {eauth: "ldap", says: acl, keep: true, grant: credentials, unknown: true, asked: 1},
		"the master keeps lists, against its file":   {eauth: "ldap", list: `["test.*"]`, grant: "master", asked: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(func(o *eauth.Options) {
				o.ModuleRights, o.KeepACL, o.Carrier = func(string) eauth.ModuleRights { return c.says }, c.keep, &carrier{}
				o.Mint = minter{}
				if c.noMint {
					o.Mint = minter{err: eauth.ErrUnavailable}
				}
				if c.list != "" {
					o.Master = listing{o.Master.(*backend), json.RawMessage(c.list)}
				}
			})
			session := s.NewRequestAuth()
			ask := session.Authenticate
			if c.now {
				ask = session.AuthenticateNow
			}
			id, ok, err := ask(t.Context(), creds(c.eauth))
			require.NoError(t, err)
			require.True(t, ok)
			h, isCredentialGrant := id.Grant.(*eauth.CredentialGrant)
			if isCredentialGrant {
				require.Equal(t, credentials, c.grant)
				require.Equal(t, c.asked > 0, h.Verified(), "whoever was checked is known")
			} else {
				token, err := id.Grant.Token(t.Context())
				require.NoError(t, err)
				require.Equal(t, c.grant, token)
			}
			require.Equal(t, c.unknown, id.RightsUnknown)
			require.Equal(t, c.asked, s.master.asked)
			require.Zero(t, s.token.asked)

			session.Release(t.Context())
			require.Zero(t, s.master.granted+s.pam.granted, "every token is taken back")
		})
	}
}

// A login's token is the same as salt-api's, whatever authority commands need.
func TestLoginWhereModulesDecide(t *testing.T) {
	t.Parallel()
	for _, module := range []string{"pam", "ldap"} {
		s := newSetup(func(o *eauth.Options) {
			o.ModuleRights, o.Carrier = func(string) eauth.ModuleRights { return eauth.ModuleRights{ACL: true} }, &carrier{}
		})
		_, _, _ = s.Login(t.Context(), creds(module))
		require.Equal(t, 1, s.master.asked)
		require.Zero(t, s.pam.asked)
	}
}

func TestCredentialGrant(t *testing.T) {
	t.Parallel()
	newGrant := func() *eauth.CredentialGrant {
		s := newSetup(func(o *eauth.Options) {
			o.ModuleRights, o.Carrier = func(string) eauth.ModuleRights { return eauth.ModuleRights{ACL: true} }, &carrier{}
		})
		id, ok, err := s.NewRequestAuth().Authenticate(t.Context(), creds("ldap"))
		require.NoError(t, err)
		require.True(t, ok)
		return id.Grant.(*eauth.CredentialGrant)
	}
	send := func(h *eauth.CredentialGrant, v eauth.Verdict) {
		_ = h.Carry(t.Context(), func(_ context.Context, c eauth.Credentials) (eauth.Verdict, error) {
			require.Equal(t, creds("ldap"), c)
			return v, errors.New("whatever")
		})
	}
	h := newGrant()
	require.False(t, h.Verified())
	for _, v := range []eauth.Verdict{eauth.NoVerdict, eauth.Wrong, eauth.Unclear} {
		send(h, v)
		require.False(t, h.Verified())
	}
	send(h, eauth.Right)
	require.True(t, h.Verified())
	send(h, eauth.Wrong)
	require.True(t, h.Verified(), "a one-time password is used up by the first command")

	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		require.NotContains(t, fmt.Sprintf(verb, h), "secret", verb)
	}
	_, err := h.Token(t.Context())
	require.ErrorIs(t, err, eauth.ErrNoToken)
}

// An invalid user name is refused before anything is sent.
func TestCredentialGrantOfMalformedCredentials(t *testing.T) {
	t.Parallel()
	sent := &carrier{}
	s := newSetup(func(o *eauth.Options) {
		o.ModuleRights, o.Carrier = func(string) eauth.ModuleRights { return eauth.ModuleRights{ACL: true} }, sent
	})
	for _, name := range []string{"", "a\x00", "a\nb"} {
		require.Equal(t, "refused", s.login(t, eauth.Credentials{Eauth: "ldap", Username: name, Password: "x"}))
	}
	require.Equal(t, "refused", s.login(t, eauth.Credentials{Eauth: "nobody's", Username: "a", Password: "x"}))
	require.Zero(t, sent.sent+s.asked())
}

// The master does not check users whom the gateway never lets in.
func TestPAMAllowed(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]eauth.ModuleRights{"the master checks": {}, "with the command": {ACL: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent := &carrier{}
			s := newSetup(func(o *eauth.Options) {
				o.PAM, o.Carrier, o.ModuleRights = nil, sent, func(string) eauth.ModuleRights { return says }
				o.PAMAllowed = func(_ context.Context, c eauth.Credentials) (bool, error) { return c.Username != "root", nil }
			})
			root := creds("pam")
			root.Username = "root"
			require.Equal(t, "refused", s.login(t, root))
			_, ok, err := s.Login(t.Context(), root)
			require.NoError(t, err)
			require.False(t, ok)
			require.Zero(t, sent.sent+s.asked())

			require.NotEqual(t, "refused", s.login(t, creds("pam")))
			root.Eauth = "ldap"
			require.NotEqual(t, "refused", s.login(t, root), "only for pam")
		})
	}
}
