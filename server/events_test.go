package server_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/server"
)

// followed are sessions that can be ended.
type followed struct {
	fakeSessions
	mu    sync.Mutex
	ended error
	wake  chan struct{}
}

func (f *followed) end(why error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = why
	close(f.wake)
}

func (f *followed) Follow(ctx context.Context, _ *session.Session) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-ctx.Done():
		case <-f.wake:
			f.mu.Lock()
			defer f.mu.Unlock()
			cancel(f.ended)
		}
	}()
	return ctx, func() { cancel(nil) }
}

// eventRig is a server with a stand-in master's bus behind it.
type eventRig struct {
	*running
	master   *mastertest.Master
	hub      *eventstream.Hub
	sessions *followed
}

type eventRigOptions struct {
	master mastertest.Options
	hub    eventstream.Options
	firer  eventbus.FirerOptions
	server func(*server.Config)
	run    fakeGateway
}

func newEventRig(t *testing.T, o eventRigOptions) *eventRig {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	r := &eventRig{master: mastertest.Start(t, o.master), sessions: &followed{wake: make(chan struct{})}}
	bus := eventbus.New(eventbus.Options{Network: "unix", Address: r.master.BusPath(), Log: quiet})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- bus.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
	})
	require.NoError(t, bus.Ready(t.Context()))
	require.Eventually(t, func() bool { return r.master.Subscribers() == 1 }, patience, time.Millisecond)
	o.hub.Tap = func() eventstream.Tap { return bus.Expect("") }
	o.hub.Log = quiet
	r.hub = eventstream.New(o.hub)
	t.Cleanup(r.hub.Close)
	o.firer.Network, o.firer.Address, o.firer.Log = "unix", r.master.PullPath(), quiet
	r.running = start(t, o.run, func(c *server.Config) {
		c.Sessions, c.Events, c.Hooks = r.sessions, r.hub, eventbus.NewFirer(bus, o.firer)
		if o.server != nil {
			o.server(c)
		}
	})
	return r
}

func (r *eventRig) fire(tag, data string) { r.master.Fire(tag, mastertest.JSON(data)) }

// eventStream is a client of /events.
type eventStream struct {
	t    *testing.T
	resp *http.Response
	r    *bufio.Reader
}

// follow opens /events and reads up to the first event.
func (r *eventRig) follow(t *testing.T, query string, headers ...string) *eventStream {
	t.Helper()
	return followWith(t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, "http://"+r.addr(0)+"/events"+query, headers...)
}

func followWith(t *testing.T, c *http.Client, url string, headers ...string) *eventStream {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	for _, h := range append([]string{authToken + sessionID}, headers...) {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := c.Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() })
	require.Equal(t, http.StatusOK, resp.StatusCode)
	s := &eventStream{t: t, resp: resp, r: bufio.NewReader(resp.Body)}
	line, err := s.r.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "retry: 400\n", line)
	return s
}

// block reads up to an empty line.
func (s *eventStream) block() string {
	s.t.Helper()
	var b strings.Builder
	for {
		line, err := s.r.ReadString('\n')
		require.NoError(s.t, err, "after %q", b.String())
		if line == "\n" {
			return b.String()
		}
		b.WriteString(line)
	}
}

// end reads the last event and the end of the stream.
func (s *eventStream) end(reason string) {
	s.t.Helper()
	require.Equal(s.t, "event: saltern-cut-off\ntag: saltern/cut-off\ndata: "+
		`{"data": {"reason": "`+reason+`"}, "tag": "saltern/cut-off"}`+"\n", s.block())
	rest, err := io.ReadAll(s.r)
	require.NoError(s.t, err)
	require.Empty(s.t, string(rest))
}

// blockOf matches a block in salt-api's form, with its id.
func blockOf(tag, data string) *regexp.Regexp {
	return regexp.MustCompile(`\A` + regexp.QuoteMeta("tag: "+tag+"\ndata: {\"data\": "+data+`, "tag": "`+tag+"\"}\n") +
		`id: [0-9a-f]{12}-\d+` + "\n\\z")
}

