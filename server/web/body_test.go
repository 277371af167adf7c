package web_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

// limited starts a server with a body limit of 1000 bytes.
func limited(t *testing.T) *servertest.Server {
	return servertest.Start(t, servertest.Answering("1"), func(c *server.Config) { c.BodyLimit = 1000 })
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	s := limited(t)
	for name, c := range map[string]struct {
		head   string // of the body's length
		body   string
		status int
	}{
		"as large as it may be": {"Content-Length: 1000", servertest.LowstateOf(1000), 200},
		"one byte too many":     {"Content-Length: 1001", servertest.LowstateOf(1001), 413},
		"announced only":        {"Content-Length: 104857600", "", 413},
		"announced and waiting": {"Content-Length: 1001\r\nExpect: 100-continue", "", 413},
		"chunked":               {"Transfer-Encoding: chunked", chunked(servertest.LowstateOf(1000)), 200},
		"chunked, too many":     {"Transfer-Encoding: chunked", chunked(servertest.LowstateOf(1001)), 413},
		"chunked without end":   {"Transfer-Encoding: chunked", "7d0\r\n" + strings.Repeat("x", 1500), 413},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := s.Dial(t, 0)
			r := bufio.NewReader(conn)
			servertest.Post(t, conn, c.body, c.head)
			resp, body := servertest.ReadResponse(t, r)
			require.Equal(t, c.status, resp.StatusCode, body)
			if c.status == http.StatusOK {
				return
			}
			require.Equal(t, `{"status": 413, "return": "The request body is larger than 1000 bytes"}`, body)
			require.True(t, resp.Close)
			servertest.RequireEnd(t, r)
		})
	}
}

func chunked(body string) string {
	half := len(body) / 2
	return fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", half, body[:half], len(body)-half, body[half:])
}

// A body many times the first buffer arrives complete.
func TestLargeBody(t *testing.T) {
	t.Parallel()
	const size = 3<<20 + 17
	var got atomic.Int64
	s := servertest.Start(t, servertest.Gateway(func(_ context.Context, call *servertest.Call) ([][]byte, error) {
		got.Add(int64(len(call.Chunks)))
		return [][]byte{[]byte("1")}, nil
	}), nil)
	resp, _ := s.SendAs(t, 0, http.MethodPost, "/", servertest.JSON, servertest.LowstateOf(size))
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.EqualValues(t, 1, got.Load())
	require.EqualValues(t, size, s.Log.Lines(t, "request", 1)[0]["bytes_in"])
}

// All large bodies together are bounded, without an effect on small ones.
func TestBodiesInMemory(t *testing.T) {
	t.Parallel()
	const large = 256 << 10
	release := make(chan struct{})
	letGo := sync.OnceFunc(func() { close(release) })
	var held atomic.Int32
	s := servertest.Start(t, servertest.Gateway(func(_ context.Context, call *servertest.Call) ([][]byte, error) {
		if held.Add(1) <= 5 {
			<-release
		}
		return [][]byte{[]byte("1")}, nil
	}), func(c *server.Config) { c.BodyLimit = large })
	t.Cleanup(letGo)

	// Each holds all but its first 64 KiB of the four times 256 KiB, of which
	// one address may have half.
	send := func(from string) *bufio.Reader {
		c := s.DialFrom(t, from)
		servertest.Post(t, c, servertest.LowstateOf(large), fmt.Sprintf("Content-Length: %d", large))
		return bufio.NewReader(c)
	}
	refused := func(r *bufio.Reader) {
		t.Helper()
		resp, body := servertest.ReadResponse(t, r)
		require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode, body)
		require.Equal(t, "5", resp.Header.Get("Retry-After"))
		require.Contains(t, body, "Too many large requests at once")
	}
	for range 2 {
		send("127.0.0.2")
	}
	require.Eventually(t, func() bool { return held.Load() == 2 }, servertest.Timeout, time.Millisecond)
	refused(send("127.0.0.2"))
	for i := range 3 {
		send(fmt.Sprintf("127.0.0.%d", 3+i/2))
	}
	require.Eventually(t, func() bool { return held.Load() == 5 }, servertest.Timeout, time.Millisecond)
	refused(send("127.0.0.5"))
	for range 2 {
		resp, _ := s.SendAs(t, 0, http.MethodPost, "/", servertest.JSON, servertest.Ping)
		require.Equal(t, http.StatusOK, resp.StatusCode)
	}

	letGo()
	s.Log.Lines(t, "request", 9)
	resp, _ := s.SendAs(t, 0, http.MethodPost, "/", servertest.JSON, servertest.LowstateOf(large))
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

