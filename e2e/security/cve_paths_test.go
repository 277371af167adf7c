package security

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
	"github.com/saltern-api/saltern/saltmaster/sandbox"
)

// wheelPaths sends paths to the functions of the master that write files. The
// gateway leaves it to the master to refuse them, and the client wheel off
// unless it is enabled.
func (a *attacked) wheelPaths(t *testing.T) {
	up := strings.Repeat("../", 12)
	for _, chunk := range []string{
		`"fun": "file_roots.write", "data": "x", "path": "` + up + a.marker + `"`,
		`"fun": "file_roots.write", "data": "x", "path": "` + a.marker + `"`,
		`"fun": "pillar_roots.write", "data": "x", "path": "` + up + a.marker + `"`,
		`"fun": "pillar_roots.write", "data": "x", "path": "` + a.marker + `"`,
		`"fun": "config.update_config", "file_name": "` + up + a.marker + `", "yaml_contents": {"a": 1}`,
		`"fun": "config.update_config", "file_name": "` + a.marker + `", "yaml_contents": {"a": 1}`,
	} {
		for _, client := range []string{"wheel", "wheel_async"} {
			call := fmt.Sprintf(`[{"client": %q, %s}]`, client, chunk)
			require.Less(t, a.with(t, a.session, http.MethodPost, "/", call).Status, 600)
			require.Equal(t, http.StatusUnauthorized, a.with(t, a.limited, http.MethodPost, "/", call).Status)
		}
	}
	a.Seen(t)
	written, err := filepath.Glob(a.marker + "*")
	require.NoError(t, err)
	require.Empty(t, written)

	off := envtest.AnotherGateway(t, a.first, env.More{Master: map[string]any{"netapi_enable_clients": nil}})
	a.Seen(t)
	for _, client := range envtest.AllClients {
		answer := envtest.Send(t, off, off.Main, envtest.Request{Body: "[{" + a.sharedsecret(sandbox.UserAll) + ", " + a.command(client) + "}]"})
		require.Equal(t, http.StatusBadRequest, answer.Status, answer.Body)
	}
	a.RequireIdle(t)
}

// idsAsPaths has paths where Salt makes a file's name of what it is given.
func (a *attacked) idsAsPaths(t *testing.T) {
	for _, id := range []string{
		"../../../../etc/passwd", "..", "../" + filepath.Base(a.CacheDir()), a.marker, "2024010101010101010/", "20240101010101010101/..",
		"*", "2024010101010101010x", "20240101010101010101_", "20240101010101010101_x", "20240101010101010101\x00", "２０２４０１０１０１０１０１０１０１０１",
	} {
		answer := a.with(t, a.session, http.MethodGet, "/jobs/"+url.PathEscape(id), "")
		require.Contains(t, []int{200, 404}, answer.Status, "%q: %s", id, answer.Body)
		require.NotContains(t, answer.Body, "root:", id)
		answer = a.with(t, a.session, http.MethodGet, "/jobs?jid="+url.QueryEscape(id), "")
		require.Equal(t, http.StatusOK, answer.Status, "%q: %s", id, answer.Body)
		require.Contains(t, answer.Body, "Cannot contact returner or no job with this jid", id)
		for _, client := range []string{"local", "local_async", "local_subset"} {
			chunk := fmt.Sprintf(`"client": %q, "tgt": "*", "fun": "test.ping", "jid": %s`, client, envtest.Quoted(t, id))
			answer := a.with(t, a.session, http.MethodPost, "/", "[{"+chunk+"}]")
			require.Equal(t, http.StatusBadRequest, answer.Status, "%s: %s", chunk, answer.Body)
		}
	}
	// Ids of minions, whose keys would be files.
	for _, id := range []string{"../" + filepath.Base(a.marker), a.marker, "../../" + filepath.Base(a.marker), "a/b", "..", "a\x00b", ""} {
		body := fmt.Sprintf(`{%s, "mid": %s}`, a.sharedsecret(sandbox.UserAll), envtest.Quoted(t, id))
		answer := envtest.Send(t, a.Env, a.Main, envtest.Request{Path: "keys", Body: body})
		require.Equal(t, http.StatusBadRequest, answer.Status, "%q: %s", id, answer.Body)
	}
	for _, dir := range []string{a.Dir(), filepath.Dir(a.marker), filepath.Join(a.Dir(), "pki")} {
		made, err := filepath.Glob(filepath.Join(dir, filepath.Base(a.marker)+"*"))
		require.NoError(t, err)
		require.Empty(t, made)
	}
	// Tags of events, which end with an empty line.
	for _, path := range []string{"../../auth", "..%2f..%2fauth", "a%0a%0ab", "%2e%2e/x", "a%00"} {
		answer := a.with(t, a.session, http.MethodPost, "/hook/"+path, "{}")
		require.Contains(t, []int{200, 307, 400, 404}, answer.Status, "%s: %s", path, answer.Body)
	}
	for _, e := range a.Seen(t) {
		if strings.Contains(e.Data, `"headers"`) {
			require.True(t, strings.HasPrefix(e.Tag, "salt/netapi/hook/"), e.Tag)
		}
	}
}

func (a *attacked) staticTraversal(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "static")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "sub"), 0o700))
	secret := filepath.Join(filepath.Dir(dir), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("a secret"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "page.html"), []byte("a page"), 0o600))
	require.NoError(t, os.Symlink(secret, filepath.Join(dir, "link")))
	g := envtest.AnotherGateway(t, a.first, env.More{CherryPy: map[string]any{"static": dir, "app": filepath.Join(dir, "page.html")}})
	a.Seen(t)
	for path, status := range map[string]int{
		"/static/page.html": 200, "/static/link": 404, "/static/sub": 404, "/static/": 404, "/static/../../secret": 404,
		"/static/..%2f..%2fsecret": 404, "/static/%2e%2e/secret": 404, "/static/..%5c..%5csecret": 404,
		"/static//etc/passwd": 404, "/static/%2fetc%2fpasswd": 404, "/static/sub/../../secret": 404,
		"/static/page.html%00": 404, "/static/..;/secret": 404, "/app/../../secret": 200,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.Main, nil)
		require.NoError(t, err)
		req.URL.Opaque = path // as it is, not cleaned
		answer, err := g.Do(req)
		require.NoError(t, err)
		require.Equal(t, status, answer.Status, "%s: %s", path, answer.Body)
		require.NotContains(t, answer.Body, "secret\n", path)
		require.NotEqual(t, "a secret", answer.Body, path)
	}
}
