package static

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server/web"
)

// webRoot is a directory with an application in it, and secrets around it.
func webRoot(t *testing.T) (Options, string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"secret":                  "secret",
		"index.html":              "<title>app</title>",
		"icon.ico":                "icon",
		"static/a.js":             "let a",
		"static/notes.txt":        "<html>notes",
		"static/page.HTML":        "<p>",
		"static/data":             "<html>data",
		"static/fonts/f.woff2":    "font",
		"static/fonts/index.html": "no listing",
		"static/with space+é.txt": "odd",
		"static/..dots":           "dots",
	} {
		name = filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	}
	require.NoError(t, os.Symlink("a.js", filepath.Join(dir, "static/inside.js")))
	require.NoError(t, os.Symlink("../secret", filepath.Join(dir, "static/outside")))
	require.NoError(t, os.Symlink(filepath.Join(dir, "secret"), filepath.Join(dir, "static/absolute")))
	require.NoError(t, os.Symlink("..", filepath.Join(dir, "static/up")))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "static/pipe"), 0o644))
	return Options{
		Static:  filepath.Join(dir, "static"),
		App:     filepath.Join(dir, "index.html"),
		Favicon: filepath.Join(dir, "icon.ico"),
	}, dir
}

// ask sends one request with headers to a handler.
func ask(t *testing.T, h http.HandlerFunc, method, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h(w, r)
	return w
}

