package servertest

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/server"
)

// Timeout is how long a test waits for an event.
const Timeout = time.Minute

// Server is a server under test.
type Server struct {
	*server.Server
	Log  *Log
	Stop context.CancelFunc
	done chan error // the result of Serve
}

// Start serves main on the first listener and wsgi on the second, unless change
// sets others, and stops with the test.
func Start(t *testing.T, g server.Gateway, change func(*server.Config)) *Server {
	t.Helper()
	set := settings.Default()
	set.Admin.Listen = ""
	set.StateDir = t.TempDir()
	log := new(Log)
	cfg := server.Config{
		Gateway: g,
		Listeners: []server.ListenerSpec{
			{Surface: server.Main, Address: "127.0.0.1:0"},
			{Surface: server.WSGI, Address: "127.0.0.1:0"},
		},
		Settings: set,
		Log:      slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&cfg)
	}
	s, err := server.Listen(t.Context(), cfg)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	r := &Server{Server: s, Log: log, Stop: cancel, done: make(chan error, 1)}
	go func() { r.done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, r.Wait(t))
	})
	return r
}

// WithAdmin opens the admin listener.
func WithAdmin(c *server.Config) { c.Settings.Admin.Listen = "127.0.0.1:0" }

// Wait returns the result of Serve. It may be called repeatedly.
func (s *Server) Wait(t *testing.T) error {
	t.Helper()
	select {
	case err := <-s.done:
		s.done <- err
		return err
	case <-time.After(Timeout):
		require.FailNow(t, "the server does not stop")
		return nil
	}
}

// Addr returns the address of a listener.
func (s *Server) Addr(listener int) string { return s.Addrs()[listener].String() }

// Dial opens a connection that closes with the test.
func (s *Server) Dial(t *testing.T, listener int) net.Conn {
	t.Helper()
	return s.dial(t, listener, nil)
}

// DialFrom connects to the first listener from another address of this machine.
func (s *Server) DialFrom(t *testing.T, from string) net.Conn {
	t.Helper()
	return s.dial(t, 0, &net.TCPAddr{IP: net.ParseIP(from)})
}

// SlowDialer opens connections with a receive buffer as small as it can be: what
// the client does not read soon fills the server's side.
func SlowDialer() *net.Dialer {
	return &net.Dialer{Control: func(_, _ string, c syscall.RawConn) (err error) {
		failed := c.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 1)
		})
		return errors.Join(failed, err)
	}}
}

// SlowClient is a client with a [SlowDialer].
func SlowClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: SlowDialer().DialContext}}
}

func (s *Server) dial(t *testing.T, listener int, from net.Addr) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{LocalAddr: from}).DialContext(t.Context(), "tcp", s.Addr(listener))
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(Timeout)))
	return c
}

// AdminGet sends a GET request to the admin listener.
func (s *Server) AdminGet(t *testing.T, path string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.AdminAddr().String()+path, nil)
	require.NoError(t, err)
	resp, body := Do(t, newClient(), req)
	return resp.StatusCode, body
}