// Behind a trusted proxy the clients have shares, not the proxy.
func TestSharesBehindAProxy(t *testing.T) {
	t.Parallel()
	const large = 256 << 10
	release := make(chan struct{})
	letGo := sync.OnceFunc(func() { close(release) })
	var held atomic.Int32
	s := servertest.Start(t, servertest.Gateway(func(_ context.Context, call *servertest.Call) ([][]byte, error) {
		held.Add(1)
		<-release
		return [][]byte{[]byte("1")}, nil
	}), func(c *server.Config) {
		c.BodyLimit = large
		c.Settings.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	})
	t.Cleanup(letGo)
	send := func(client string) *bufio.Reader {
		c := s.Dial(t, 0)
		servertest.Post(t, c, servertest.LowstateOf(large), fmt.Sprintf("Content-Length: %d", large), "X-Forwarded-For: "+client)
		return bufio.NewReader(c)
	}
	send("2001:db8::1")
	send("2001:db8::2")
	require.Eventually(t, func() bool { return held.Load() == 2 }, servertest.Timeout, time.Millisecond)
	resp, _ := servertest.ReadResponse(t, send("2001:db8::3"))
	require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode, "they are of one network")
	send("2001:db8:0:1::1")
	send("192.0.2.1")
	require.Eventually(t, func() bool { return held.Load() == 4 }, servertest.Timeout, time.Millisecond)
	letGo()
	s.Log.Lines(t, "request", 5)
}

// A client that is still sending receives its refusal, even if the connection
// is closed.
func TestRefusedWhileSending(t *testing.T) {
	t.Parallel()
	s := limited(t)
	for _, path := range []string{"/", "/nosuch"} {
		for _, contentType := range []string{servertest.JSON, "text/html"} {
			for range 5 {
				want := http.StatusRequestEntityTooLarge
				switch {
				case path != "/":
					want = http.StatusNotFound
				case contentType != servertest.JSON:
					want = http.StatusNotAcceptable
				}
				resp, _ := s.SendAs(t, 0, http.MethodPost, path, contentType, servertest.LowstateOf(4<<20))
				require.Equal(t, want, resp.StatusCode)
			}
		}
	}
}

func TestExpectContinue(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering("1"), nil)
	conn := s.Dial(t, 0)
	r := bufio.NewReader(conn)
	for range 2 { // the second comes over the same connection
		servertest.Post(t, conn, "", fmt.Sprintf("Content-Length: %d", len(servertest.Ping)), "Expect: 100-continue")
		line, err := r.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "HTTP/1.1 100 Continue\r\n", line)
		_, err = r.ReadString('\n')
		require.NoError(t, err)
		_, err = io.WriteString(conn, servertest.Ping)
		require.NoError(t, err)
		resp, _ := servertest.ReadResponse(t, r)
		require.Equal(t, http.StatusOK, resp.StatusCode)
	}
}

// brief is a limit that a test exceeds on purpose. A test shortens only the
// limit that it is about: on a busy machine another one might be exceeded
// first.
const brief = 50 * time.Millisecond

func briefBody(c *server.Config)  { c.Settings.Limits.BodyTimeout = brief }
func briefWrite(c *server.Config) { c.Settings.Limits.WriteTimeout = brief }

func TestStalledBody(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering("1"), briefBody)
	for name, head := range map[string]string{"length": "Content-Length: 500", "chunked": "Transfer-Encoding: chunked"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := s.Dial(t, 0)
			r := bufio.NewReader(conn)
			servertest.Post(t, conn, "2\r\n[{", head)
			resp, body := servertest.ReadResponse(t, r)
			require.Equal(t, http.StatusRequestTimeout, resp.StatusCode)
			require.Equal(t, `{"status": 408, "return": "The request body did not arrive in time"}`, body)
			servertest.RequireEnd(t, r)
		})
	}
}

// Progress alone is not enough: an occasional byte must not hold the
// connection.
func TestDrippingBody(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering("1"), briefBody)
	conn := s.Dial(t, 0)
	servertest.Post(t, conn, "", "Content-Length: 100000")
	go func() {
		for {
			if _, err := io.WriteString(conn, " "); err != nil {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusRequestTimeout, resp.StatusCode)
}

// A body that no handler reads does not hold the connection either.
func TestStalledUnwantedBody(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering("1"), briefBody)
	conn := s.Dial(t, 0)
	_, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\nx")
	require.NoError(t, err)
	r := bufio.NewReader(conn)
	resp, _ := servertest.ReadResponse(t, r)
	require.Equal(t, http.StatusNotAcceptable, resp.StatusCode)
	servertest.RequireEnd(t, r)
}

// No limit counts while the gateway waits for minions.
func TestLongWait(t *testing.T) {
	t.Parallel()
	const limit = 3 * time.Second // a busy machine must not exceed it otherwise
	s := servertest.Start(t, servertest.Gateway(func(ctx context.Context, _ *servertest.Call) ([][]byte, error) {
		select {
		case <-time.After(limit + limit/2):
			return [][]byte{[]byte("1")}, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}), func(c *server.Config) {
		l := &c.Settings.Limits
		l.HeaderTimeout, l.BodyTimeout, l.WriteTimeout, l.IdleTimeout = limit, limit, limit, limit
	})
	resp, body := s.SendAs(t, 0, http.MethodPost, "/", servertest.JSON, servertest.Ping)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, `{"return": [1]}`, body)
}

// A client that does not read its response is cut off.
func TestStalledReader(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Answering(strings.Repeat(" ", 16<<20)), briefWrite)
	conn, err := servertest.SlowDialer().DialContext(t.Context(), "tcp", s.Addr(0))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	servertest.Post(t, conn, servertest.Ping, fmt.Sprintf("Content-Length: %d", len(servertest.Ping)))
	require.Contains(t, s.Log.Lines(t, "request", 1)[0]["error"], "write the answer")
}
