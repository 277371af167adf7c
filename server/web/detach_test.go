package web_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server/web"
)

// detaching is a server whose only handler detaches its response, and has the
// remainder written by rest.
type detaching struct {
	*httptest.Server
	running  tasks
	detached chan bool
	gone     chan struct{} // closed when a client has
	left     sync.Once
	rest     func(x *web.Exchange) error
	until    web.Until // before rest; nil for none
	log      lockedLog
}

// lockedLog is a log in memory.
type lockedLog struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func startDetaching(t *testing.T, rest func(x *web.Exchange) error) *detaching {
	t.Helper()
	s := &detaching{detached: make(chan bool, 1), gone: make(chan struct{}), rest: rest}
	front := &web.Front{
		Surface: "main", WriteTimeout: time.Minute, BodyTimeout: time.Minute,
		Bodies: web.NewBodies(1 << 20), Metrics: web.NewMetrics(prometheus.NewRegistry()), Traffic: web.NewTraffic(),
		Log:    slog.New(slog.NewTextHandler(&s.log, nil)),
		Errors: func(x *web.Exchange, _ *http.Request, e *web.Error) { x.WriteHeader(e.Status) },
		Path:   func(path string) string { return path },
		Go:     func(f func()) { s.running.Go(f) },
		Next: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			x := web.ExchangeOf(r.Context())
			x.WriteHeader(http.StatusOK)
			_, _ = io.WriteString(x, "begun\n")
			_ = x.Control.Flush()
			until := s.until
			ok := x.Detach(r, s.leave, func() (now web.Until, _ error) {
				if now, until = until, nil; now != nil {
					return now, nil
				}
				return nil, s.rest(x)
			})
			s.detached <- ok
			if !ok {
				_ = s.rest(x)
			}
		}),
	}
	s.Server = httptest.NewUnstartedServer(front)
	s.EnableHTTP2 = true
	return s
}

// leave has the first client that has gone known.
func (s *detaching) leave() { s.left.Do(func() { close(s.gone) }) }

// begin starts the server, with TLS or without.
func (s *detaching) begin(proto string) {
	if proto == "TLS" {
		s.StartTLS()
	} else {
		s.Start()
	}
}

// dial sends a request over HTTP/1, and returns the body of the response when
// that has begun.
func (s *detaching) dial(t *testing.T, proto string) (net.Conn, io.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	if strings.HasPrefix(s.URL, "https:") {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, err = io.WriteString(conn, "GET /stream "+proto+"\r\nHost: localhost\r\n\r\n")
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() })
	return conn, resp.Body
}

// The remainder comes after the handler has returned, as chunks of the same
// response; its line in the log comes at the end.
func TestDetach(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789abcdef", 10_000)
	began := make(chan struct{})
	s := startDetaching(t, func(x *web.Exchange) error {
		<-began
		for _, text := range []string{"one\n", "", long} {
			if _, err := io.WriteString(x, text); err != nil {
				return err
			}
		}
		return x.Control.Flush()
	})
	s.Start()
	defer s.Close()
	_, stream := s.dial(t, "HTTP/1.1")
	require.True(t, <-s.detached)
	require.NotContains(t, s.log.String(), "request_id")
	close(began)
	body, err := io.ReadAll(stream)
	require.NoError(t, err)
	require.Equal(t, "begun\none\n"+long, string(body))
	s.running.Wait()
	<-s.gone
	require.Contains(t, s.log.String(), "method=GET path=/stream proto=HTTP/1.1 status=200 bytes_in=0 bytes_out=160010")
}

// A remainder that fails leaves the response incomplete, and so does one that
// panics, which costs nothing else.
func TestDetachedFailure(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rest   func(x *web.Exchange) error
		logged string
	}{
		"error": {func(*web.Exchange) error { return errors.New("the source is gone") }, `error="the source is gone"`},
		"panic": {func(*web.Exchange) error { panic("s3cret") }, `error="panic with a string"`},
		"abort": {func(*web.Exchange) error { panic(http.ErrAbortHandler) }, "status=200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startDetaching(t, c.rest)
			s.Start()
			defer s.Close()
			_, stream := s.dial(t, "HTTP/1.1")
			_, err := io.ReadAll(stream)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			s.running.Wait()
			require.Contains(t, s.log.String(), c.logged)
			require.NotContains(t, s.log.String(), "s3cret")
		})
	}
}

