package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/saltern-api/saltern/e2e/env"
)

// TestMalformedToken sends tokens that are none. A token names a file of the
// master's, so none of these may reach the token folder or the master.
func TestMalformedToken(t *testing.T) {
	eachRelease(t, func(t *testing.T, r *env.Env) {
		require.Equal(t, http.StatusOK, post(t, r, env.Chunk(env.User, goodPing)).Status)
		here := filepath.Join(t.TempDir(), "victim")
		beside := filepath.Join(r.CacheDir(), "victim") // the token folder's neighbor
		var victims []string
		for _, path := range []string{here, here + ".p", beside, beside + ".p"} {
			require.NoError(t, os.WriteFile(path, []byte("x"), 0o600))
			t.Cleanup(func() { _ = os.Remove(path) })
			victims = append(victims, path)
		}
		files := tokenFiles(t, r)
		asked := authentications(t, r)
		log := masterLog(t, r)
		touched := watchFiles(t, victims...)

		hex := strings.Repeat("0123456789abcdef", 4)
		for name, token := range map[string]string{
			"null":            `null`,
			"true":            `true`,
			"number":          `5`,
			"list":            `["` + hex + `"]`,
			"object":          `{"token": "` + hex + `"}`,
			"empty":           `""`,
			"short":           quoted(t, hex[1:]),
			"long":            quoted(t, hex+"0"),
			"of another hash": quoted(t, hex[:40]),
			"not hex":         quoted(t, "g"+hex[1:]),
			"not ASCII":       quoted(t, "０"+hex[3:]),
			"line end":        quoted(t, hex+"\n"),
			"space":           quoted(t, " "+hex[1:]),
			"NUL":             quoted(t, hex[:63]+"\x00"),
			"NUL at the end":  quoted(t, hex+"\x00"),
			"path":            quoted(t, "../victim"),
			"long path":       quoted(t, strings.Repeat("./", 28)+"..victim"),
			"path of a token": quoted(t, strings.Repeat("/", 64-len("/../victim"))+"/../victim"),
			"absolute path":   quoted(t, here),
			"twice":           quoted(t, hex) + `, "token": "../victim"`,
		} {
			for surface, base := range surfaces(r) {
				// Good credentials beside it do not help: the token counts.
				a := ask(t, r, base, withToken(token))
				what := name + " " + surface
				require.Equal(t, http.StatusUnauthorized, a.Status, what)
				require.Equal(t, refused(surface, 401, textWrong), a.Body, what)
				require.Equal(t, "Session", a.Header.Get("WWW-Authenticate"), what)
			}
		}
		require.Equal(t, asked, authentications(t, r), "a backend was asked")
		require.Empty(t, added(files, tokenFiles(t, r)))
		require.NotContains(t, masterLog(t, r)[len(log):], "Authentication failure")
		require.Empty(t, touched(), "files were touched")
		for _, path := range victims {
			require.FileExists(t, path)
		}
		_, err := os.ReadFile(here)
		require.NoError(t, err)
		require.NotEmpty(t, touched(), "the watch sees what it is to see")
	})
}

func withToken(token string) asked {
	return asked{body: fmt.Sprintf(`[{"token": %s, %s, %s}]`, token, pamLogin, goodPing)}
}

func masterLog(t *testing.T, r *env.Env) string {
	t.Helper()
	b, err := os.ReadFile(r.MasterLog())
	require.NoError(t, err)
	return string(b)
}

// watchFiles watches files for whatever can be done to them. The function
// returns what was done since it was last called, as raw events of inotify.
func watchFiles(t *testing.T, paths ...string) func() []byte {
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
