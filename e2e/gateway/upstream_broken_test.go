package gateway

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
)

// TestBrokenUpstream uses what salt-api documents and does not do: see what is
// said of Salt 3008.5 at each. POST /keys is in e2e/commands, since a real
// master makes the keys.
func TestBrokenUpstream(t *testing.T) {
	t.Parallel()
	page := filepath.Join(t.TempDir(), "index.html")
	require.NoError(t, os.WriteFile(page, []byte("<!doctype html>"), 0o600))
	b := &broken{running: start(t, options{
		cherrypy: map[string]any{"app": page, "max_request_body_size": 10_000, "socket_queue_size": 10},
		settings: "cors_origin: https://ui.example.com\n",
	})}
	b.session = envtest.Login(t, b.Env, env.User)
	for name, test := range map[string]func(*testing.T){
		"rest_wsgi answers":              b.wsgi,
		"CORS preflight":                 b.preflight,
		"ws":                             b.websocket,
		"GET app":                        b.app,
		"max_request_body_size":          b.bodySize,
		"socket_queue_size warned about": b.queueSize,
		"chunked body":                   b.chunked,
		"GET login":                      b.getLogin,
		"GET logout":                     b.getLogout,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

// broken is a gateway with options that have no effect upstream.
type broken struct {
	*running
	session string
}

func (b *broken) askMain(t *testing.T, q envtest.Request) env.Answer {
	t.Helper()
	return b.ask(t, b.Main, q)
}

// wsgi gets 500 from upstream, whatever it asks: the answer is text where
// wsgiref wants bytes, after the command has run.
func (b *broken) wsgi(t *testing.T) {
	for _, path := range []string{"", "/", "/any/path"} {
		a, err := b.Post(t.Context(), b.WSGI+path, env.Chunk(env.User, envtest.GoodPing))
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, a.Status)
		require.Equal(t, envtest.GoodPingAnswer, a.Body)
	}
	a := b.post(t, env.Chunk(env.User, `"client": "local", "tgt": "ms--0", "fun": "test.echo", "arg": ["é€😀"]`))
	require.Equal(t, `{"return": [{"ms--0": "é€😀"}]}`, a.Body, "whole, though it has more bytes than letters")
}

// preflight gets 500: the answer is made before there are sessions.
func (b *broken) preflight(t *testing.T) {
	for _, path := range []string{"", "run", "login", "minions", "jobs/20240101010101010101", "keys", "hook/a", "events", "stats", "token"} {
		a := b.askMain(t, envtest.Request{Method: http.MethodOptions, Path: path, Kind: "-", Header: map[string]string{
			"Origin": "https://ui.example.com", "Access-Control-Request-Method": "POST",
			"Access-Control-Request-Headers": "content-type,x-auth-token",
		}})
		require.Equal(t, http.StatusNoContent, a.Status, "%s: %s", path, a.Body)
		require.Equal(t, "https://ui.example.com", a.Header.Get("Access-Control-Allow-Origin"))
		require.Equal(t, "true", a.Header.Get("Access-Control-Allow-Credentials"))
		require.Contains(t, a.Header.Get("Access-Control-Allow-Methods"), "POST")
		require.Contains(t, a.Header.Get("Access-Control-Allow-Headers"), "X-Auth-Token")
		require.Empty(t, a.Header.Get("Set-Cookie"))
	}
	// What is preflighted is answered, errors included, and other origins are
	// told nothing.
	for origin, allowed := range map[string]string{"https://ui.example.com": "https://ui.example.com", "https://evil.example": ""} {
		for path, status := range map[string]int{"run": http.StatusOK, "jobs": http.StatusUnauthorized, "nope": http.StatusNotFound} {
			a := b.askMain(t, envtest.Request{Path: path, Body: env.Chunk(env.User+strings.TrimPrefix(path, "run"), envtest.GoodPing), Header: map[string]string{"Origin": origin}})
			require.Equal(t, status, a.Status, "%s: %s", path, a.Body)
			require.Equal(t, allowed, a.Header.Get("Access-Control-Allow-Origin"), path)
		}
	}
}

// websocket is let in and then hears nothing.
func (b *broken) websocket(t *testing.T) {
	s := envtest.OpenSocket(t, b.Env, "/ws/"+b.session)
	s.Ready(t)
	require.Equal(t, "server received message", s.Until(t, "", func() {}))
	a := envtest.SessionRequest(t, b.Env, b.session, http.MethodPost, "/", "[{"+envtest.GoodPing+"}]")
	require.Equal(t, envtest.GoodPingAnswer, a.Body)
	message := s.Until(t, "/ret/ms--0", func() {})
	require.Regexp(t, `^data: \{"data": \{.*\}, "tag": "salt/job/\d{20}/ret/ms--0"\}\n\n$`, message)
}

// app gets 404 where nobody says which page it is: here the option says so,
// and without it there is none.
func (b *broken) app(t *testing.T) {
	for _, path := range []string{"app", "app/", "app/any/view"} {
		a := b.askMain(t, envtest.Request{Method: http.MethodGet, Path: path, Kind: "-"})
		require.Equal(t, http.StatusOK, a.Status, "%s: %s", path, a.Body)
		require.Equal(t, "<!doctype html>", a.Body)
		require.Contains(t, a.Header.Get("Content-Type"), "text/html")
	}
	// A browser that asks for data by mistake gets the page; a program data.
	a := b.askMain(t, envtest.Request{Method: http.MethodGet, Path: "minions", Kind: "-", Header: map[string]string{"Accept": "text/html,*/*;q=0.1"}})
	require.Equal(t, "<!doctype html>", a.Body)
	a = b.askMain(t, envtest.Request{Method: http.MethodGet, Path: "minions", Kind: "-", Header: map[string]string{"Accept": "*/*"}})
	require.Equal(t, http.StatusUnauthorized, a.Status)
}

// bodySize is set under another name than CherryPy reads.
func (b *broken) bodySize(t *testing.T) {
	for _, path := range []string{"", "run", "login", "token", "minions", "jobs", "keys", "hook"} {
		for kind, body := range map[string]string{
			envtest.JSON: "[" + strings.Repeat(" ", 10_000) + "]", "text/plain": strings.Repeat("x", 10_001),
		} {
			a := b.askMain(t, envtest.Request{Path: path, Kind: kind, Body: body, Header: map[string]string{"X-Auth-Token": b.session}})
			require.Equal(t, http.StatusRequestEntityTooLarge, a.Status, "%s: %s", path, a.Body)
			require.Equal(t, envtest.ErrorBody("main", 413, "The request body is larger than 10000 bytes"), a.Body, path)
		}
	}
	fits := env.Chunk(env.User, envtest.GoodPing)
	fits += strings.Repeat(" ", 10_000-len(fits))
	require.Equal(t, http.StatusOK, b.askMain(t, envtest.Request{Path: "run", Body: fits}).Status)
}

// queueSize is documented, and another name read. What it is for there is
// nothing of here, which is said.
func (b *broken) queueSize(t *testing.T) {
	require.Contains(t, strings.Join(b.config.Warnings(), "\n"), "rest_cherrypy.socket_queue_size: has no effect")
}

// chunked bodies are taken for none.
func (b *broken) chunked(t *testing.T) {
	conn := dialHTTP1(t, b.Main)
	_, err := fmt.Fprintf(conn, "POST /run HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"+
		"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
	require.NoError(t, err)
	for piece := range strings.SplitAfterSeq(env.Chunk(env.User, envtest.GoodPing), ",") {
		_, err := fmt.Fprintf(conn, "%x\r\n%s\r\n", len(piece), piece)
		require.NoError(t, err)
	}
	_, err = io.WriteString(conn, "0\r\n\r\n")
	require.NoError(t, err)
	a := answerOn(t, conn)
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	require.Equal(t, envtest.GoodPingAnswer, a.Body)
}

// getLogin has null for the status.
func (b *broken) getLogin(t *testing.T) {
	a := b.askMain(t, envtest.Request{Method: http.MethodGet, Path: "login", Kind: "-"})
	require.Equal(t, http.StatusOK, a.Status)
	require.Equal(t, `{"status": 200, "return": "Please log in"}`, a.Body)
	require.Equal(t, "Session", a.Header.Get("Www-Authenticate"))
}

// getLogout is a 500.
func (b *broken) getLogout(t *testing.T) {
	for _, token := range []string{"", b.session} {
		a := envtest.SessionRequest(t, b.Env, token, http.MethodGet, "/logout", "")
		require.Equal(t, http.StatusMethodNotAllowed, a.Status, a.Body)
		require.Equal(t, "POST", a.Header.Get("Allow"))
	}
	require.Equal(t, http.StatusOK, envtest.SessionRequest(t, b.Env, b.session, http.MethodGet, "/stats", "").Status, "the session goes on")
}
