package clients

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/e2e/env"
)

// saltGUI sends what a browser sends that shows SaltGUI: to be had only from
// its repository, it is not in these tests itself.
type saltGUI struct {
	target
	token  string // empty before the login, and sent nevertheless
	cookie string // name=value; a page cannot see it, the browser sends it
}

// request is what SaltGUI's one function for requests makes of a call.
func (s *saltGUI) request(ctx context.Context, t *testing.T, method, path string, params map[string]any) *http.Request {
	t.Helper()
	body := ""
	if method == http.MethodPost {
		text, err := json.Marshal(params)
		require.NoError(t, err)
		body = string(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	require.NoError(t, err)
	accept := "application/json"
	switch {
	case strings.HasSuffix(path, ".txt"):
		accept = "text/plain"
	case strings.HasSuffix(path, ".html"):
		accept = "text/html"
	}
	if method == http.MethodPost {
		// The page names no type, so the browser names that of a string.
		req.Header.Set("Content-Type", "text/plain;charset=UTF-8")
		req.Header.Set("Origin", s.url)
	}
	for name, value := range map[string]string{
		"Accept": accept, "Cache-Control": "no-cache", "Pragma": "no-cache", "X-Auth-Token": s.token,
		"Accept-Encoding": "gzip, deflate, br, zstd", "Accept-Language": "en-US,en;q=0.9",
		"Referer": s.url + "/", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0",
		"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin",
	} {
		req.Header.Set(name, value)
	}
	if s.cookie != "" {
		req.Header.Set("Cookie", s.cookie)
	}
	return req
}

func (s *saltGUI) send(t *testing.T, method, path string, params map[string]any) env.Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return do(t, s.request(ctx, t, method, path, params))
}

// do sends a request without any header of Go's own.
func do(t *testing.T, req *http.Request) env.Answer {
	t.Helper()
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	require.NoError(t, err)
	defer resp.Body.Close() //nolint:errcheck // read to its end below
	reader, err := unpacked(resp)
	require.NoError(t, err)
	body, err := io.ReadAll(reader)
	require.NoError(t, err)
	return env.Answer{Status: resp.StatusCode, Header: resp.Header, Body: string(body)}
}

// call is a call to / that is answered, with return[0] decoded into v.
func (s *saltGUI) call(t *testing.T, v any, params map[string]any) {
	t.Helper()
	a := s.send(t, http.MethodPost, "/", params)
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	require.Equal(t, "application/json", a.Header.Get("Content-Type"))
	firstReturn(t, a.Body, v)
}

func firstReturn(t *testing.T, body string, v any) {
	t.Helper()
	var answer struct{ Return []json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(body), &answer), body)
	require.Len(t, answer.Return, 1, body)
	require.NoError(t, json.Unmarshal(answer.Return[0], v), body)
}

// guiLogin is the part of a login's answer that SaltGUI reads.
type guiLogin struct {
	Token  string
	Expire float64
	Perms  json.RawMessage
}

func (s *saltGUI) login(t *testing.T, user, password, eauth string) guiLogin {
	t.Helper()
	a := s.send(t, http.MethodPost, "/login", map[string]any{"eauth": eauth, "password": password, "username": user})
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	var l guiLogin
	firstReturn(t, a.Body, &l)
	require.Greater(t, l.Expire, float64(time.Now().Unix()))
	s.token = l.Token
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		if c.Name == "session_id" {
			require.Equal(t, "/", c.Path)
			s.cookie = c.Name + "=" + c.Value
		}
	}
	require.NotEmpty(t, s.cookie)
	return l
}
