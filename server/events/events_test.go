package events_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

// blockOf matches a block in salt-api's form, with its id.
func blockOf(tag, data string) *regexp.Regexp {
	return regexp.MustCompile(`\A` + regexp.QuoteMeta("tag: "+tag+"\ndata: {\"data\": "+data+`, "tag": "`+tag+"\"}\n") +
		`id: [0-9a-f]{12}-\d+` + "\n\\z")
}

func TestEventStream(t *testing.T) {
	t.Parallel()
	r := servertest.StartEvents(t, servertest.EventOptions{})
	s := r.Follow(t, "", "Accept-Encoding: gzip")
	require.Equal(t, "text/event-stream;charset=utf-8", s.Resp.Header.Get("Content-Type"))
	require.Equal(t, "no-cache", s.Resp.Header.Get("Cache-Control"))
	require.Equal(t, "no", s.Resp.Header.Get("X-Accel-Buffering"))
	require.Empty(t, s.Resp.Header.Get("Content-Encoding"))
	const jid = "20261122133409055051"
	r.Fire("salt/job/"+jid+"/new", `{"jid": "`+jid+`", "arg": [1.0, "é"], "b": null}`)
	r.Fire("salt/job/"+jid+"/error", `{"kwargs": {"token": "`+servertest.SaltToken+`"}}`)
	require.Regexp(t, blockOf("salt/job/"+jid+"/new", `{"jid": "`+jid+`", "arg": [1.0, "é"], "b": null}`), s.Block())
	require.Regexp(t, blockOf("salt/job/"+jid+"/error", `{"kwargs": {"token": "REDACTED"}}`), s.Block())

	require.NoError(t, s.Resp.Body.Close())
	require.Eventually(t, func() bool { return r.Hub.Stats().Readers == 0 }, servertest.Timeout, time.Millisecond, "the client has gone")
}

func TestEventStreamOverHTTP2(t *testing.T) {
	t.Parallel()
	r := servertest.StartEvents(t, servertest.EventOptions{Server: func(c *server.Config) { c.Listeners[0].TLS = true }})
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // a pair made for this test
		ForceAttemptHTTP2: true,
	}
	defer transport.CloseIdleConnections()
	c := &http.Client{Transport: transport}
	var all []*servertest.EventStream
	for range 10 { // on one connection
		all = append(all, servertest.Follow(t, c, "https://"+r.Addr(0)+"/events"))
	}
	require.Equal(t, 2, all[0].Resp.ProtoMajor)
	r.Fire("a", `{}`)
	for _, s := range all {
		require.Regexp(t, blockOf("a", "{}"), s.Block())
	}
	r.Sessions.End(session.ErrExpired)
	for _, s := range all {
		s.RequireEnd("The session has expired")
	}
}

func TestEventFilters(t *testing.T) {
	t.Parallel()
	acl, err := eventstream.NewACL([]eventstream.Rule{{Users: []string{"saltdev"}, Tags: []string{"salt/*"}}})
	require.NoError(t, err)
	r := servertest.StartEvents(t, servertest.EventOptions{Hub: eventstream.Options{ACL: acl}})
	s := r.Follow(t, "?tag=salt/job/*&tag=*/ret")
	for _, tag := range []string{"salt/key", "salt/job/1/new", "x/ret", "salt/run/1/new", "salt/run/1/ret"} {
		r.Fire(tag, `{}`)
	}
	require.Regexp(t, blockOf("salt/job/1/new", "{}"), s.Block())
	require.Regexp(t, blockOf("salt/run/1/ret", "{}"), s.Block())
}

func TestEventRefusals(t *testing.T) {
	t.Parallel()
	r := servertest.StartEvents(t, servertest.EventOptions{})
	for path, status := range map[string]int{
		"/events?token=" + servertest.SessionID:      400,
		"/events?salt_token=" + servertest.SaltToken: 400,
		"/events?tag=a&x=":                           400,
		"/events?tag=":                               400,
		"/events?tag=%ff":                            400,
		"/events?%":                                  400,
		"/events" + strings.Repeat("/x", 1):          404,
		"/events?" + strings.Repeat("tag=a&", 65):    400,
	} {
		head, body := r.Send(t, "GET", path, "", servertest.AuthToken+servertest.SessionID)
		require.Equal(t, status, head.StatusCode, path)
		require.NotContains(t, body, servertest.SessionID)
	}
	_, body := r.Send(t, "GET", "/events?token=x", "")
	require.Contains(t, body, "tokens must not be passed via the query string -- they end up in access logs", "before who asks")
	for _, h := range []string{servertest.AuthToken + "abc", "Cookie: session_id=" + strings.Repeat("0", 40), "X-Nothing: "} {
		head, _ := r.Send(t, "GET", "/events", "", h)
		require.Equal(t, 401, head.StatusCode, h)
	}
	without, _ := servertest.StartWithSessions(t, servertest.Answering("{}"), nil)
	head, _ := without.Send(t, "GET", "/events", "", servertest.AuthToken+servertest.SessionID)
	require.Equal(t, 503, head.StatusCode)
	require.Zero(t, r.Hub.Stats().Readers)
}

