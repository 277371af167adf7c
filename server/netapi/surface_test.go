package netapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

// The example: curl -i prints this head and these 89 bytes.
func TestSeedAnswer(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering(servertest.Pong), nil)
	for i, surface := range []string{"main", "wsgi"} {
		conn := s.Dial(t, i)
		servertest.Post(t, conn, servertest.Ping, fmt.Sprintf("Content-Length: %d", len(servertest.Ping)), "Connection: close")
		raw, err := io.ReadAll(conn)
		require.NoError(t, err, surface)
		head, body, ok := strings.Cut(string(raw), "\r\n\r\n")
		require.True(t, ok, surface)
		lines := strings.Split(head, "\r\n")
		require.Equal(t, "HTTP/1.1 200 OK", lines[0], surface)
		require.Contains(t, lines, "Content-Length: 89", surface)
		require.Contains(t, lines, "Content-Type: application/json", surface)
		require.Equal(t, `{"return": [`+servertest.Pong+`]}`, body, surface)
	}
}

func TestAnswersInOrder(t *testing.T) {
	t.Parallel()
	g := servertest.Gateway(func(_ context.Context, call *servertest.Call) ([][]byte, error) {
		return [][]byte{[]byte("1.0"), []byte(`"é"`), []byte("{}")}[:len(call.Chunks)], nil
	})
	s := servertest.Start(t, g, nil)
	for n, want := range []string{`{"return": []}`, `{"return": [1.0]}`, `{"return": [1.0, "é"]}`, `{"return": [1.0, "é", {}]}`} {
		body := "[" + strings.TrimSuffix(strings.Repeat(`{"client":"local"},`, n), ",") + "]"
		resp, got := s.SendAs(t, 0, http.MethodPost, "/", servertest.JSON, body)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Equal(t, want, got)
		require.EqualValues(t, len(want), resp.ContentLength)
	}
}

type sent struct {
	method, path, contentType, body string
}

type expected struct {
	status  int
	body    string
	headers map[string]string
}

const welcome = `{"return": "Welcome", "clients": ["local", "local_async", "runner"]}`

func TestMainSurface(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering(servertest.Pong), nil)
	allow := map[string]string{"Allow": "GET, HEAD, POST"}
	notAllowed := `{"status": 405, "return": "Specified method is invalid for this resource"}`
	const unsupported = `{"status": 406, "return": "Content type not supported"}`
	for name, c := range map[string]struct {
		sent
		expected
	}{
		"welcome":   {sent{"GET", "/", "", ""}, expected{200, welcome, nil}},
		"query":     {sent{"GET", "/?a=b", "", ""}, expected{200, welcome, nil}},
		"head":      {sent{"HEAD", "/", "", ""}, expected{200, "", map[string]string{"Content-Length": fmt.Sprint(len(welcome))}}},
		"put":       {sent{"PUT", "/", servertest.JSON, servertest.Ping}, expected{405, notAllowed, allow}},
		"delete":    {sent{"DELETE", "/", "", ""}, expected{405, notAllowed, allow}},
		"options":   {sent{"OPTIONS", "/", "", ""}, expected{405, notAllowed, allow}},
		"invented":  {sent{"BREW", "/", "", ""}, expected{405, notAllowed, allow}},
		"no page":   {sent{"GET", "/no/\"<such>", "", ""}, expected{404, `{"status": 404, "return": "The path '/no/\"<such>' was not found."}`, nil}},
		"no page 2": {sent{"BREW", "/nosuch", "", ""}, expected{404, `{"status": 404, "return": "The path '/nosuch' was not found."}`, nil}},
		"good":      {sent{"POST", "/", servertest.JSON, servertest.Ping}, expected{200, `{"return": [` + servertest.Pong + `]}`, nil}},
		"charset":   {sent{"POST", "/", "Application/JSON; charset=\"UTF-8\"; x=y", servertest.Ping}, expected{200, `{"return": [` + servertest.Pong + `]}`, nil}},
		"latin":     {sent{"POST", "/", "application/json; charset=ISO-8859-1", servertest.Ping}, expected{200, `{"return": [` + servertest.Pong + `]}`, nil}},
		"latin form": {sent{"POST", "/", "application/x-www-form-urlencoded; charset=ISO-8859-1", "client=local&tgt=*&fun=test.ping&eauth=pam"},
			expected{200, `{"return": [` + servertest.Pong + `]}`, nil}},
		"a strange charset": {sent{"POST", "/", "application/json; charset=nosuch", strings.Replace(servertest.Ping, "{", "{\"x\": \"\xe4\", ", 1)}, expected{406,
			`{"status": 406, "return": "Content type not supported: the charset is not known, and the body is not UTF-8"}`, nil}},
		"form":      {sent{"POST", "/", "application/x-www-form-urlencoded", "client=local&tgt=*&fun=test.ping&eauth=pam"}, expected{200, `{"return": [` + servertest.Pong + `]}`, nil}},
		"text":      {sent{"POST", "/", "text/plain;charset=UTF-8", servertest.Ping}, expected{200, `{"return": [` + servertest.Pong + `]}`, nil}},
		"yaml":      {sent{"POST", "/", "application/x-yaml", "- client: local\n  eauth: pam\n"}, expected{200, `{"return": [` + servertest.Pong + `]}`, nil}},
		"html":      {sent{"POST", "/", "text/html", servertest.Ping}, expected{406, unsupported, nil}},
		"none":      {sent{"POST", "/", "", servertest.Ping}, expected{406, unsupported, nil}},
		"two types": {sent{"POST", "/", "application/json, text/plain", servertest.Ping}, expected{406, unsupported, nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, s, 0, c.sent, c.expected)
		})
	}
}

