package rights

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
)

// TestMalformedToken sends tokens that are none. A token names a file of the
// master's, so none of these may reach the token folder or the master.
func TestMalformedToken(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		require.Equal(t, http.StatusOK, envtest.Post(t, r, env.Chunk(env.User, envtest.GoodPing)).Status)
		here := filepath.Join(t.TempDir(), "victim")
		beside := filepath.Join(r.CacheDir(), "victim") // the token folder's neighbor
		var victims []string
		for _, path := range []string{here, here + ".p", beside, beside + ".p"} {
			require.NoError(t, os.WriteFile(path, []byte("x"), 0o600))
			t.Cleanup(func() { _ = os.Remove(path) })
			victims = append(victims, path)
		}
		files := envtest.TokenFiles(t, r)
		asked := envtest.Authentications(t, r)
		log := envtest.MasterLog(t, r)
		touched := envtest.WatchFiles(t, victims...)

		hex := strings.Repeat("0123456789abcdef", 4)
		for name, token := range map[string]string{
			"null":            `null`,
			"true":            `true`,
			"number":          `5`,
			"list":            `["` + hex + `"]`,
			"object":          `{"token": "` + hex + `"}`,
			"empty":           `""`,
			"short":           envtest.Quoted(t, hex[1:]),
			"long":            envtest.Quoted(t, hex+"0"),
			"of another hash": envtest.Quoted(t, hex[:40]),
			"not hex":         envtest.Quoted(t, "g"+hex[1:]),
			"not ASCII":       envtest.Quoted(t, "０"+hex[3:]),
			"line end":        envtest.Quoted(t, hex+"\n"),
			"space":           envtest.Quoted(t, " "+hex[1:]),
			"NUL":             envtest.Quoted(t, hex[:63]+"\x00"),
			"NUL at the end":  envtest.Quoted(t, hex+"\x00"),
			"path":            envtest.Quoted(t, "../victim"),
			"long path":       envtest.Quoted(t, strings.Repeat("./", 28)+"..victim"),
			"path of a token": envtest.Quoted(t, strings.Repeat("/", 64-len("/../victim"))+"/../victim"),
			"absolute path":   envtest.Quoted(t, here),
			"twice":           envtest.Quoted(t, hex) + `, "token": "../victim"`,
		} {
			for surface, base := range envtest.Surfaces(r) {
				// Good credentials beside it do not help: the token counts.
				a := envtest.Send(t, r, base, withToken(token))
				what := name + " " + surface
				require.Equal(t, http.StatusUnauthorized, a.Status, what)
				require.Equal(t, envtest.ErrorBody(surface, 401, envtest.TextWrong), a.Body, what)
				require.Equal(t, "Session", a.Header.Get("WWW-Authenticate"), what)
			}
		}
		require.Equal(t, asked, envtest.Authentications(t, r), "a backend was asked")
		require.Empty(t, envtest.Added(files, envtest.TokenFiles(t, r)))
		require.NotContains(t, envtest.MasterLog(t, r)[len(log):], "Authentication failure")
		require.Empty(t, touched(), "files were touched")
		for _, path := range victims {
			require.FileExists(t, path)
		}
		_, err := os.ReadFile(here)
		require.NoError(t, err)
		require.NotEmpty(t, touched(), "the watch sees what it is to see")
	})
}

func withToken(token string) envtest.Request {
	return envtest.Request{Body: fmt.Sprintf(`[{"token": %s, %s, %s}]`, token, envtest.PAMLogin, envtest.GoodPing)}
}
