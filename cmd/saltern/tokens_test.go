package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/pam"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// tokenWorld is a configuration in a folder of its own.
type tokenWorld struct {
	t     *testing.T
	flags []string
	w     where
	state string
}

func newTokenWorld(t *testing.T) *tokenWorld {
	t.Helper()
	dir := t.TempDir()
	state := filepath.Join(dir, strings.Repeat("long", 30)) // longer than a socket's path may be
	require.NoError(t, os.MkdirAll(state, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "master"), []byte("external_auth: {sharedsecret: {deploy: ['test.*']}}\n"+
		"netapi_enable_clients: [local]\nrest_wsgi: {port: 8001}\n"), 0o600))
	set := filepath.Join(dir, "saltern.yaml")
	require.NoError(t, os.WriteFile(set, []byte("state_dir: "+state+"\n"), 0o600))
	return &tokenWorld{t: t, state: state, flags: []string{"-c", dir, "--config", set}, w: where{master: dir, settings: set}}
}

// run gives a command and returns its standard output.
func (w *tokenWorld) run(args ...string) string {
	w.t.Helper()
	var out, log bytes.Buffer
	require.NoError(w.t, tokenCommand(w.t.Context(), append(args, w.flags...), stdio{&out, &log}), log.String())
	return out.String()
}

// The commands ask the gateway that runs, whose store nobody else can open.
func TestTokenCommandsOverTheSocket(t *testing.T) {
	t.Parallel()
	w := newTokenWorld(t)
	c, err := w.w.load()
	require.NoError(t, err)
	log := slog.New(slog.DiscardHandler)
	s, err := openTokens(t.Context(), c, issuer.Options{Logger: log})
	require.NoError(t, err)
	o, err := serveOperator(w.state, s, log)
	require.NoError(t, err)
	info, err := os.Stat(filepath.Join(w.state, operatorSocket))
	require.NoError(t, err)
	require.Equal(t, os.ModeSocket|0o600, info.Mode())

	secret := strings.TrimSpace(w.run("create", "--name", "ci", "--scope", "User", "--user", "deploy", "--eauth", "sharedsecret"))
	p, ok, err := s.Check(t.Context(), secret, issuer.Origin{})
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "deploy", p.User)
	require.Contains(t, w.run("show", p.TokenID), `"name": "ci"`)
	again := strings.TrimSpace(w.run("regenerate", p.TokenID))
	require.NotEqual(t, secret, again)
	w.run("revoke", p.TokenID)
	_, ok, err = s.Check(t.Context(), again, issuer.Origin{})
	require.NoError(t, err)
	require.False(t, ok)

	o.close(context.Background())
	s.close()
	files, err := filepath.Glob(filepath.Join(w.state, "*sock*"))
	require.NoError(t, err)
	require.Empty(t, files)
	require.NotContains(t, w.run("list"), p.TokenID, "on the store itself")

	// One that crashed leaves its socket behind.
	o, err = serveOperator(w.state, nil, log)
	require.NoError(t, err)
	require.NoError(t, os.Link(filepath.Join(w.state, operatorSocket), filepath.Join(w.state, "kept")))
	o.close(context.Background())
	require.NoError(t, os.Rename(filepath.Join(w.state, "kept"), filepath.Join(w.state, operatorSocket)))
	w.run("list")
	o, err = serveOperator(w.state, nil, log)
	require.NoError(t, err)
	o.close(context.Background())
}

// An owner of eauth pam is gone when PAM says so, and any when external_auth
// does not name him.
func TestTokenOwners(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := sandbox.WritePAMService(dir, "acct", map[string]string{"alice": "x", "bob": "x"}); err != nil {
		t.Skip(err)
	}
	o := &tokenOwners{
		rules: aclRules(aclConfig(t, "external_auth: {pam: {alice: [], carol: [], 'b*': []}, ldap: {ops%: []}}\n")),
		pam:   pam.NewAccounts(pam.Options{Service: "acct", ConfDir: dir}),
	}
	for name, c := range map[string]struct {
		owner apitoken.Owner
		last  *issuer.LastLogin
		want  bool
	}{
		"there and named":              {apitoken.Owner{Eauth: "pam", User: "alice"}, nil, true},
		"a rule's name is no pattern":  {apitoken.Owner{Eauth: "pam", User: "bob"}, nil, false},
		"named and not there":          {apitoken.Owner{Eauth: "pam", User: "carol"}, nil, false},
		"perhaps by group":             {apitoken.Owner{Eauth: "ldap", User: "alice"}, nil, true},
		"by group at the last login":   {apitoken.Owner{Eauth: "ldap", User: "alice"}, &issuer.LastLogin{Groups: []string{"ops"}}, true},
		"in another group":             {apitoken.Owner{Eauth: "ldap", User: "alice"}, &issuer.LastLogin{Groups: []string{"web"}}, false},
		"in no group":                  {apitoken.Owner{Eauth: "ldap", User: "alice"}, &issuer.LastLogin{}, false},
		"PAM knows better than logins": {apitoken.Owner{Eauth: "pam", User: "carol"}, &issuer.LastLogin{}, false},
		"no such module":               {apitoken.Owner{Eauth: "rest", User: "alice"}, nil, false},
		"nobody":                       {apitoken.Owner{Eauth: "ldap"}, nil, false},
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