func TestEventCredentials(t *testing.T) {
	t.Parallel()
	r := servertest.StartEvents(t, servertest.EventOptions{})
	for _, h := range []string{servertest.AuthToken + servertest.SaltToken, "Authorization: Bearer " + servertest.SessionID, "Cookie: session_id=" + servertest.SessionID} {
		s := r.Follow(t, "", "X-Auth-Token: ", h)
		r.Fire("a", `{}`)
		require.Regexp(t, blockOf("a", "{}"), s.Block(), h)
		require.NoError(t, s.Resp.Body.Close())
	}
}

func TestEventsResume(t *testing.T) {
	t.Parallel()
	r := servertest.StartEvents(t, servertest.EventOptions{})
	s := r.Follow(t, "")
	r.Fire("a", `{}`)
	r.Fire("b", `{}`)
	_, id, _ := strings.Cut(s.Block(), "id: ")
	require.Regexp(t, blockOf("b", "{}"), s.Block())
	require.NoError(t, s.Resp.Body.Close())

	s = r.Follow(t, "", "Last-Event-ID: "+strings.TrimSpace(id))
	require.Regexp(t, blockOf("b", "{}"), s.Block())

	s = r.Follow(t, "", "Last-Event-ID: 0123456789ab-7")
	r.Fire("c", `{}`)
	require.Regexp(t, `\Aevent: saltern-gap\ntag: saltern/gap\ndata: {"data": {"reason": "[^"]+"}, "tag": "saltern/gap"}\nid: .+\n\z`, s.Block())
	require.Regexp(t, blockOf("c", "{}"), s.Block())
}

func TestEventsEndWithTheirSession(t *testing.T) {
	t.Parallel()
	r := servertest.StartEvents(t, servertest.EventOptions{})
	s := r.Follow(t, "")
	r.Fire("a", `{}`)
	require.Regexp(t, blockOf("a", "{}"), s.Block())
	r.Sessions.End(session.ErrRevoked)
	s.RequireEnd("The session was ended")
	line := r.Log.Lines(t, "request", 1)[0]
	require.Equal(t, "saltdev", line["user"])
	require.NotContains(t, line, "error")
}

func TestEventsEndWithTheServer(t *testing.T) {
	t.Parallel()
	r := servertest.StartEvents(t, servertest.EventOptions{Server: func(c *server.Config) { c.Settings.ShutdownTimeout = time.Hour }})
	s := r.Follow(t, "")
	r.Stop()
	s.RequireEnd("The gateway is stopping")
	require.NoError(t, r.Wait(t))
}

func TestSlowEventReaderIsCutOff(t *testing.T) {
	t.Parallel()
	r := servertest.StartEvents(t, servertest.EventOptions{Hub: eventstream.Options{Events: 16}})
	s := servertest.Follow(t, servertest.SlowClient(), "http://"+r.Addr(0)+"/events")
	data := `{"x": "` + strings.Repeat("x", 256<<10) + `"}`
	quick := r.Follow(t, "")
	for n := range 40 { // far more than the kernel holds for a client that does not read
		r.Fire(fmt.Sprint(n), data)
		require.Regexp(t, "^tag: "+fmt.Sprint(n)+"\n", quick.Block())
	}
	next := 0
	for {
		block := s.Block()
		if strings.HasPrefix(block, "event: ") {
			require.Contains(t, block, "The events came faster than they were read")
			break
		}
		require.Regexp(t, "^tag: "+fmt.Sprint(next)+"\n", block)
		next++
	}
	rest, err := io.ReadAll(s.Reader)
	require.NoError(t, err)
	require.Empty(t, rest)
	require.EqualValues(t, 1, r.Hub.Stats().CutOff)
	require.Equal(t, "events came faster than they were read", r.Log.Lines(t, "request", 1)[0]["error"])
}

func TestStuckEventReaderIsLetGo(t *testing.T) {
	t.Parallel()
	r := servertest.StartEvents(t, servertest.EventOptions{Server: func(c *server.Config) { c.Settings.Limits.WriteTimeout = time.Hour }})
	s := servertest.Follow(t, servertest.SlowClient(), "http://"+r.Addr(0)+"/events")
	for range 32 { // until it is stuck in a write
		r.Fire("a", `{"x": "`+strings.Repeat("x", 256<<10)+`"}`)
	}
	require.Eventually(t, func() bool { return r.Hub.Stats().Frames == 32 }, servertest.Timeout, time.Millisecond)
	r.Sessions.End(session.ErrRevoked)
	require.Eventually(t, func() bool { return r.Hub.Stats().Readers == 0 }, servertest.Timeout, time.Millisecond)
	_, err := io.ReadAll(s.Reader)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}
