package events

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
)

func TestEvents(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		session := envtest.Login(t, r, env.User)
		all, some := envtest.FollowEvents(t, r, session, ""), envtest.FollowEvents(t, r, session, "?tag=salt/job/*/ret/ms--1")
		a := envtest.SessionRequest(t, r, session, http.MethodPost, "/", `[{"client": "local", "tgt": "*", "fun": "test.ping"}]`)
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		begun := envtest.Event(t, all.Until("/new\n"))
		require.Equal(t, "test.ping", begun["fun"])
		tag := fmt.Sprintf("salt/job/%s/ret/ms--1", begun["jid"])
		block := all.Until("tag: " + tag + "\n")
		require.True(t, strings.HasPrefix(block, "tag: "+tag+"\ndata: {\"data\": {"))
		require.Equal(t, true, envtest.Event(t, block)["return"])
		require.Equal(t, block, some.Until("tag: "), "it is the first that passes the filter")

		a = envtest.SessionRequest(t, r, session, http.MethodPost, "/logout", "")
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		for _, e := range []*envtest.EventBlocks{all, some} {
			e.Until(`"reason": "The session was ended"`)
			rest, err := io.ReadAll(e.Lines)
			require.NoError(t, err)
			require.Empty(t, string(rest))
		}
		a = envtest.SessionRequest(t, r, session, http.MethodGet, "/events", "")
		require.Equal(t, http.StatusUnauthorized, a.Status)
	})
}

// TestRefusedCallsShowNoCredentials has the master refuse a call, which puts
// the call with its credentials on the bus.
func TestRefusedCallsShowNoCredentials(t *testing.T) {
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		e := envtest.FollowEvents(t, r, envtest.Login(t, r, env.User), "?tag=salt/job/*/error")
		a := envtest.Post(t, r, env.Chunk(env.ReadOnly, `"client": "local", "tgt": "*", "fun": "cmd.run", "arg": ["true"]`))
		require.NotEqual(t, http.StatusOK, a.Status)
		block := e.Until("AuthorizationError")
		kwargs, ok := envtest.Event(t, block)["kwargs"].(map[string]any)
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
	suite.EachRelease(t, func(t *testing.T, r *env.Env) {
		session := envtest.Login(t, r, env.User)
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
					_ = envtest.SessionRequest(t, r, session, http.MethodPost, "/", `[{"client": "local_async", "tgt": "ms--2", "fun": "test.ping"}]`)
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
