//go:build linux && cgo

package pam_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	libpam "github.com/msteinert/pam/v2"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/eauthtest"
	"github.com/saltern-api/saltern/eauth/guard"
	"github.com/saltern-api/saltern/eauth/pam"
)

// These tests run the machine's own libpam with services from a directory of
// their own. They touch no user and no file of the system.

// need skips a test whose prerequisites are missing, or fails it where that is
// required.
func need(t *testing.T, have bool, what string) {
	t.Helper()
	if have {
		return
	}
	if os.Getenv("SALTERN_REQUIRE_PAM") == "1" {
		t.Fatalf("SALTERN_REQUIRE_PAM is 1, but this test needs %s", what)
	}
	t.Skipf("needs %s", what)
}

// module returns the path of a module of libpam, or of libpam-wrapper.
func module(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range []string{"/usr/lib/*/security", "/usr/lib64/security", "/lib/*/security", "/usr/lib/*/pam_wrapper", "/usr/lib64/pam_wrapper"} {
		if found, _ := filepath.Glob(filepath.Join(dir, name)); len(found) > 0 {
			return found[0]
		}
	}
	need(t, false, name+" (Debian: libpam-modules, libpam-wrapper)")
	return ""
}

// service makes a directory with one PAM service of these lines. A module's
// name in them is one word, which is replaced by its path.
func service(t *testing.T, name string, lines ...string) (confDir string) {
	t.Helper()
	need(t, libpam.CheckPamHasStartConfdir(), "a libpam with pam_start_confdir (1.4 or later)")
	var text strings.Builder
	for _, line := range lines {
		fields := strings.Fields(line)
		for i, f := range fields {
			if strings.HasPrefix(f, "pam_") && strings.HasSuffix(f, ".so") && !strings.HasPrefix(f, "pam_missing") {
				fields[i] = module(t, f)
			}
		}
		fmt.Fprintln(&text, strings.Join(fields, " "))
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text.String()), 0o644))
	return dir
}

// paper grants authority without a master.
type paper struct{}

func (paper) Grant(_ context.Context, user, module string, _ []string) (eauth.Grant, error) {
	return grant{user + "/" + module}, nil
}

type grant struct{ token string }

func (g grant) Token(context.Context) (string, error)       { return g.token, nil }
func (grant) String() string                                { return "paper" }
func (grant) GoString() string                              { return "paper" }
func (grant) Renew(context.Context, string) (string, error) { return "", eauth.ErrNoToken }
func (grant) Exposed(string)                                {}
func (grant) Release(context.Context)                       {}

var alice = eauth.Credentials{Eauth: "pam", Username: "alice", Password: "wonderland"}

// withAddr sets the client's address.
func withAddr(c eauth.Credentials, addr string) eauth.Credentials {
	c.RemoteAddr = netip.MustParseAddr(addr)
	return c
}

func backend(confDir string, log *eauthtest.Log) *pam.Backend {
	return pam.New(pam.Options{Service: "saltern", ConfDir: confDir, Mint: paper{}, Logger: log.Logger()})
}

func TestStacks(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		lines  []string
		user   string // alice when empty
		want   string // the user name of the identity; empty is refused
		broken bool
		class  string // of the refusal, in the log or the error
	}{
		"permit":             {lines: []string{"auth required pam_permit.so", "account required pam_permit.so"}, want: "alice"},
		"deny":               {lines: []string{"auth required pam_deny.so", "account required pam_permit.so"}, class: "AUTH_ERR"},
		"account refused":    {lines: []string{"auth required pam_permit.so", "account required pam_deny.so"}, class: "account: "},
		"no rules at all":    {lines: []string{"session required pam_permit.so"}, class: "PERM_DENIED"},
		"no account rules":   {lines: []string{"auth required pam_permit.so"}, class: "account: "},
		"missing module":     {lines: []string{"auth required pam_missing.so", "account required pam_permit.so"}, broken: true, class: "MODULE_UNKNOWN"},
		"two hidden prompts": {lines: []string{"auth required pam_ftp.so", "auth required pam_ftp.so", "account required pam_permit.so"}, user: "ftp", class: "unexpected prompt"},
		"mapped name": {
			lines: []string{"auth required pam_ftp.so users=guest,anonymous", "account required pam_permit.so"},
			user:  "anonymous", want: "guest",
		},
		"mapped to root": {
			lines: []string{"auth required pam_ftp.so users=root,anonymous", "account required pam_permit.so"},
			user:  "anonymous", class: "as root is refused",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := &eauthtest.Log{}
			b := backend(service(t, "saltern", tc.lines...), log)
			require.NoError(t, b.Check())

			c := alice
			if tc.user != "" {
				c.Username = tc.user
			}
			id, ok, err := b.Authenticate(t.Context(), c)
			require.Equal(t, tc.want != "", ok, log.String())
			require.Equal(t, tc.want, id.User)
			if tc.broken {
				require.ErrorIs(t, err, eauth.ErrUnavailable)
				require.ErrorContains(t, err, tc.class)
				return
			}
			require.NoError(t, err)
			if !ok {
				require.Contains(t, log.String(), tc.class)
			}
		})
	}
}

