package gateway

import (
	"context"
	"log/slog"
	"net/http"
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
	files Files
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
	return &tokenWorld{t: t, state: state, files: Files{MasterDir: dir, Settings: set}}
}

// config reads the configuration.
func (w *tokenWorld) config() *Config {
	w.t.Helper()
	c, err := Load(w.files)
	require.NoError(w.t, err)
	return c
}

// do sends a request as a command does, and returns the answer.
func (w *tokenWorld) do(method, path string, in any) (map[string]any, error) {
	w.t.Helper()
	o, err := OpenOperator(w.t.Context(), w.config(), "a test", slog.New(slog.DiscardHandler))
	require.NoError(w.t, err)
	defer o.Close()
	var out map[string]any
	if method == http.MethodDelete {
		return nil, o.Do(w.t.Context(), method, path, in, nil)
	}
	return out, o.Do(w.t.Context(), method, path, in, &out)
}

// create makes a token.
func (w *tokenWorld) create() (id, secret string) {
	w.t.Helper()
	out, err := w.do("POST", "/v1/tokens", map[string]any{
		"name": "ci", "scopes": []string{"User"}, "user": "deploy", "eauth": "sharedsecret",
	})
	require.NoError(w.t, err)
	return out["id"].(string), out["token"].(string)
}

// The operator asks the gateway that runs, whose store nobody else can open.
func TestOperatorOverTheSocket(t *testing.T) {
	t.Parallel()
	w := newTokenWorld(t)
	c := w.config()
	log := slog.New(slog.DiscardHandler)
	s, err := openTokens(t.Context(), c, issuer.Options{Logger: log})
	require.NoError(t, err)
	o, err := serveOperator(w.state, s, log)
	require.NoError(t, err)
	info, err := os.Stat(filepath.Join(w.state, operatorSocket))
	require.NoError(t, err)
	require.Equal(t, os.ModeSocket|0o600, info.Mode())

	id, secret := w.create()
	p, ok, err := s.Check(t.Context(), secret, issuer.Origin{})
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "deploy", p.User)
	require.Equal(t, id, p.TokenID)
	_, err = w.do("DELETE", "/v1/tokens/"+id, nil)
	require.NoError(t, err)
	_, ok, err = s.Check(t.Context(), secret, issuer.Origin{})
	require.NoError(t, err)
	require.False(t, ok)
	_, err = w.do("GET", "/v1/tokens/nope", nil)
	require.Error(t, err)

	o.close(context.Background())
	s.close()
	files, err := filepath.Glob(filepath.Join(w.state, "*sock*"))
	require.NoError(t, err)
	require.Empty(t, files)
	out, err := w.do("GET", "/v1/tokens", nil)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"tokens": []any{}}, out, "on the store itself")

	// One that crashed leaves its socket behind.
	o, err = serveOperator(w.state, nil, log)
	require.NoError(t, err)
	require.NoError(t, os.Link(filepath.Join(w.state, operatorSocket), filepath.Join(w.state, "kept")))
	o.close(context.Background())
	require.NoError(t, os.Rename(filepath.Join(w.state, "kept"), filepath.Join(w.state, operatorSocket)))
	_, err = w.do("GET", "/v1/tokens", nil)
	require.NoError(t, err)
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
