package servertest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

// Socket is a client of a websocket.
type Socket struct {
	t    *testing.T
	Conn *websocket.Conn
}

// DialSocket opens a websocket and returns the status of the response.
func (e *Events) DialSocket(t *testing.T, path string, headers ...string) (*websocket.Conn, int, error) {
	t.Helper()
	return e.dialSocket(t, nil, path, headers...)
}

func (e *Events) dialSocket(
	t *testing.T, c *http.Client, path string, headers ...string,
) (*websocket.Conn, int, error) {
	t.Helper()
	h := http.Header{}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		h.Set(name, value)
	}
	ctx, cancel := context.WithTimeout(t.Context(), Timeout)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, "ws://"+e.Addr(0)+path, &websocket.DialOptions{HTTPHeader: h, HTTPClient: c})
	require.NotNil(t, resp, err)
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	if err == nil {
		conn.SetReadLimit(-1)
		t.Cleanup(func() { _ = conn.CloseNow() })
	}
	return conn, resp.StatusCode, err
}

// Socket opens a websocket.
func (e *Events) Socket(t *testing.T, path string, headers ...string) *Socket {
	t.Helper()
	conn, status, err := e.DialSocket(t, path, headers...)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, status)
	return &Socket{t, conn}
}

// SlowSocket opens a websocket with a [SlowClient].
func (e *Events) SlowSocket(t *testing.T, path string) *Socket {
	t.Helper()
	conn, _, err := e.dialSocket(t, SlowClient(), path)
	require.NoError(t, err)
	return &Socket{t, conn}
}

// Write sends a text.
func (s *Socket) Write(text string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), Timeout)
	defer cancel()
	require.NoError(s.t, s.Conn.Write(ctx, websocket.MessageText, []byte(text)))
}

// Read returns the next text.
func (s *Socket) Read() (string, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), Timeout)
	defer cancel()
	kind, message, err := s.Conn.Read(ctx)
	if err == nil && kind != websocket.MessageText {
		err = fmt.Errorf("message of type %s", kind)
	}
	return string(message), err
}

// Require requires the next text.
func (s *Socket) Require(want string) {
	s.t.Helper()
	got, err := s.Read()
	require.NoError(s.t, err)
	require.Equal(s.t, want, got)
}

// RequireEnd requires a close frame.
func (s *Socket) RequireEnd(code websocket.StatusCode, reason string) {
	s.t.Helper()
	_, err := s.Read()
	var closed websocket.CloseError
	require.ErrorAs(s.t, err, &closed)
	require.Equal(s.t, code, closed.Code)
	require.Equal(s.t, reason, closed.Reason)
}