// A client that goes away is noticed, and so is one that sends without end, whether it
// waits for something or a step runs.
func TestDetachedClientGone(t *testing.T) {
	t.Parallel()
	send := func(conn net.Conn) { _, _ = conn.Write(make([]byte, 1<<20)) }
	for name, leave := range map[string]func(conn net.Conn){
		"closes": func(conn net.Conn) { _ = conn.Close() },
		"sends":  send,
		"sends, and closes": func(conn net.Conn) {
			_, _ = conn.Write([]byte("GET /next HTTP/1.1\r\n"))
			_ = conn.Close()
		},
		"has nothing more": func(conn net.Conn) { _ = conn.(interface{ CloseWrite() error }).CloseWrite() },
	} {
		for _, proto := range []string{"plain", "TLS"} {
			t.Run(name+"/"+proto, func(t *testing.T) {
				t.Parallel()
				ended := make(chan struct{})
				s := startDetaching(t, nil)
				s.rest = func(*web.Exchange) error {
					<-s.gone
					close(ended)
					return context.Canceled
				}
				s.begin(proto)
				defer s.Close()
				conn, _ := s.dial(t, "HTTP/1.1")
				require.True(t, <-s.detached)
				leave(conn)
				<-ended
				s.running.Wait()
			})
		}
	}
}

// While nothing happens, no connection has a goroutine.
func TestDetachedIsQuiet(t *testing.T) { //nolint:paralleltest // goroutines are counted
	for _, proto := range []string{"plain", "TLS"} {
		t.Run(proto, func(t *testing.T) {
			const n, others = 50, 5
			s := startDetaching(t, nil)
			s.detached = make(chan bool, n)
			begins := make(chan func(), n)
			s.until = func(begin func()) { begins <- begin }
			s.rest = func(x *web.Exchange) error {
				_, err := io.WriteString(x, "end\n")
				return err
			}
			s.begin(proto)
			defer s.Close()
			before := runtime.NumGoroutine()
			bodies := make([]io.Reader, n)
			for i := range bodies {
				_, bodies[i] = s.dial(t, "HTTP/1.1")
			}
			require.Eventually(t, func() bool { return len(begins) == n && runtime.NumGoroutine() < before+others },
				time.Minute, 10*time.Millisecond)
			for range n {
				(<-begins)()
			}
			for _, body := range bodies {
				text, err := io.ReadAll(body)
				require.NoError(t, err)
				require.Equal(t, "begun\nend\n", string(text))
			}
			s.running.Wait()
		})
	}
}

// Over HTTP/2, and for a client that knows no chunks, the handler goes on.
func TestNotDetached(t *testing.T) {
	t.Parallel()
	rest := func(x *web.Exchange) error {
		_, err := io.WriteString(x, "rest\n")
		return err
	}
	t.Run("HTTP/2", func(t *testing.T) {
		t.Parallel()
		s := startDetaching(t, rest)
		s.StartTLS()
		defer s.Close()
		resp, err := s.Client().Get(s.URL + "/stream")
		require.NoError(t, err)
		defer resp.Body.Close() //nolint:errcheck // it was read
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, 2, resp.ProtoMajor)
		require.Equal(t, "begun\nrest\n", string(body))
		require.False(t, <-s.detached)
	})
	t.Run("HTTP/1.0", func(t *testing.T) {
		t.Parallel()
		s := startDetaching(t, rest)
		s.Start()
		defer s.Close()
		_, stream := s.dial(t, "HTTP/1.0")
		body, err := io.ReadAll(stream)
		require.NoError(t, err)
		require.Equal(t, "begun\nrest\n", string(body))
		require.False(t, <-s.detached)
	})
}

// A whole response is written after the handler has returned, also one of an error.
func TestDetachWhole(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, proto string
		rest          func(x *web.Exchange) error
		detached      bool
		status        int
		body          string
	}{
		"with a length": {"GET", "HTTP/1.1", func(x *web.Exchange) error {
			x.WriteBody("text/plain", http.StatusOK, []byte("whole"))
			return nil
		}, true, 200, "whole"},
		"in parts": {"GET", "HTTP/1.1", func(x *web.Exchange) error {
			_, _ = io.WriteString(x, "one ")
			_, err := io.WriteString(x, "two")
			return err
		}, true, 200, "one two"},
		"an error": {"GET", "HTTP/1.1", func(*web.Exchange) error {
			return &web.Error{Status: http.StatusConflict, Text: "it is busy"}
		}, true, 409, "it is busy"},
		"HTTP/1.0": {"GET", "HTTP/1.0", func(x *web.Exchange) error {
			x.WriteBody("text/plain", http.StatusOK, []byte("whole"))
			return nil
		}, false, 200, "whole"},
		"POST": {"POST", "HTTP/1.1", func(x *web.Exchange) error {
			x.WriteBody("text/plain", http.StatusOK, []byte("whole"))
			return nil
		}, false, 200, "whole"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var running tasks
			returned := make(chan bool, 1)
			m := web.NewMux()
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				m.Handle(method, "/", func(x *web.Exchange, r *http.Request) error {
					x.Header().Set("X-Kept", "kept")
					begin := make(chan struct{})
					defer close(begin)
					ok := x.DetachWhole(r, func() {}, nil, func() (web.Until, error) { <-begin; return nil, c.rest(x) })
					returned <- ok
					if !ok {
						return c.rest(x)
					}
					return nil
				})
			}
			front := &web.Front{
				Surface: "main", WriteTimeout: time.Minute, BodyTimeout: time.Minute, Bodies: web.NewBodies(1 << 20),
				Metrics: web.NewMetrics(prometheus.NewRegistry()), Traffic: web.NewTraffic(), Log: slog.New(slog.DiscardHandler),
				Errors: func(x *web.Exchange, _ *http.Request, e *web.Error) { x.WriteBody("text/plain", e.Status, nil) },
				Path:   func(path string) string { return path }, Go: func(f func()) { running.Go(f) }, Next: web.Negotiated(m),
			}
			s := httptest.NewServer(front)
			defer s.Close()
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			require.NoError(t, err)
			defer conn.Close() //nolint:errcheck // it was read
			_, err = io.WriteString(conn, c.method+" / "+c.proto+"\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
			require.NoError(t, err)
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, c.detached, <-returned)
			require.Equal(t, c.status, resp.StatusCode)
			require.Equal(t, c.body, string(body))
			require.Equal(t, "kept", resp.Header.Get("X-Kept"))
			require.NotEmpty(t, resp.Header.Get("X-Request-Id"))
			require.NotEmpty(t, resp.Header.Get("Date"))
			if c.detached {
				require.True(t, resp.Close, "the connection is closed after it")
			}
			running.Wait()
		})
	}
}

