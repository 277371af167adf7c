//go:build linux && cgo

package pam_test

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/admission"
	"github.com/saltern-api/saltern/eauth/eauthtest"
	"github.com/saltern-api/saltern/eauth/guard"
	"github.com/saltern-api/saltern/eauth/pam"
)

// The tests of this file run pam_unix against users that exist only in a
// private mount namespace: the test binary starts itself again in one, where
// its own files are mounted over /etc/passwd, /etc/shadow and /etc/group. The
// machine's users are neither read nor touched.

// insideEnv marks a copy of the test binary as running inside. Its value is the
// mount namespace in which it must not run.
const insideEnv = "SALTERN_TEST_NOT_IN_NAMESPACE"

// gatewayID is the user and group id of the gateway that is not root.
const gatewayID = 64002

// Every user's password is "wonderland".
const (
	sha512   = `$6$saltern0test$zxwFBqh9fM78xFwaJ9l6KnFIa3O7FJF8L0Iauot8oVX9HQ5zJfcUbzabIUB0zjJhdqjjKHxbAYW3p/wLy6vBB.`
	yescrypt = `$y$j9T$abcdefghijklmnop$TEjqn/axP6s2k870Y8qmsWKT4abEwlBzgTkuGZBqaR6`

	passwd = `root:x:0:0:root:/root:/bin/sh
alice:x:64010:64010::/:/bin/sh
yes:x:64011:64010::/:/bin/sh
locked:x:64012:64010::/:/bin/sh
expired:x:64013:64010::/:/bin/sh
stale:x:64014:64010::/:/bin/sh
empty:x:64015:64010::/:/bin/sh
gateway:x:64002:64002::/:/bin/sh
toor:x:0:0:root:/root:/bin/sh
`
	shadow = `root:*:19000:0:99999:7:::
alice:` + sha512 + `:19000:0:99999:7:::
yes:` + yescrypt + `:19000:0:99999:7:::
locked:!` + sha512 + `:19000:0:99999:7:::
expired:` + sha512 + `:19000:0:99999:7::19001:
stale:` + sha512 + `:0:0:99999:7:::
empty::19000:0:99999:7:::
gateway:` + sha512 + `:19000:0:99999:7:::
toor:` + sha512 + `:19000:0:99999:7:::
`
)

func TestPamUnix(t *testing.T) {
	t.Parallel()
	need(t, os.Geteuid() == 0, "root, for a private mount namespace")
	module(t, "pam_unix.so")
	chkpwd, err := os.Stat("/usr/sbin/unix_chkpwd")
	need(t, err == nil, "unix_chkpwd in /usr/sbin")
	shadowGroup := chkpwd.Sys().(*syscall.Stat_t).Gid
	namespace, err := os.Readlink("/proc/self/ns/mnt")
	require.NoError(t, err)

	dir := openDir(t)
	write := func(name, text string, mode os.FileMode) {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), mode))
		require.NoError(t, os.Chmod(path, mode))
	}
	write("passwd", passwd, 0o644)
	write("shadow", shadow, 0o640)
	require.NoError(t, os.Chown(filepath.Join(dir, "shadow"), 0, int(shadowGroup)))
	write("group", "root:x:0:\nshadow:x:"+strconv.Itoa(int(shadowGroup))+":\nstaff:x:64010:\nops:x:64020:bob,alice\ngateway:x:64002:\n", 0o644)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "pam.d"), 0o755))
	write("pam.d/saltern", "auth required pam_unix.so\naccount required pam_unix.so\n", 0o644)
	write("pam.d/nodelay", "auth required pam_unix.so nodelay\naccount required pam_unix.so\n", 0o644)

	cmd := inside(t, os.Args[0], "^TestInsideNamespace$", dir, namespace)
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	require.Contains(t, run(t, cmd), "--- PASS: TestInsideNamespace/", "the tests inside did run")
}

// openDir makes a directory that other users may enter, unlike t.TempDir.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "saltern-pam-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o755))
	return dir
}

// inside returns a command that runs tests of this binary inside the namespace.
func inside(t *testing.T, binary, tests, dir, namespace string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, "-test.run="+tests, "-test.v", "-test.count=1", "-test.timeout=2m")
	cmd.Env = append(os.Environ(), insideEnv+"="+namespace)
	cmd.Dir = dir
	return cmd
}

func run(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	need(t, !errors.Is(err, syscall.EPERM), "a root that may make a mount namespace")
	require.NoError(t, err, "%s", out)
	return string(out)
}

// enter checks the namespace before anything else is done.
func enter(t *testing.T) (dir, outer string) {
	t.Helper()
	outer = os.Getenv(insideEnv)
	if outer == "" {
		t.Skip("run by TestPamUnix")
	}
	here, err := os.Readlink("/proc/self/ns/mnt")
	require.NoError(t, err)
	require.NotEqual(t, outer, here, "not in a mount namespace of its own")
	dir, err = os.Getwd()
	require.NoError(t, err)
	return dir, outer
}

func unixBackend(dir, service string, log *eauthtest.Log, o guard.Options) *pam.Backend {
	return pam.New(pam.Options{
		Service: service, ConfDir: filepath.Join(dir, "pam.d"),
		Mint: paper{}, Guard: o, Logger: log.Logger(),
	})
}

func TestInsideNamespace(t *testing.T) {
	dir, outer := enter(t)
	for _, name := range []string{"passwd", "shadow", "group"} {
		require.NoError(t, syscall.Mount(filepath.Join(dir, name), "/etc/"+name, "", syscall.MS_BIND, ""))
	}

	t.Run("passwords", func(t *testing.T) { testPasswords(t, dir) })
	t.Run("accounts", func(t *testing.T) { testAccounts(t, dir) })
	t.Run("groups", func(t *testing.T) {
		groups, err := pam.SystemGroups(t.Context(), "alice")
		require.NoError(t, err)
		require.Equal(t, []string{"ops", "staff"}, groups)
	})
	t.Run("held wrong passwords", func(t *testing.T) { testHeldWrongPasswords(t, dir) })
	t.Run("not root", func(t *testing.T) { testNotRoot(t, dir, outer) })
}

