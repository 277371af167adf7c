package gateway

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
	"github.com/saltern-api/saltern/e2e/envtest"
)

// TestBodyLimit announces a body over the default limit, sends none of it, and
// is answered nevertheless; the connection ends with that.
func TestBodyLimit(t *testing.T) {
	t.Parallel()
	g := start(t, options{})
	for surface, text := range map[string]string{
		"wsgi": "413: The request body is larger than 100 MiB",
		"main": "The request body is larger than 100 MiB",
	} {
		t.Run(surface, func(t *testing.T) {
			t.Parallel()
			conn := dialHTTP1(t, g.surfaces()[surface])
			sendHead(t, conn, fmt.Sprintf("Content-Length: %d", 100<<20+1))
			a := answerOn(t, conn)
			require.Equal(t, http.StatusRequestEntityTooLarge, a.Status)
			require.Equal(t, envtest.ErrorBody(surface, 413, text), a.Body)
			require.Equal(t, "close", a.Header.Get("Connection"))
			requireClosed(t, conn)
		})
	}
}

// TestOwnBodyLimit sends more than a limit that was set, without saying before
// how much it will be.
func TestOwnBodyLimit(t *testing.T) {
	t.Parallel()
	g := start(t, strict())
	for surface, base := range g.surfaces() {
		t.Run(surface, func(t *testing.T) {
			t.Parallel()
			conn := dialHTTP1(t, base)
			sendHead(t, conn, "Transfer-Encoding: chunked")
			_, err := fmt.Fprintf(conn, "%x\r\n%s\r\n", 64<<10+1, strings.Repeat(" ", 64<<10+1))
			require.NoError(t, err)
			a := answerOn(t, conn)
			require.Equal(t, http.StatusRequestEntityTooLarge, a.Status)
			require.Contains(t, a.Body, "The request body is larger than 65536 bytes")
			require.Equal(t, "close", a.Header.Get("Connection"))
			requireClosed(t, conn)

			fits := env.Chunk(env.User, envtest.GoodPing)
			fits += strings.Repeat(" ", 64<<10-len(fits))
			require.Equal(t, http.StatusOK, g.ask(t, base, envtest.Request{Body: fits}).Status)
		})
	}
}

// TestSlowClient stalls in every place where a client can. It is cut off, and
// meanwhile others are answered.
func TestSlowClient(t *testing.T) {
	t.Parallel()
	g := start(t, strict())
	stalled := map[string]net.Conn{}
	for surface, base := range g.surfaces() {
		head := dialHTTP1(t, base)
		_, err := io.WriteString(head, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-")
		require.NoError(t, err)
		stalled["in the head, "+surface] = head

		stalled["before the head, "+surface] = dialHTTP1(t, base)

		body := dialHTTP1(t, base)
		sendHead(t, body, "Content-Length: 100")
		_, err = io.WriteString(body, `[{"client": `)
		require.NoError(t, err)
		stalled["in the body, "+surface] = body
	}
	stalled["before TLS"] = dial(t, g.Main)

	a := g.post(t, env.Chunk(env.User, envtest.GoodPing))
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	for where, conn := range stalled {
		if strings.HasPrefix(where, "in the body") {
			a := answerOn(t, conn)
			require.Equal(t, http.StatusRequestTimeout, a.Status, where)
			require.Contains(t, a.Body, "The request body did not arrive in time", where)
			require.Equal(t, "close", a.Header.Get("Connection"), where)
		}
		requireClosed(t, conn)
	}
}

// dialHTTP1 opens a connection that speaks HTTP/1.1, over TLS if the URL says
// so.
func dialHTTP1(t *testing.T, base string) net.Conn {
	t.Helper()
	conn := dial(t, base)
	if !strings.HasPrefix(base, "https:") {
		return conn
	}
	secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) // it is about time, not about trust
	require.NoError(t, secure.HandshakeContext(t.Context()))
	return secure
}

// sendHead sends a POST up to the empty line before its body.
func sendHead(t *testing.T, conn net.Conn, framing string) {
	t.Helper()
	_, err := fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n%s\r\n\r\n", framing)
	require.NoError(t, err)
}

func answerOn(t *testing.T, conn net.Conn) env.Answer {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	if resp.Close {
		resp.Header.Set("Connection", "close") // net/http takes it out of the header
	}
	return env.Answer{Status: resp.StatusCode, Header: resp.Header, Body: string(b)}
}

// requireClosed reads what is left, to the end of the connection.
func requireClosed(t *testing.T, conn net.Conn) {
	t.Helper()
	_, err := io.ReadAll(conn)
	timeout, ok := errors.AsType[net.Error](err)
	require.False(t, ok && timeout.Timeout(), "the connection is still open")
}

// limitRows are the rows of docs/differences.md about limits, and the tests that show
// them.
var limitRows = map[string]struct{ file, test string }{
	"L1": {"isolation_test.go", "TestTheThrottleTellsNothing"},
	"L2": {"../crowd/held_test.go", "TestHeldConnections"},
	"L3": {"../../server/events/streamlimits_test.go", "TestStreamsAreBounded"},
	"L4": {"../../server/events/streamlimits_test.go", "TestReadersAskNewMinionsOnce"},
	"L5": {"../../server/web/body_test.go", "TestBodiesInMemory"},
}

// TestLimitsList holds the L rows of docs/differences.md against the tests.
func TestLimitsList(t *testing.T) {
	text, err := os.ReadFile("../../docs/differences.md")
	require.NoError(t, err)
	var rows []string
	for _, match := range regexp.MustCompile(`(?m)^\| (L\d+) \|`).FindAllStringSubmatch(string(text), -1) {
		rows = append(rows, match[1])
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(limitRows)), rows)
	for id, row := range limitRows {
		source, err := os.ReadFile(row.file)
		require.NoError(t, err, id)
		require.Contains(t, string(source), "func "+row.test+"(t *testing.T)", id)
	}
}