func TestEventStream(t *testing.T) {
	t.Parallel()
	r := newEventRig(t, eventRigOptions{})
	s := r.follow(t, "", "Accept-Encoding: gzip")
	require.Equal(t, "text/event-stream;charset=utf-8", s.resp.Header.Get("Content-Type"))
	require.Equal(t, "no-cache", s.resp.Header.Get("Cache-Control"))
	require.Equal(t, "no", s.resp.Header.Get("X-Accel-Buffering"))
	require.Empty(t, s.resp.Header.Get("Content-Encoding"))
	const jid = "20261122133409055051"
	r.fire("salt/job/"+jid+"/new", `{"jid": "`+jid+`", "arg": [1.0, "é"], "b": null}`)
	r.fire("salt/job/"+jid+"/error", `{"kwargs": {"token": "`+saltToken+`"}}`)
	require.Regexp(t, blockOf("salt/job/"+jid+"/new", `{"jid": "`+jid+`", "arg": [1.0, "é"], "b": null}`), s.block())
	require.Regexp(t, blockOf("salt/job/"+jid+"/error", `{"kwargs": {"token": "REDACTED"}}`), s.block())

	require.NoError(t, s.resp.Body.Close())
	require.Eventually(t, func() bool { return r.hub.Stats().Readers == 0 }, patience, time.Millisecond, "the client has gone")
}

func TestEventStreamOverHTTP2(t *testing.T) {
	t.Parallel()
	r := newEventRig(t, eventRigOptions{server: func(c *server.Config) { c.Listeners[0].TLS = true }})
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // a pair made for this test
		ForceAttemptHTTP2: true,
	}
	defer transport.CloseIdleConnections()
	c := &http.Client{Transport: transport}
	var all []*eventStream
	for range 10 { // on one connection
		all = append(all, followWith(t, c, "https://"+r.addr(0)+"/events"))
	}
	require.Equal(t, 2, all[0].resp.ProtoMajor)
	r.fire("a", `{}`)
	for _, s := range all {
		require.Regexp(t, blockOf("a", "{}"), s.block())
	}
	r.sessions.end(session.ErrExpired)
	for _, s := range all {
		s.end("The session has expired")
	}
}

func TestEventFilters(t *testing.T) {
	t.Parallel()
	acl, err := eventstream.NewACL([]eventstream.Rule{{Users: []string{"saltdev"}, Tags: []string{"salt/*"}}})
	require.NoError(t, err)
	r := newEventRig(t, eventRigOptions{hub: eventstream.Options{ACL: acl}})
	s := r.follow(t, "?tag=salt/job/*&tag=*/ret")
	for _, tag := range []string{"salt/key", "salt/job/1/new", "x/ret", "salt/run/1/new", "salt/run/1/ret"} {
		r.fire(tag, `{}`)
	}
	require.Regexp(t, blockOf("salt/job/1/new", "{}"), s.block())
	require.Regexp(t, blockOf("salt/run/1/ret", "{}"), s.block())
}

func TestEventRefusals(t *testing.T) {
	t.Parallel()
	r := newEventRig(t, eventRigOptions{})
	for path, status := range map[string]int{
		"/events?token=" + sessionID:              400,
		"/events?salt_token=" + saltToken:         400,
		"/events?tag=a&x=":                        400,
		"/events?tag=":                            400,
		"/events?tag=%ff":                         400,
		"/events?%":                               400,
		"/events" + strings.Repeat("/x", 1):       404,
		"/events?" + strings.Repeat("tag=a&", 65): 400,
	} {
		head, body := r.with(t, "GET", path, "", authToken+sessionID)
		require.Equal(t, status, head.StatusCode, path)
		require.NotContains(t, body, sessionID)
	}
	_, body := r.with(t, "GET", "/events?token=x", "")
	require.Contains(t, body, "tokens must not be passed via the query string -- they end up in access logs", "before who asks")
	for _, h := range []string{authToken + "abc", "Cookie: session_id=" + strings.Repeat("0", 40), "X-Nothing: "} {
		head, _ := r.with(t, "GET", "/events", "", h)
		require.Equal(t, 401, head.StatusCode, h)
	}
	without, _ := withSessions(t, answering("{}"), nil)
	head, _ := without.with(t, "GET", "/events", "", authToken+sessionID)
	require.Equal(t, 503, head.StatusCode)
	require.Zero(t, r.hub.Stats().Readers)
}

