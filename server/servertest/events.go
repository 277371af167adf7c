package servertest

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/server"
)

// Events is a server before the event bus of a stand-in for a master.
type Events struct {
	*Server
	Master   *mastertest.Master
	Hub      *eventstream.Hub
	Sessions *EndingSessions
}

// EventOptions are the options of [StartEvents].
type EventOptions struct {
	Master  mastertest.Options
	Hub     eventstream.Options
	Firer   eventbus.FirerOptions
	Server  func(*server.Config)
	Gateway Gateway
}

// StartEvents starts a server with an event bus.
func StartEvents(t *testing.T, o EventOptions) *Events {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	e := &Events{Master: mastertest.Start(t, o.Master), Sessions: &EndingSessions{wake: make(chan struct{})}}
	bus := eventbus.New(eventbus.Options{Network: "unix", Address: e.Master.BusPath(), Log: quiet})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- bus.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
	})
	require.NoError(t, bus.Ready(t.Context()))
	require.Eventually(t, func() bool { return e.Master.Subscribers() == 1 }, Timeout, time.Millisecond)
	o.Hub.Tap = func() eventstream.Tap { return bus.Expect("") }
	o.Hub.Log = quiet
	e.Hub = eventstream.New(o.Hub)
	t.Cleanup(e.Hub.Close)
	o.Firer.Network, o.Firer.Address, o.Firer.Log = "unix", e.Master.PullPath(), quiet
	e.Server = Start(t, o.Gateway, func(c *server.Config) {
		c.Sessions, c.Events, c.Hooks = e.Sessions, e.Hub, eventbus.NewFirer(bus, o.Firer)
		if o.Server != nil {
			o.Server(c)
		}
	})
	return e
}

// Fire sends an event with data in JSON.
func (e *Events) Fire(tag, data string) { e.Master.Fire(tag, mastertest.JSON(data)) }

// EventStream is a client of /events.
type EventStream struct {
	t      *testing.T
	Resp   *http.Response
	Reader *bufio.Reader
}

// Follow opens /events with the session and reads up to the first event.
func (e *Events) Follow(t *testing.T, query string, headers ...string) *EventStream {
	t.Helper()
	return Follow(t, newClient(), "http://"+e.Addr(0)+"/events"+query, headers...)
}

// Follow is the method of [Events] with a client and the whole URL.
func Follow(t *testing.T, c *http.Client, url string, headers ...string) *EventStream {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Timeout)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	for _, h := range append([]string{AuthToken + SessionID}, headers...) {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := c.Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() })
	require.Equal(t, http.StatusOK, resp.StatusCode)
	s := &EventStream{t: t, Resp: resp, Reader: bufio.NewReader(resp.Body)}
	line, err := s.Reader.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "retry: 400\n", line)
	return s
}

// Block returns the text up to an empty line.
func (s *EventStream) Block() string {
	s.t.Helper()
	var b strings.Builder
	for {
		line, err := s.Reader.ReadString('\n')
		require.NoError(s.t, err, "after %q", b.String())
		if line == "\n" {
			return b.String()
		}
		b.WriteString(line)
	}
}

// RequireEnd reads the last event, with the reason, and the end of the stream.
func (s *EventStream) RequireEnd(reason string) {
	s.t.Helper()
	require.Equal(s.t, "event: saltern-cut-off\ntag: saltern/cut-off\ndata: "+
		`{"data": {"reason": "`+reason+`"}, "tag": "saltern/cut-off"}`+"\n", s.Block())
	rest, err := io.ReadAll(s.Reader)
	require.NoError(s.t, err)
	require.Empty(s.t, string(rest))
}
