package envtest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/saltmaster"
	"github.com/saltern-api/saltern/saltmaster/reqpool"
	"github.com/saltern-api/saltern/saltmaster/tokenstore"
	"github.com/saltern-api/saltern/saltmaster/zmtp"
)

// MasterOf speaks to the env's master past the gateway.
func MasterOf(t *testing.T, r *env.Env) *saltmaster.Client {
	t.Helper()
	pool := zmtp.NewPool(reqpool.Options{Network: "tcp", Address: net.JoinHostPort("127.0.0.1", strconv.Itoa(r.RetPort()))})
	c := saltmaster.New(pool, saltmaster.Options{})
	t.Cleanup(func() {
		c.Close()
		pool.Close()
	})
	return c
}

// TokenDir is the folder of the master's Salt tokens.
func TokenDir(r *env.Env) string { return filepath.Join(r.CacheDir(), "tokens") }

// TokensOf is the store of the master's Salt tokens.
func TokensOf(t *testing.T, r *env.Env) tokenstore.Store {
	s := tokenstore.Store{Dir: TokenDir(r), HashType: "sha256"}
	if Is3008(t) {
		s.Layout = tokenstore.Enveloped
	}
	return s
}

// TokenFiles lists everything in the master's token folder.
func TokenFiles(t *testing.T, r *env.Env) []string {
	t.Helper()
	if _, err := os.Stat(TokenDir(r)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return FileNames(t, TokenDir(r))
}

// FileNames lists a folder.
func FileNames(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

// Added are the elements of now that before has not.
func Added(before, now []string) []string {
	known := make(map[string]bool)
	for _, s := range before {
		known[s] = true
	}
	var more []string
	for _, s := range now {
		if !known[s] {
			more = append(more, s)
		}
	}
	return more
}

// InJobCache reports whether the master has published or run a job.
func InJobCache(t *testing.T, r *env.Env, jid string) bool {
	t.Helper()
	sum := sha256.Sum256([]byte(jid))
	digest := hex.EncodeToString(sum[:])
	_, err := os.Stat(filepath.Join(r.CacheDir(), "jobs", digest[:2], digest[2:]))
	if err != nil {
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
	return err == nil
}

// MasterLog is what the master has logged.
func MasterLog(t *testing.T, r *env.Env) string {
	t.Helper()
	b, err := os.ReadFile(r.MasterLog())
	require.NoError(t, err)
	return string(b)
}

// WatchFiles watches files for whatever can be done to them. The function
// returns what was done since it was last called, as raw events of inotify.
func WatchFiles(t *testing.T, paths ...string) func() []byte {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	require.NoError(t, err)
	t.Cleanup(func() { _ = unix.Close(fd) })
	for _, path := range paths {
		_, err := unix.InotifyAddWatch(fd, path, unix.IN_ALL_EVENTS)
		require.NoError(t, err)
	}
	return func() []byte {
		buf := make([]byte, 64<<10)
		n, err := unix.Read(fd, buf)
		if errors.Is(err, unix.EAGAIN) {
			return nil
		}
		require.NoError(t, err)
		return buf[:n]
	}
}

// TokensOfUser lists the tokens of a pam user.
func TokensOfUser(t *testing.T, r *env.Env, user string) []string {
	t.Helper()
	var tokens []string
	for _, name := range TokenFiles(t, r) {
		record, err := TokensOf(t, r).Read(strings.TrimSuffix(name, ".p"))
		if err == nil && record.User == user && record.Eauth == "pam" {
			tokens = append(tokens, record.Token)
		}
	}
	return tokens
}
