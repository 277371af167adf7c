package netapi_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

const batch = `[{"client":"local_batch","eauth":"pam"}]`

// steps is a gateway whose stream is advanced by the test.
type steps struct {
	servertest.Gateway
	items chan string // closed at the end
	end   error
}

var _ server.Gateway = steps{}

func (g steps) RunStream(
	ctx context.Context, _ lowstate.Call, yield func(lowstate.Result, lowstate.Answer) error,
) (res lowstate.Result, err error) {
	for {
		select {
		case item, ok := <-g.items:
			if !ok {
				return res, g.end
			}
			if err := yield(res, lowstate.Returns(item)); err != nil {
				return res, err
			}
		case <-ctx.Done():
			return res, ctx.Err()
		}
	}
}

func TestAnswersAsTheyCome(t *testing.T) {
	t.Parallel()
	for listener, path := range []string{"/run", "/"} {
		g := steps{items: make(chan string)}
		s := servertest.Start(t, g, nil)
		conn := s.Dial(t, listener)
		servertest.Post(t, conn, batch, fmt.Sprintf("Content-Length: %d", len(batch)))
		g.items <- `{"a": 1}`
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err, path)
		t.Cleanup(func() { _ = resp.Body.Close() })
		require.Equal(t, 200, resp.StatusCode)
		require.Equal(t, servertest.JSON, resp.Header.Get("Content-Type"))
		first := make([]byte, len(`{"return": [{"a": 1}`))
		_, err = io.ReadFull(resp.Body, first)
		require.NoError(t, err)
		require.Equal(t, `{"return": [{"a": 1}`, string(first), "before there is a second one")
		g.items <- `{"b": 2}`
		close(g.items)
		rest, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, `, {"b": 2}]}`, string(rest))
	}
}

// A response that fails after it has begun is aborted: it must not look
// complete.
func TestStreamBrokenOff(t *testing.T) {
	t.Parallel()
	g := steps{items: make(chan string), end: &lowstate.Error{Kind: lowstate.Unavailable, Text: "gone"}}
	s := servertest.Start(t, g, nil)
	conn := s.Dial(t, 0)
	servertest.Post(t, conn, batch, fmt.Sprintf("Content-Length: %d", len(batch)))
	g.items <- `{"a": 1}`
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	close(g.items)
	_, err = io.ReadAll(resp.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Equal(t, "gone", s.Log.Lines(t, "request", 1)[0]["error"])
}

// If nothing was yielded yet, the error is the whole response.
func TestStreamFailsAtOnce(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Failing(&lowstate.Error{Kind: lowstate.Unauthenticated, Text: "no"}), nil)
	head, body := s.Send(t, "POST", "/run", batch)
	require.Equal(t, 401, head.StatusCode)
	require.Equal(t, `{"status": 401, "return": "no"}`, body)
}

func TestStreamOfNothing(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Gateway(func(context.Context, *servertest.Call) ([][]byte, error) { return nil, nil }), nil)
	head, body := s.Send(t, "POST", "/run", batch)
	require.Equal(t, 200, head.StatusCode)
	require.Equal(t, `{"return": []}`, body)
}

// YAML sorts its keys, and so needs all answers first.
func TestBatchAsYAML(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering(`{"b": 1}`), nil)
	head, body := s.Send(t, "POST", "/run", batch, "Accept: application/x-yaml")
	require.Equal(t, 200, head.StatusCode)
	require.Equal(t, "application/x-yaml", head.Header.Get("Content-Type"))
	require.Equal(t, "return:\n- b: 1\n", body)
}

// A client that hangs up during a stream releases its resources.
func TestStreamHangUp(t *testing.T) {
	t.Parallel()
	g := steps{items: make(chan string)}
	s := servertest.Start(t, g, nil)
	conn := s.Dial(t, 0)
	servertest.Post(t, conn, batch, fmt.Sprintf("Content-Length: %d", len(batch)))
	g.items <- strings.Repeat("1", 10)
	_, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	s.Log.Lines(t, "request", 1)
}
