package servertest

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// JSON is the media type of JSON.
const JSON = "application/json"

// Ping is a lowstate with one chunk, and Pong an answer to it.
const (
	Ping = `[{"eauth":"pam","username":"saltdev","password":"saltdev","client":"local","tgt":"*","fun":"test.ping"}]`
	Pong = `{"ms--4": true, "ms--3": true, "ms--2": true, "ms--1": true, "ms--0": true}`
)

// LowstateOf returns a lowstate of n bytes.
func LowstateOf(n int) string {
	const head, tail = `[{"client":"local","fun":"`, `"}]`
	return head + strings.Repeat("x", n-len(head)-len(tail)) + tail
}

// Response is the head of a response.
type Response struct {
	Proto         string
	StatusCode    int
	Header        http.Header
	ContentLength int64
	Close         bool
}

// newClient returns a client that opens a connection for each request.
func newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
}

// Send sends a request to the first listener. Headers are "Name: value"; they
// replace others of the same name, but those that begin with a plus are added.
func (s *Server) Send(t *testing.T, method, path, body string, headers ...string) (head Response, text string) {
	t.Helper()
	return s.SendTo(t, 0, method, path, body, headers...)
}

// SendTo is Send to any listener.
func (s *Server) SendTo(
	t *testing.T, listener int, method, path, body string, headers ...string,
) (head Response, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.Addr(listener)+path, strings.NewReader(body))
	require.NoError(t, err)
	if body != "" {
		req.Header.Set("Content-Type", JSON)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if more, ok := strings.CutPrefix(name, "+"); ok {
			req.Header.Add(more, value)
			continue
		}
		req.Header.Set(name, value)
	}
	return Do(t, newClient(), req)
}

// SendAs sends a request with a body of a content type; "" stands for none.
func (s *Server) SendAs(
	t *testing.T, listener int, method, path, contentType, body string,
) (head Response, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.Addr(listener)+path, strings.NewReader(body))
	require.NoError(t, err)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return Do(t, newClient(), req)
}

// Do sends a request and reads the response to its end.
func Do(t *testing.T, c *http.Client, req *http.Request) (head Response, body string) {
	t.Helper()
	resp, err := c.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	return read(t, resp)
}

func read(t *testing.T, resp *http.Response) (head Response, body string) {
	t.Helper()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return Response{resp.Proto, resp.StatusCode, resp.Header, resp.ContentLength, resp.Close}, string(text)
}

// Post writes a POST request for / with a JSON body to a connection. Headers
// are "Name: value"; one of them has to give the body's length.
func Post(t *testing.T, w io.Writer, body string, headers ...string) {
	t.Helper()
	headers = append([]string{"POST / HTTP/1.1", "Host: salt", "Content-Type: application/json"}, headers...)
	_, err := io.WriteString(w, strings.Join(headers, "\r\n")+"\r\n\r\n"+body)
	require.NoError(t, err)
}

// ReadResponse reads the next response from a connection.
func ReadResponse(t *testing.T, r *bufio.Reader) (head Response, body string) {
	t.Helper()
	resp, err := http.ReadResponse(r, nil)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	return read(t, resp)
}

// RequireEnd requires that the other side closes the connection.
func RequireEnd(t *testing.T, r io.Reader) {
	t.Helper()
	rest, err := io.ReadAll(r)
	if err != nil {
		var timeout net.Error
		require.False(t, errors.As(err, &timeout) && timeout.Timeout(), "the connection stays open")
	}
	require.Empty(t, rest)
}
