package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

// openSession logs in on the main surface.
func openSession(t *testing.T, r *env.Env, user string) (id string) {
	t.Helper()
	a, err := r.Post(t.Context(), r.Main+"/login", fmt.Sprintf(`{"username": %q, "password": %q, "eauth": "pam"}`, user, user))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	return a.Header.Get("X-Auth-Token")
}

// sessionRequest sends a request with a session.
func sessionRequest(t *testing.T, r *env.Env, session, method, path, body string) env.Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.Main+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("X-Auth-Token", session)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	a, err := r.Do(req)
	require.NoError(t, err)
	return a
}

// eventBlocks is a client of /events.
type eventBlocks struct {
	t     *testing.T
	lines *bufio.Reader
}

func followEvents(t *testing.T, r *env.Env, session, query string) *eventBlocks {
	t.Helper()
	client, err := r.Client()
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.Main+"/events"+query, nil)
	require.NoError(t, err)
	req.Header.Set("X-Auth-Token", session)
	resp, err := client.Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() })
	require.Equal(t, http.StatusOK, resp.StatusCode)
	e := &eventBlocks{t: t, lines: bufio.NewReader(resp.Body)}
	line, err := e.lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "retry: 400\n", line)
	return e
}

// until reads blocks up to one that has a text in it, and returns that.
func (e *eventBlocks) until(text string) string {
	e.t.Helper()
	var block strings.Builder
	for {
		line, err := e.lines.ReadString('\n')
		require.NoError(e.t, err, "waiting for %q", text)
		if line != "\n" {
			block.WriteString(line)
			continue
		}
		if strings.Contains(block.String(), text) {
			return block.String()
		}
		block.Reset()
	}
}

// event is the JSON of a block.
func event(t *testing.T, block string) (data map[string]any) {
	t.Helper()
	_, text, _ := strings.Cut(block, "data: ")
	text, _, _ = strings.Cut(text, "\n")
	var e struct{ Data map[string]any }
	require.NoError(t, json.Unmarshal([]byte(text), &e))
	return e.Data
}

func TestEvents(t *testing.T) {
	eachRelease(t, func(t *testing.T, r *env.Env) {
		session := openSession(t, r, env.User)
		all, some := followEvents(t, r, session, ""), followEvents(t, r, session, "?tag=salt/job/*/ret/ms--1")
		a := sessionRequest(t, r, session, http.MethodPost, "/", `[{"client": "local", "tgt": "*", "fun": "test.ping"}]`)
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		begun := event(t, all.until("/new\n"))
		require.Equal(t, "test.ping", begun["fun"])
		tag := fmt.Sprintf("salt/job/%s/ret/ms--1", begun["jid"])
		block := all.until("tag: " + tag + "\n")
		require.True(t, strings.HasPrefix(block, "tag: "+tag+"\ndata: {\"data\": {"))
		require.Equal(t, true, event(t, block)["return"])
		require.Equal(t, block, some.until("tag: "), "it is the first that passes the filter")

		a = sessionRequest(t, r, session, http.MethodPost, "/logout", "")
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		for _, e := range []*eventBlocks{all, some} {
			e.until(`"reason": "The session was ended"`)
			rest, err := io.ReadAll(e.lines)
			require.NoError(t, err)
			require.Empty(t, string(rest))
		}
		a = sessionRequest(t, r, session, http.MethodGet, "/events", "")
		require.Equal(t, http.StatusUnauthorized, a.Status)
	})
}

// TestRefusedCallsShowNoCredentials has the master refuse a call, which puts
// the call with its credentials on the bus.
func TestRefusedCallsShowNoCredentials(t *testing.T) {
	eachRelease(t, func(t *testing.T, r *env.Env) {
		e := followEvents(t, r, openSession(t, r, env.User), "?tag=salt/job/*/error")
		a := post(t, r, env.Chunk(env.ReadOnly, `"client": "local", "tgt": "*", "fun": "cmd.run", "arg": ["true"]`))
		require.NotEqual(t, http.StatusOK, a.Status)
		block := e.until("AuthorizationError")
		kwargs, ok := event(t, block)["kwargs"].(map[string]any)
		require.True(t, ok, block)
		require.NotEmpty(t, kwargs)
		for _, key := range []string{"token", "password"} {
			if v, ok := kwargs[key]; ok {
				require.Equal(t, "REDACTED", v)
			}
		}
		require.NotRegexp(t, `[0-9a-f]{64}`, block)
	})
}

func TestWebsockets(t *testing.T) {
	eachRelease(t, func(t *testing.T, r *env.Env) {
		session := openSession(t, r, env.User)
		client, err := r.Client()
		require.NoError(t, err)
		defer client.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		dial := func(path string) (*websocket.Conn, error) {
			conn, resp, err := websocket.Dial(ctx, r.Main+path, &websocket.DialOptions{HTTPClient: client})
			if resp != nil && resp.Body != nil {
				_ = resp.Body.Close()
			}
			return conn, err
		}
		_, err = dial("/ws/" + strings.Repeat("0", 40))
		require.Error(t, err)
		for path, prefix := range map[string]string{
			"/ws/" + session:                    `data: {"data": {`,
			"/all_events/" + session:            `{"data": {`,
			"/formatted_events/" + session:      `{"jobs": {`,
			"/ws/" + session + "?format_events": `{"jobs": {`,
		} {
			conn, err := dial(path)
			require.NoError(t, err, path)
			conn.SetReadLimit(-1)
			require.NoError(t, conn.Write(ctx, websocket.MessageText, []byte("websocket client ready")))
			next := func() string {
				_, message, err := conn.Read(ctx)
				require.NoError(t, err, path)
				return string(message)
			}
			if strings.HasPrefix(path, "/ws/") {
				require.Equal(t, "server received message", next())
			}
			stop := make(chan struct{})
			done := make(chan struct{})
			go func() { // until it is seen, since nothing tells when rest_tornado's are ready
				defer close(done)
				for {
					_ = sessionRequest(t, r, session, http.MethodPost, "/", `[{"client": "local_async", "tgt": "ms--2", "fun": "test.ping"}]`)
					select {
					case <-stop:
						return
					case <-time.After(time.Second):
					}
				}
			}()
			for {
				message := next()
				if strings.HasPrefix(message, prefix) && strings.Contains(message, "test.ping") && strings.Contains(message, "ms--2") {
					break
				}
			}
			close(stop)
			<-done
			_ = conn.CloseNow()
		}
	})
}
