package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

// socket is a client of /ws and its like.
type socket struct {
	conn     *websocket.Conn
	messages chan string
	ended    chan struct{} // closed when there will be no more of them
}

// openSocket opens a websocket, which ends with the test.
func openSocket(t *testing.T, r *env.Env, path string) *socket {
	t.Helper()
	client, err := r.Client()
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	conn, _, err := websocket.Dial(t.Context(), r.Main+path, &websocket.DialOptions{HTTPClient: client}) //nolint:bodyclose // it has none
	require.NoError(t, err)
	conn.SetReadLimit(-1)
	s := &socket{conn: conn, messages: make(chan string, 1000), ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		for {
			_, message, err := conn.Read(context.Background())
			if err != nil {
				return
			}
			s.messages <- string(message)
		}
	}()
	t.Cleanup(func() {
		_ = conn.CloseNow()
		<-s.ended
	})
	return s
}

// ready asks for the events.
func (s *socket) ready(t *testing.T) {
	t.Helper()
	require.NoError(t, s.conn.Write(t.Context(), websocket.MessageText, []byte("websocket client ready")))
}

// until waits for a message with a text in it. Not every websocket tells when
// it is ready, so again is what is to cause the message, over and over.
func (s *socket) until(t *testing.T, text string, again func()) string {
	t.Helper()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		again()
		select {
		case message := <-s.messages:
			if strings.Contains(message, text) {
				return message
			}
		case <-tick.C:
		}
	}
	require.Fail(t, "no message", "with %q", text)
	return ""
}