func TestWSGISurface(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering(servertest.Pong), nil)
	allow := map[string]string{"Allow": "GET, POST"}
	for name, c := range map[string]struct {
		sent
		expected
	}{
		"welcome":  {sent{"GET", "/", "", ""}, expected{200, welcome, nil}},
		"any path": {sent{"GET", "/foo/bar", "", ""}, expected{200, welcome, nil}},
		"good":     {sent{"POST", "/foo", servertest.JSON, servertest.Ping}, expected{200, `{"return": [` + servertest.Pong + `]}`, nil}},
		"charset":  {sent{"POST", "/", servertest.JSON + "; charset=utf-8", servertest.Ping}, expected{200, `{"return": [` + servertest.Pong + `]}`, nil}},
		"head":     {sent{"HEAD", "/", "", ""}, expected{405, "", allow}},
		"delete":   {sent{"DELETE", "/", "", ""}, expected{405, `{"return": "405: Method Not Allowed"}`, allow}},
		"form":     {sent{"POST", "/", "text/plain", servertest.Ping}, expected{406, `{"return": "406: JSON required"}`, nil}},
		"none":     {sent{"POST", "/", "", servertest.Ping}, expected{406, `{"return": "406: JSON required"}`, nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, s, 1, c.sent, c.expected)
		})
	}
}

func check(t *testing.T, s *servertest.Server, listener int, q sent, want expected) {
	t.Helper()
	resp, body := s.SendAs(t, listener, q.method, q.path, q.contentType, q.body)
	require.Equal(t, want.status, resp.StatusCode)
	require.Equal(t, want.body, body)
	require.Equal(t, servertest.JSON, resp.Header.Get("Content-Type"))
	require.NotEmpty(t, resp.Header.Get("X-Request-Id"))
	for k, v := range want.headers {
		require.Equal(t, v, resp.Header.Get(k), k)
	}
}

// Headers that net/http's client does not send.
func TestOddRequests(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering(servertest.Pong), nil)
	length := fmt.Sprintf("Content-Length: %d", len(servertest.Ping))
	for name, c := range map[string]struct {
		request string
		status  int
	}{
		"two content types":      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Type: text/yaml\r\n" + length + "\r\n\r\n" + servertest.Ping, 406},
		"one content type twice": {"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Type: application/json\r\n" + length + "\r\n\r\n" + servertest.Ping, 200},
		"not gzip":               {"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n" + length + "\r\n\r\n" + servertest.Ping, 200},
		"another coding":         {"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Encoding: UTF-8\r\n" + length + "\r\n\r\n" + servertest.Ping, 200},
		"compressed otherwise":   {"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Encoding: br\r\nContent-Length: 4\r\n\r\n\x8b\x00\x80\x5b", 415},
		"not compressed":         {"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Encoding: identity\r\n" + length + "\r\n\r\n" + servertest.Ping, 200},
		"http 1.0":               {"POST / HTTP/1.0\r\nContent-Type: application/json\r\n" + length + "\r\n\r\n" + servertest.Ping, 200},
		"options of all":         {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 404},
		"no host":                {"GET / HTTP/1.1\r\n\r\n", 400},
		"two lengths":            {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12", 400},
		"bad length":             {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: abc\r\n\r\n", 400},
		"large header":           {"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 80<<10) + "\r\n\r\n", 431},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := s.Dial(t, 0)
			// The server does not read the rest of a header that is too large.
			_, _ = io.WriteString(conn, c.request)
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, c.status, resp.StatusCode)
		})
	}
}

func TestUnparsableBody(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Failing(errors.New("must not run")), nil)
	for _, body := range []string{"", "{bad", servertest.Ping + " x", "5"} {
		resp, got := s.SendAs(t, 0, http.MethodPost, "/", servertest.JSON, body)
		require.Equal(t, http.StatusBadRequest, resp.StatusCode, body)
		text := returned(t, got)
		require.NotEmpty(t, text)

		resp, got = s.SendAs(t, 1, http.MethodPost, "/", servertest.JSON, body)
		require.Equal(t, http.StatusBadRequest, resp.StatusCode, body)
		require.Equal(t, "400: "+text, returned(t, got))
	}
}

