package server_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

func TestStopFinishesRequests(t *testing.T) {
	t.Parallel()
	g := servertest.NewHeld()
	s := servertest.Start(t, g, nil)
	conn := s.Dial(t, 0)
	servertest.Post(t, conn, servertest.Ping, fmt.Sprintf("Content-Length: %d", len(servertest.Ping)))
	<-g.Started

	s.Stop()
	s.Log.Lines(t, "stopping", 1)
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", s.Addr(0))
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	}, servertest.Timeout, time.Millisecond, "new connections are still taken")

	close(g.Release)
	r := bufio.NewReader(conn)
	resp, body := servertest.ReadResponse(t, r)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, `{"return": [1]}`, body)
	servertest.RequireEnd(t, r)
	require.NoError(t, s.Wait(t))
}

func TestStopIsBounded(t *testing.T) {
	t.Parallel()
	g := servertest.NewHeld()
	s := servertest.Start(t, g, func(c *server.Config) { c.Settings.ShutdownTimeout = 20 * time.Millisecond })
	conn := s.Dial(t, 0)
	servertest.Post(t, conn, servertest.Ping, fmt.Sprintf("Content-Length: %d", len(servertest.Ping)))
	<-g.Started

	s.Stop()
	resp, body := servertest.ReadResponse(t, bufio.NewReader(conn))
	require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
	require.Equal(t, `{"status": 503, "return": "The gateway is stopping"}`, body)
	require.NotEmpty(t, resp.Header.Get("Retry-After"))
	require.NoError(t, s.Wait(t))
	require.EqualValues(t, 503, s.Log.Lines(t, "request", 1)[0]["status"])
}

func TestListenFails(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()

	_, err = server.Listen(t.Context(), server.Config{Gateway: servertest.Answering("1")})
	require.ErrorContains(t, err, "no listener is configured")
	_, err = server.Listen(t.Context(), server.Config{})
	require.ErrorContains(t, err, "a gateway is needed")

	free := server.ListenerSpec{Address: "127.0.0.1:0"}
	_, err = server.Listen(t.Context(), server.Config{Gateway: servertest.Answering("1"),
		Listeners: []server.ListenerSpec{free, {Address: taken.Addr().String(), Optional: true}}})
	require.ErrorContains(t, err, "address already in use")

	// An address that this machine does not have.
	elsewhere := server.ListenerSpec{Address: "192.0.2.1:0", Optional: true}
	s := servertest.Start(t, servertest.Answering("1"), func(c *server.Config) { c.Listeners = []server.ListenerSpec{elsewhere, free} })
	require.Len(t, s.Addrs(), 1)
}