// A response that waits begins when it is said to, once, or when the client is gone.
func TestDetachUntil(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		leaves bool
		rest   func(x *web.Exchange) error
		body   string // "" for no response
		logged string
	}{
		"begins": {rest: func(x *web.Exchange) error {
			x.WriteBody("text/plain", http.StatusOK, []byte("whole"))
			return nil
		}, body: "whole", logged: "status=200"},
		"panics": {rest: func(*web.Exchange) error { panic("s3cret") }, logged: `error="panic with a string"`},
		"the client is gone": {leaves: true, rest: func(*web.Exchange) error { return context.Canceled },
			logged: "status=499"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var running tasks
			var calls atomic.Int64
			var log lockedLog
			begins := make(chan func(), 1)
			m := web.NewMux()
			m.Handle(http.MethodGet, "/", func(x *web.Exchange, r *http.Request) error {
				until := func(begin func()) { begins <- begin }
				require.True(t, x.DetachWhole(r, func() {}, until, func() (web.Until, error) {
					calls.Add(1)
					return nil, c.rest(x)
				}))
				return nil
			})
			front := &web.Front{
				Surface: "main", WriteTimeout: time.Minute, BodyTimeout: time.Minute, Bodies: web.NewBodies(1 << 20),
				Metrics: web.NewMetrics(prometheus.NewRegistry()), Traffic: web.NewTraffic(), Log: slog.New(slog.NewTextHandler(&log, nil)),
				Errors: func(x *web.Exchange, _ *http.Request, e *web.Error) { x.WriteHeader(e.Status) },
				Path:   func(path string) string { return path }, Go: func(f func()) { running.Go(f) }, Next: web.Negotiated(m),
			}
			s := httptest.NewServer(front)
			defer s.Close()
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			require.NoError(t, err)
			defer conn.Close() //nolint:errcheck // it was read
			_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
			require.NoError(t, err)
			begin := <-begins
			require.Zero(t, calls.Load())
			require.Empty(t, log.String())
			var beginning sync.WaitGroup
			if c.leaves {
				require.NoError(t, conn.Close())
			} else {
				for range 3 {
					beginning.Go(begin)
				}
				text, err := io.ReadAll(conn)
				require.NoError(t, err)
				require.Equal(t, c.body != "", strings.HasSuffix(string(text), "\r\n\r\n"+c.body), "%s", text)
			}
			running.Wait()
			beginning.Wait()
			begin() // too late
			require.EqualValues(t, 1, calls.Load())
			require.Contains(t, log.String(), c.logged)
			require.NotContains(t, log.String(), "s3cret")
			require.Equal(t, 1, strings.Count(log.String(), "request_id"))
		})
	}
}

// tasks are the goroutines of a front. Unlike those of a sync.WaitGroup they may
// begin while there are none and somebody waits: the test learns of them from
// the connection.
type tasks struct {
	mu      sync.Mutex
	ended   sync.Cond
	running int
}

// Go runs f.
func (a *tasks) Go(f func()) {
	a.mu.Lock()
	a.running++
	a.mu.Unlock()
	go func() {
		defer func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.running--
			a.ended.L = &a.mu
			a.ended.Broadcast()
		}()
		f()
	}()
}

// Wait waits until none runs.
func (a *tasks) Wait() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended.L = &a.mu
	for a.running > 0 {
		a.ended.Wait()
	}
}