func testPasswords(t *testing.T, dir string) {
	for name, tc := range map[string]struct {
		user, password string
		class          string // empty is let in
	}{
		"sha512":      {"alice", "wonderland", ""},
		"yescrypt":    {"yes", "wonderland", ""},
		"wrong":       {"alice", "Wonderland", "AUTH_ERR"},
		"yescrypt no": {"yes", "Wonderland", "AUTH_ERR"},
		"unknown":     {"mallory", "wonderland", "USER_UNKNOWN"},
		"locked":      {"locked", "wonderland", "AUTH_ERR"},
		"expired":     {"expired", "wonderland", "account: ACCT_EXPIRED"},
		"must change": {"stale", "wonderland", "account: NEW_AUTHTOK_REQD"},
		"no password": {"empty", "anything", "AUTH_ERR"},
		"root":        {"toor", "wonderland", "as root is refused"},
	} {
		t.Run(name, func(t *testing.T) {
			log := &eauthtest.Log{}
			b := unixBackend(dir, "nodelay", log, guard.Options{})
			require.NoError(t, b.Check())
			id, ok, err := b.Authenticate(t.Context(), eauth.Credentials{Eauth: "pam", Username: tc.user, Password: tc.password})
			require.NoError(t, err)
			require.Equal(t, tc.class == "", ok, log.String())
			if ok {
				require.Equal(t, tc.user, id.User)
			}
			require.Contains(t, log.String(), tc.class)
		})
	}
}

// testAccounts checks the accounts of the mounted files.
func testAccounts(t *testing.T, dir string) {
	a := pam.NewAccounts(pam.Options{Service: "nodelay", ConfDir: filepath.Join(dir, "pam.d")})
	for user, want := range map[string]bool{
		"alice": true, "locked": false, "expired": false, "stale": false, "mallory": false, "root": false, "toor": false,
	} {
		ok, _, err := a.Active(t.Context(), user, netip.Addr{})
		require.NoError(t, err, user)
		require.Equal(t, want, ok, user)
	}
}

// pam_unix delays a wrong password for some two seconds. Users that logged in
// recently are served meanwhile.
func testHeldWrongPasswords(t *testing.T, dir string) {
	const guesses = 21
	refusals := make(chan guard.Outcome, 2*guesses)
	b := unixBackend(dir, "saltern", &eauthtest.Log{}, guard.Options{
		Admission: admission.Options{Others: 4, Waiting: guesses - 4 - 1},
		Observe: func(o guard.Outcome) {
			if o != guard.OK {
				refusals <- o
			}
		},
	})
	login := func() bool {
		_, ok, err := b.Authenticate(t.Context(), withAddr(alice, "198.51.100.1"))
		return ok && err == nil
	}
	require.True(t, login())

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for i := range guesses {
		c := withAddr(alice, "192.0.2."+strconv.Itoa(i))
		c.Password = "guess"
		go func() { _, _, _ = b.Authenticate(ctx, c) }()
	}
	require.Equal(t, guard.Busy, <-refusals, "slots and queue are full of guesses")
	for range 5 {
		require.True(t, login())
	}
	require.Empty(t, refusals, "no guess was answered yet")

	cancel()
	for range guesses - 1 {
		<-refusals // also those of checks that PAM has delayed until now
	}
}

func testNotRoot(t *testing.T, dir, outer string) {
	// The binary is in a directory that only root may enter.
	self, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	binary := filepath.Join(dir, "pam.test")
	require.NoError(t, os.WriteFile(binary, self, 0o755))
	require.NoError(t, os.Chmod(binary, 0o755))

	info, err := os.Stat(filepath.Join(dir, "shadow"))
	require.NoError(t, err)
	shadowGroup := info.Sys().(*syscall.Stat_t).Gid
	for name, groups := range map[string][]uint32{"alone": nil, "in group shadow": {shadowGroup}} {
		t.Run(name, func(t *testing.T) {
			cmd := inside(t, binary, "^TestInsideNotRoot$", dir, outer)
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: gatewayID, Gid: gatewayID, Groups: groups}}
			require.Contains(t, run(t, cmd), "--- PASS: TestInsideNotRoot")
		})
	}
}

func TestInsideNotRoot(t *testing.T) {
	dir, _ := enter(t)
	require.Equal(t, gatewayID, os.Geteuid())
	extra, err := os.Getgroups()
	require.NoError(t, err)

	log := &eauthtest.Log{}
	b := unixBackend(dir, "nodelay", log, guard.Options{})
	login := func(user, password string) (bool, error) {
		_, ok, err := b.Authenticate(t.Context(), eauth.Credentials{Eauth: "pam", Username: user, Password: password})
		return ok, err
	}
	ok, err := login("gateway", "wonderland")
	require.NoError(t, err)
	require.True(t, ok, "its own password can always be checked")

	mayRead := len(extra) > 0
	ok, err = login("alice", "wonderland")
	require.Equal(t, mayRead, ok, log.String())
	if mayRead {
		require.NoError(t, err)
	} else {
		require.ErrorIs(t, err, eauth.ErrUnavailable, "nobody can pass, so this is no wrong password")
	}

	// With the system's services there is a message at the start.
	_ = pam.New(pam.Options{Mint: paper{}, Logger: log.Logger()}).Check()
	require.Equal(t, !mayRead, strings.Contains(log.String(), "supplementary group shadow"))
}