func requireMissing(t *testing.T, w *httptest.ResponseRecorder, path string) {
	t.Helper()
	require.Equal(t, http.StatusNotFound, w.Code, path)
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	var answer struct {
		Status int    `json:"status"`
		Return string `json:"return"`
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
	require.Equal(t, http.StatusNotFound, answer.Status)
	require.Equal(t, "The path '"+path+"' was not found.", answer.Return)
}

func TestStaticServes(t *testing.T) {
	t.Parallel()
	cfg, _ := webRoot(t)
	s := New(cfg)
	for target, want := range map[string]struct{ body, contentType string }{
		"/static/a.js":                      {"let a", "text/javascript; charset=utf-8"},
		"/static/inside.js":                 {"let a", "text/javascript; charset=utf-8"},
		"/static/notes.txt":                 {"<html>notes", "text/plain; charset=utf-8"},
		"/static/page.HTML":                 {"<p>", "text/html; charset=utf-8"},
		"/static/data":                      {"<html>data", "application/octet-stream"},
		"/static/fonts/f.woff2":             {"font", "font/woff2"},
		"/static/fonts/index.html":          {"no listing", "text/html; charset=utf-8"},
		"/static/with%20space+%C3%A9.txt?v": {"odd", "text/plain; charset=utf-8"},
		"/static/..dots":                    {"dots", "application/octet-stream"},
	} {
		w := ask(t, s.static, http.MethodGet, target)
		require.Equal(t, http.StatusOK, w.Code, target)
		require.Equal(t, want.body, w.Body.String(), target)
		require.Equal(t, want.contentType, w.Header().Get("Content-Type"), target)
		require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		require.NotEmpty(t, w.Header().Get("Last-Modified"))

		tag := w.Header().Get("Etag")
		require.NotEmpty(t, tag)
		require.Equal(t, http.StatusNotModified, ask(t, s.static, http.MethodGet, target, "If-None-Match", tag).Code)
		require.Equal(t, http.StatusOK, ask(t, s.static, http.MethodGet, target, "If-None-Match", `"other"`).Code)
		head := ask(t, s.static, http.MethodHead, target)
		require.Equal(t, http.StatusOK, head.Code)
		require.Empty(t, head.Body.String())
	}
	w := ask(t, s.static, http.MethodGet, "/static/a.js", "Range", "bytes=0-2")
	require.Equal(t, http.StatusPartialContent, w.Code)
	require.Equal(t, "let", w.Body.String())
}

func TestStaticRefuses(t *testing.T) {
	t.Parallel()
	cfg, dir := webRoot(t)
	s := New(cfg)
	for _, path := range []string{
		"/static/", "/static", "/static/fonts", "/static/fonts/", "/static/none.txt", "/static/none.html", "/static/a.js/",
		"/static/a.js/x", "/static//a.js", "/static/./a.js", "/static/fonts/../a.js", "/static/../secret", "/static/..", "/static/.",
		"/static/../static/a.js", "/static/outside", "/static/absolute", "/static/up/secret", "/static/up", "/static/pipe",
		"/static/" + dir + "/secret", "/static//etc/passwd", "/static/a.js\x00", "/static/..\\secret", "/staticx/a.js", "/other",
		"/static/" + strings.Repeat("x", 300), "/",
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.URL.Path = path
		w := httptest.NewRecorder()
		s.static(w, r)
		requireMissing(t, w, web.Clip(path, web.MaxLoggedText))
		require.NotContains(t, w.Body.String(), `"secret"`)
	}
	requireMissing(t, ask(t, s.static, http.MethodGet, "/static/%2e%2e/secret"), "/static/../secret")
}

func TestStaticOff(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	requireMissing(t, ask(t, s.static, http.MethodGet, "/static/a.js"), "/static/a.js")
	requireMissing(t, ask(t, s.app, http.MethodGet, "/app"), "/app")
	requireMissing(t, ask(t, s.favicon, http.MethodGet, "/favicon.ico"), "/favicon.ico")

	gone := filepath.Join(t.TempDir(), "gone")
	s = New(Options{Static: gone, App: gone, Favicon: filepath.Dir(gone)})
	requireMissing(t, ask(t, s.static, http.MethodGet, "/static/a.js"), "/static/a.js")
	requireMissing(t, ask(t, s.app, http.MethodGet, "/app"), "/app")
	requireMissing(t, ask(t, s.favicon, http.MethodGet, "/favicon.ico"), "/favicon.ico")
}

// TestStaticIsReplaced shows that an application can be replaced.
func TestStaticIsReplaced(t *testing.T) {
	t.Parallel()
	cfg, dir := webRoot(t)
	link := filepath.Join(dir, "current")
	require.NoError(t, os.Symlink("static", link))
	cfg.Static, cfg.StaticPath = link, "ui/files/"
	s := New(cfg)
	first := ask(t, s.static, http.MethodGet, "/ui/files/a.js")
	require.Equal(t, "let a", first.Body.String())

	newer := filepath.Join(dir, "newer")
	require.NoError(t, os.Mkdir(newer, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(newer, "a.js"), []byte("let a2"), 0o644))
	require.NoError(t, os.Remove(link))
	require.NoError(t, os.Symlink("newer", link))
	second := ask(t, s.static, http.MethodGet, "/ui/files/a.js", "If-None-Match", first.Header().Get("Etag"))
	require.Equal(t, "let a2", second.Body.String())
}

func TestAppAndFavicon(t *testing.T) {
	t.Parallel()
	cfg, _ := webRoot(t)
	s := New(cfg)
	for _, path := range []string{"/app", "/app/", "/app/minions/../x?y=z"} {
		w := ask(t, s.app, http.MethodGet, path)
		require.Equal(t, "<title>app</title>", w.Body.String())
		require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
	}
	w := ask(t, s.favicon, http.MethodGet, "/favicon.ico")
	require.Equal(t, "icon", w.Body.String())
	require.Equal(t, "image/x-icon", w.Header().Get("Content-Type"))
}

func TestAppInsteadOfData(t *testing.T) {
	t.Parallel()
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	cfg, _ := webRoot(t)
	moved := cfg
	moved.AppPath, moved.StaticPath = "/ui", "/files"
	noIcon := cfg
	noIcon.Favicon = ""
	for name, c := range map[string]struct {
		cfg                  Options
		method, path, accept string
		app                  bool
	}{
		"browser":         {cfg, "GET", "/", browser, true},
		"any path":        {cfg, "GET", "/minions/x", browser, true},
		"head":            {cfg, "HEAD", "/", browser, true},
		"post":            {cfg, "POST", "/", browser, false},
		"options":         {cfg, "OPTIONS", "/", browser, false},
		"fetch":           {cfg, "GET", "/", "*/*", false},
		"json":            {cfg, "GET", "/", "application/json", false},
		"event source":    {cfg, "GET", "/events", "text/event-stream", false},
		"websocket":       {cfg, "GET", "/ws", "", false},
		"the app":         {cfg, "GET", "/app/x", browser, false},
		"like the app":    {cfg, "GET", "/apple", browser, false},
		"static":          {cfg, "GET", "/static/a.js", browser, false},
		"icon":            {cfg, "GET", "/favicon.ico", "image/avif,*/*;q=0.8", false},
		"no icon":         {noIcon, "GET", "/favicon.ico", "image/avif,*/*;q=0.8", true},
		"moved":           {moved, "GET", "/ui", browser, false},
		"where it was":    {moved, "GET", "/app", browser, true},
		"moved static":    {moved, "GET", "/files/a.js", browser, false},
		"no app":          {Options{Static: cfg.Static}, "GET", "/", browser, false},
		"html not wanted": {cfg, "GET", "/", "text/html;q=0, application/json", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := New(c.cfg).Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusTeapot)
			}))
			var header []string
			if c.accept != "" {
				header = []string{"Accept", c.accept}
			}
			w := ask(t, h.ServeHTTP, c.method, c.path, header...)
			if !c.app {
				require.Equal(t, http.StatusTeapot, w.Code)
				return
			}
			require.Equal(t, http.StatusOK, w.Code)
			require.Equal(t, c.method == http.MethodGet, w.Body.String() == "<title>app</title>")
		})
	}
}
