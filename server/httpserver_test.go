package server_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

// brief is a limit that a test exceeds on purpose. A test shortens only the
// limit that it is about: on a busy machine another one might be exceeded
// first.
const brief = 50 * time.Millisecond

func briefHeaders(c *server.Config) { c.Settings.Limits.HeaderTimeout = brief }
func briefIdle(c *server.Config)    { c.Settings.Limits.IdleTimeout = brief }

func TestStalledHeaders(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering("1"), briefHeaders)
	for _, sent := range []string{"", "POST / HTTP/1.1\r\nHost: a\r\nX-"} {
		conn := s.Dial(t, 0)
		_, err := io.WriteString(conn, sent)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, conn)       // ends when the server closes
		if !errors.Is(err, syscall.ECONNRESET) { // before it has seen what was sent
			require.NoError(t, err)
		}
	}
}

func TestIdleConnection(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering("1"), briefIdle)
	conn := s.Dial(t, 0)
	r := bufio.NewReader(conn)
	servertest.Post(t, conn, servertest.Ping, fmt.Sprintf("Content-Length: %d", len(servertest.Ping)))
	resp, _ := servertest.ReadResponse(t, r)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	servertest.RequireEnd(t, r)
}