func TestAServiceThatIsMissing(t *testing.T) {
	t.Parallel()
	log := &eauthtest.Log{}
	b := backend(service(t, "another", "auth required pam_permit.so"), log)
	require.Error(t, b.Check())
	_, ok, err := b.Authenticate(t.Context(), alice)
	require.False(t, ok)
	require.ErrorIs(t, err, eauth.ErrUnavailable)
	require.ErrorContains(t, err, "ABORT")

	b = backend(service(t, "other", "auth required pam_permit.so", "account required pam_permit.so"), log)
	require.ErrorContains(t, b.Check(), "no such file", "libpam would take the service other instead")
}

// Only the operator chooses a service's modules: a chunk's own fields never
// reach libpam as a service name.
func TestConformanceWithPamMatrix(t *testing.T) {
	t.Parallel()
	eauthtest.RunBackend(t, func(t *testing.T) eauthtest.Fixture {
		db := filepath.Join(t.TempDir(), "passdb")
		// A name that C would read in "alice\x00root" exists, and so does a
		// password that C would read in "wonderland\x00junk".
		require.NoError(t, os.WriteFile(db, []byte("alice:wonderland:saltern\nbob:wonderland:saltern\ncarol:wonderland:elsewhere\n"), 0o600))
		confDir := service(t, "saltern",
			"auth required pam_matrix.so passdb="+db,
			"account required pam_matrix.so passdb="+db)
		log := &eauthtest.Log{}
		other := alice
		other.Username = "carol"
		b := backend(confDir, log)
		require.NoError(t, b.Check())
		return eauthtest.Fixture{
			Backend: b, Right: alice, User: "alice", Eauth: "pam", Log: log,
			Wrong: map[string]eauth.Credentials{"of another service": other},
		}
	})
}

func checkScript(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "check.sh")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\npassword=$(tr -d '\\000')\n"+text), 0o755))
	return path
}

func execService(t *testing.T, script string) (confDir string) {
	return service(t, "saltern",
		"auth required pam_exec.so expose_authtok quiet "+checkScript(t, script),
		"account required pam_permit.so")
}

// pam_exec returns PAM_SYSTEM_ERR if its program fails: still a wrong password
// to the client, and the log has the class.
func TestConformanceWithPamExec(t *testing.T) {
	t.Parallel()
	eauthtest.RunBackend(t, func(t *testing.T) eauthtest.Fixture {
		log := &eauthtest.Log{}
		b := backend(execService(t, `test "$PAM_USER/$password" = alice/wonderland`), log)
		return eauthtest.Fixture{Backend: b, Right: alice, User: "alice", Eauth: "pam", Log: log}
	})
}

func TestTheClassOfARefusalIsLogged(t *testing.T) {
	t.Parallel()
	log := &eauthtest.Log{}
	seen := map[guard.Outcome]int{}
	b := pam.New(pam.Options{
		Service: "saltern", ConfDir: execService(t, "exit 1"), Mint: paper{}, Logger: log.Logger(),
		Guard: guard.Options{Observe: func(o guard.Outcome) { seen[o]++ }},
	})
	_, ok, err := b.Authenticate(t.Context(), alice)
	require.NoError(t, err)
	require.False(t, ok)
	require.Contains(t, log.String(), `"class":"SYSTEM_ERR"`)
	require.NotContains(t, log.String(), alice.Password)
	require.Equal(t, map[guard.Outcome]int{guard.Wrong: 1}, seen)
}

func TestModulesSeeTheClientsAddress(t *testing.T) {
	t.Parallel()
	b := backend(execService(t, `test "$PAM_RHOST" = 192.0.2.7`), &eauthtest.Log{})
	for addr, want := range map[string]bool{"192.0.2.7": true, "::ffff:192.0.2.7": true, "192.0.2.8": false} {
		_, ok, err := b.Authenticate(t.Context(), withAddr(alice, addr))
		require.NoError(t, err)
		require.Equal(t, want, ok, addr)
	}
	_, ok, err := b.Authenticate(t.Context(), alice)
	require.NoError(t, err)
	require.False(t, ok, "an address that is not known is not made up")
}