func TestEventCredentials(t *testing.T) {
	t.Parallel()
	r := newEventRig(t, eventRigOptions{})
	for _, h := range []string{authToken + saltToken, "Authorization: Bearer " + sessionID, "Cookie: session_id=" + sessionID} {
		s := r.follow(t, "", "X-Auth-Token: ", h)
		r.fire("a", `{}`)
		require.Regexp(t, blockOf("a", "{}"), s.block(), h)
		require.NoError(t, s.resp.Body.Close())
	}
}

func TestEventsResume(t *testing.T) {
	t.Parallel()
	r := newEventRig(t, eventRigOptions{})
	s := r.follow(t, "")
	r.fire("a", `{}`)
	r.fire("b", `{}`)
	_, id, _ := strings.Cut(s.block(), "id: ")
	require.Regexp(t, blockOf("b", "{}"), s.block())
	require.NoError(t, s.resp.Body.Close())

	s = r.follow(t, "", "Last-Event-ID: "+strings.TrimSpace(id))
	require.Regexp(t, blockOf("b", "{}"), s.block())

	s = r.follow(t, "", "Last-Event-ID: 0123456789ab-7")
	r.fire("c", `{}`)
	require.Regexp(t, `\Aevent: saltern-gap\ntag: saltern/gap\ndata: {"data": {"reason": "[^"]+"}, "tag": "saltern/gap"}\nid: .+\n\z`, s.block())
	require.Regexp(t, blockOf("c", "{}"), s.block())
}

func TestEventsEndWithTheirSession(t *testing.T) {
	t.Parallel()
	r := newEventRig(t, eventRigOptions{})
	s := r.follow(t, "")
	r.fire("a", `{}`)
	require.Regexp(t, blockOf("a", "{}"), s.block())
	r.sessions.end(session.ErrRevoked)
	s.end("The session was ended")
	line := r.log.lines(t, "request", 1)[0]
	require.Equal(t, "saltdev", line["user"])
	require.NotContains(t, line, "error")
}

func TestEventsEndWithTheServer(t *testing.T) {
	t.Parallel()
	r := newEventRig(t, eventRigOptions{server: func(c *server.Config) { c.Settings.ShutdownTimeout = time.Hour }})
	s := r.follow(t, "")
	r.stop()
	s.end("The gateway is stopping")
	require.NoError(t, r.wait(t))
}

func TestSlowEventReaderIsCutOff(t *testing.T) {
	t.Parallel()
	r := newEventRig(t, eventRigOptions{hub: eventstream.Options{Events: 16}})
	s := r.follow(t, "")
	data := `{"x": "` + strings.Repeat("x", 256<<10) + `"}`
	quick := r.follow(t, "")
	for n := range 100 { // far more than the kernel holds for a client that does not read
		r.fire(fmt.Sprint(n), data)
		require.Regexp(t, "^tag: "+fmt.Sprint(n)+"\n", quick.block())
	}
	next := 0
	for {
		block := s.block()
		if strings.HasPrefix(block, "event: ") {
			require.Contains(t, block, "The events came faster than they were read")
			break
		}
		require.Regexp(t, "^tag: "+fmt.Sprint(next)+"\n", block)
		next++
	}
	rest, err := io.ReadAll(s.r)
	require.NoError(t, err)
	require.Empty(t, rest)
	require.EqualValues(t, 1, r.hub.Stats().CutOff)
	require.Equal(t, "events came faster than they were read", r.log.lines(t, "request", 1)[0]["error"])
}

func TestStuckEventReaderIsLetGo(t *testing.T) {
	t.Parallel()
	r := newEventRig(t, eventRigOptions{server: func(c *server.Config) { c.Settings.Limits.WriteTimeout = time.Hour }})
	s := r.follow(t, "")
	for range 64 { // until it is stuck in a write
		r.fire("a", `{"x": "`+strings.Repeat("x", 256<<10)+`"}`)
	}
	require.Eventually(t, func() bool { return r.hub.Stats().Frames == 64 }, patience, time.Millisecond)
	r.sessions.end(session.ErrRevoked)
	require.Eventually(t, func() bool { return r.hub.Stats().Readers == 0 }, patience, time.Millisecond)
	_, err := io.ReadAll(s.r)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}
