package web_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

// A panic costs only its own request, and the log contains nothing secret of
// it.
func TestPanic(t *testing.T) {
	t.Parallel()
	var none []int
	for name, c := range map[string]struct {
		cause  func(i int)
		logged string
	}{
		"value":   {func(int) { panic("s3cret") }, "panic with a string"},
		"runtime": {func(i int) { none[i] = 1 }, "panic: runtime error: index out of range [0] with length 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, servertest.Gateway(func(context.Context, *servertest.Call) ([][]byte, error) {
				c.cause(0)
				return nil, nil
			}), nil)
			conn := s.Dial(t, 0)
			r := bufio.NewReader(conn)
			for range 2 { // over one connection
				servertest.Post(t, conn, servertest.Ping, fmt.Sprintf("Content-Length: %d", len(servertest.Ping)))
				resp, body := servertest.ReadResponse(t, r)
				require.Equal(t, http.StatusInternalServerError, resp.StatusCode)
				require.Equal(t, `{"status": 500, "return": "An unexpected error occurred"}`, body)
			}
			line := s.Log.Lines(t, "request", 2)[0]
			require.Equal(t, c.logged, line["error"])
			require.Equal(t, "ERROR", line["level"])
			require.Contains(t, line["stack"], "front_test.go")
			require.NotContains(t, s.Log.String(), "s3cret")
		})
	}
}

func TestRequestLog(t *testing.T) {
	t.Parallel()
	secrets := []string{"s3cret-password", "s3cret-argument", "s3cret-token", "s3cret-query", "s3cret-answer", "s3cret-header"}
	s := servertest.Start(t, servertest.Gateway(func(_ context.Context, call *servertest.Call) ([][]byte, error) {
		for range call.Chunks {
			call.Records = append(call.Records, lowstate.Record{
				User: "saltdev", Eauth: "pam", Client: "local", Fun: "test.ping",
				JID: "20130412192112593739", Minions: 5,
			})
		}
		call.Records[1].User = strings.Repeat("é", 100)
		return [][]byte{[]byte(`"s3cret-answer"`)}, nil
	}), nil)

	chunk := `{"client":"local","username":"saltdev","password":"s3cret-password","eauth":"pam",
		"fun":"test.ping","tgt":"*","arg":["s3cret-argument"],"token":"s3cret-token"}`
	body := "[" + strings.Repeat(chunk+",", 6) + chunk + "]"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		"http://"+s.Addr(0)+"/run?token=s3cret-query", strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", servertest.JSON)
	req.Header.Set("X-Auth-Token", "s3cret-header")
	req.Header.Set("X-Request-Id", "proxy-17.a_b")
	req.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, got := servertest.Do(t, client, req)
	own := resp.Header.Get("X-Request-Id")
	require.Regexp(t, `^[A-Z2-7]{26}$`, own)

	line := s.Log.Lines(t, "request", 1)[0]
	for _, secret := range secrets {
		require.NotContains(t, s.Log.String(), secret)
	}
	require.Positive(t, line["duration_ms"])
	chunks := line["chunks"].([]any)
	require.Len(t, chunks, 5)
	require.Equal(t, map[string]any{
		"user": "saltdev", "eauth": "pam", "client": "local", "fun": "test.ping",
		"jid": "20130412192112593739", "minions": 5.0,
	}, chunks[0])
	require.Equal(t, strings.Repeat("é", 64)+"...", chunks[1].(map[string]any)["user"])
	for _, k := range []string{"time", "level", "msg", "duration_ms", "chunks"} {
		delete(line, k)
	}
	require.Equal(t, map[string]any{
		"request_id": own, "client_request_id": "proxy-17.a_b", "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"surface": "main", "remote": "127.0.0.1", "method": "POST",
		"path": "/run", "proto": "HTTP/1.1", "status": 200.0, "chunk_count": 7.0,
		"bytes_in": float64(len(body)), "bytes_out": float64(len(got)),
	}, line)
}

// A malformed id is not logged.
func TestRequestID(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering("1"), nil)
	ids := map[string]bool{}
	for _, sent := range []string{"", `a"b`, "a b", strings.Repeat("a", 65), "é"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr(0), nil)
		require.NoError(t, err)
		req.Header.Set("X-Request-Id", sent)
		resp, _ := servertest.Do(t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, req)
		id := resp.Header.Get("X-Request-Id")
		require.NotEqual(t, sent, id)
		require.Regexp(t, `^[A-Z2-7]{26}$`, id)
		ids[id] = true
	}
	require.Len(t, ids, 5)
}

func TestClientAddress(t *testing.T) {
	t.Parallel()
	proxied := func(prefixes ...string) func(*server.Config) {
		return func(c *server.Config) {
			for _, p := range prefixes {
				c.Settings.TrustedProxies = append(c.Settings.TrustedProxies, netip.MustParsePrefix(p))
			}
		}
	}
	for name, c := range map[string]struct {
		change func(*server.Config)
		sent   string
		want   string
	}{
		"direct":              {nil, "203.0.113.9", "127.0.0.1"},
		"proxied":             {proxied("127.0.0.1/32"), "198.51.100.1, 203.0.113.9", "203.0.113.9"},
		"proxied twice":       {proxied("127.0.0.1/32", "203.0.113.0/24"), "198.51.100.1, 203.0.113.9", "198.51.100.1"},
		"garbage":             {proxied("127.0.0.1/32"), "198.51.100.1, nobody", "127.0.0.1"},
		"nothing told":        {proxied("127.0.0.1/32"), "", "127.0.0.1"},
		"not a trusted proxy": {proxied("10.0.0.0/8"), "203.0.113.9", "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := make(chan string, 1)
			s := servertest.Start(t, servertest.Gateway(func(_ context.Context, call *servertest.Call) ([][]byte, error) {
				got <- call.RemoteAddr.String()
				return [][]byte{[]byte("1")}, nil
			}), c.change)
			conn := s.Dial(t, 0)
			servertest.Post(t, conn, servertest.Ping, fmt.Sprintf("Content-Length: %d", len(servertest.Ping)), "X-Forwarded-For: "+c.sent)
			servertest.ReadResponse(t, bufio.NewReader(conn))
			require.Equal(t, c.want, <-got)
			require.Equal(t, c.want, s.Log.Lines(t, "request", 1)[0]["remote"])
		})
	}
}