func TestTooManyChunks(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering("1"), func(c *server.Config) { c.Settings.Limits.MaxChunks = 2 })
	resp, _ := s.SendAs(t, 0, http.MethodPost, "/", servertest.JSON, `[{"a":1},{"a":1}]`)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	resp, _ = s.SendAs(t, 0, http.MethodPost, "/", servertest.JSON, `[{"a":1},{"a":1},{"a":1}]`)
	require.Equal(t, http.StatusBadRequest, resp.StatusCode)
}

func TestErrorAnswers(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause-for-the-log")
	for name, c := range map[string]struct {
		err     error
		status  int
		text    string
		headers map[string]string
	}{
		"bad request":     {&lowstate.Error{Kind: lowstate.BadRequest, Text: "chunk 0: fun <é>"}, 400, "chunk 0: fun <é>", nil},
		"unauthenticated": {&lowstate.Error{Kind: lowstate.Unauthenticated, Text: "no", Err: cause}, 401, "no", map[string]string{"Www-Authenticate": "Session"}},
		"unauthorized":    {&lowstate.Error{Kind: lowstate.Unauthorized, Text: "no", Err: cause}, 401, "no", map[string]string{"Www-Authenticate": "Session"}},
		"failed":          {&lowstate.Error{Kind: lowstate.Failed, Text: "'no.such' is not available.", Err: cause}, 500, "'no.such' is not available.", nil},
		"unavailable":     {&lowstate.Error{Kind: lowstate.Unavailable, Text: "down", RetryAfter: 1500 * time.Millisecond, Err: cause}, 503, "down", map[string]string{"Retry-After": "2"}},
		"unavailable 2":   {&lowstate.Error{Kind: lowstate.Unavailable, Text: "down", Err: cause}, 503, "down", map[string]string{"Retry-After": "5"}},
		"timeout":         {&lowstate.Error{Kind: lowstate.Timeout, Text: "late", Err: cause}, 504, "late", nil},
		"internal":        {&lowstate.Error{Kind: lowstate.Internal, Text: "inner text", Err: cause}, 500, "An unexpected error occurred", nil},
		"wrapped":         {fmt.Errorf("more: %w", &lowstate.Error{Kind: lowstate.Timeout, Text: "late", Err: cause}), 504, "late", nil},
		"unknown":         {cause, 500, "An unexpected error occurred", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, servertest.Failing(c.err), nil)
			for i := range 2 {
				resp, body := s.SendAs(t, i, http.MethodPost, "/", servertest.JSON, servertest.Ping)
				require.Equal(t, c.status, resp.StatusCode)
				require.Equal(t, c.text, returned(t, body))
				require.Contains(t, body, `"return": "`)
				for k, v := range c.headers {
					require.Equal(t, v, resp.Header.Get(k), k)
				}
			}
			require.Equal(t, c.err.Error(), s.Log.Lines(t, "request", 2)[0]["error"])
		})
	}
}

func TestKeepAlive(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering("1"), nil)
	conn := s.Dial(t, 0)
	r := bufio.NewReader(conn)
	for range 3 {
		servertest.Post(t, conn, servertest.Ping, fmt.Sprintf("Content-Length: %d", len(servertest.Ping)))
		resp, body := servertest.ReadResponse(t, r)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Equal(t, `{"return": [1]}`, body)
	}
	// A response that did not need the body leaves the connection usable.
	_, err := fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(servertest.Ping), servertest.Ping)
	require.NoError(t, err)
	resp, _ := servertest.ReadResponse(t, r)
	require.Equal(t, http.StatusNotAcceptable, resp.StatusCode)
	servertest.Post(t, conn, servertest.Ping, fmt.Sprintf("Content-Length: %d", len(servertest.Ping)))
	resp, _ = servertest.ReadResponse(t, r)
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

// A client that hangs up releases what waits for it.
func TestClientHangsUp(t *testing.T) {
	t.Parallel()
	waiting, released := make(chan struct{}), make(chan error, 1)
	s := servertest.Start(t, servertest.Gateway(func(ctx context.Context, _ *servertest.Call) ([][]byte, error) {
		close(waiting)
		<-ctx.Done()
		released <- ctx.Err()
		return nil, ctx.Err()
	}), nil)
	conn := s.Dial(t, 0)
	servertest.Post(t, conn, servertest.Ping, fmt.Sprintf("Content-Length: %d", len(servertest.Ping)))
	<-waiting
	require.NoError(t, conn.Close())
	require.ErrorIs(t, <-released, context.Canceled)
	require.EqualValues(t, 499, s.Log.Lines(t, "request", 1)[0]["status"])
}

func returned(t *testing.T, body string) string {
	t.Helper()
	var m struct {
		Status int
		Return string
	}
	d := json.NewDecoder(strings.NewReader(body))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&m), body)
	return m.Return
}
