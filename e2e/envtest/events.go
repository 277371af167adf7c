package envtest

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

// EventBlocks is a client of /events.
type EventBlocks struct {
	Lines *bufio.Reader // what follows

	t *testing.T
}

// FollowEvents opens /events with a session or a token. The stream ends with the
// test.
func FollowEvents(t *testing.T, r *env.Env, session, query string) *EventBlocks {
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
	e := &EventBlocks{t: t, Lines: bufio.NewReader(resp.Body)}
	line, err := e.Lines.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "retry: 400\n", line)
	return e
}

// Until reads blocks up to one that has a text in it, and returns that.
func (e *EventBlocks) Until(text string) string {
	e.t.Helper()
	var block strings.Builder
	for {
		line, err := e.Lines.ReadString('\n')
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

// Event is the JSON of a block.
func Event(t *testing.T, block string) (data map[string]any) {
	t.Helper()
	_, text, _ := strings.Cut(block, "data: ")
	text, _, _ = strings.Cut(text, "\n")
	var e struct{ Data map[string]any }
	require.NoError(t, json.Unmarshal([]byte(text), &e))
	return e.Data
}

// Socket is a client of /ws and its like.
type Socket struct {
	conn     *websocket.Conn
	messages chan string
	Ended    chan struct{} // closed when there will be no more of them
}

// OpenSocket opens a websocket, which ends with the test.
func OpenSocket(t *testing.T, r *env.Env, path string) *Socket {
	t.Helper()
	client, err := r.Client()
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	conn, _, err := websocket.Dial(t.Context(), r.Main+path, &websocket.DialOptions{HTTPClient: client}) //nolint:bodyclose // it has none
	require.NoError(t, err)
	conn.SetReadLimit(-1)
	s := &Socket{conn: conn, messages: make(chan string, 1000), Ended: make(chan struct{})}
	go func() {
		defer close(s.Ended)
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
		<-s.Ended
	})
	return s
}

// Ready asks for the events.
func (s *Socket) Ready(t *testing.T) {
	t.Helper()
	require.NoError(t, s.conn.Write(t.Context(), websocket.MessageText, []byte("websocket client ready")))
}

// Until waits for a message with a text in it. Not every websocket tells when
// it is ready, so again is what is to cause the message, over and over.
func (s *Socket) Until(t *testing.T, text string, again func()) string {
	t.Helper()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for end := time.Now().Add(Patience); time.Now().Before(end); {
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
