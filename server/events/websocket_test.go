package events_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/saltmaster/eventstream"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

const ready = "websocket client ready"

func TestWebsocket(t *testing.T) {
	t.Parallel()
	r := servertest.StartEvents(t, servertest.EventOptions{})
	for name, c := range map[string]struct{ path, header string }{
		"session in the path": {"/ws/" + servertest.SessionID, "X-Nothing: "},
		"token in the path":   {"/ws/" + servertest.SaltToken, "X-Nothing: "},
		"header":              {"/ws", servertest.AuthToken + servertest.SessionID},
		"cookie":              {"/ws", "Cookie: session_id=" + servertest.SessionID},
		"bearer":              {"/ws/", "Authorization: Bearer " + servertest.SaltToken},
	} {
		s := r.Socket(t, c.path, c.header)
		s.Write("something")
		s.Require("server received message")
		s.Write(ready)
		s.Require("server received message")
		r.Fire("salt/job/1/new", `{"a": "é"}`)
		s.Require(`data: {"data": {"a": "é"}, "tag": "salt/job/1/new"}` + "\n\n")
		s.Write(ready)
		s.Require("server received message")
		require.NoError(t, s.Conn.Close(websocket.StatusNormalClosure, ""), name)
	}
	require.Eventually(t, func() bool { return r.Hub.Stats().Readers == 0 }, servertest.Timeout, time.Millisecond)
	r.Log.Lines(t, "request", 5)
	require.NotContains(t, r.Log.String(), servertest.SessionID)
	require.NotContains(t, r.Log.String(), servertest.SaltToken)
}

func TestAllEvents(t *testing.T) {
	t.Parallel()
	r := servertest.StartEvents(t, servertest.EventOptions{})
	s := r.Socket(t, "/all_events/"+servertest.SaltToken+"?tag=salt/*")
	s.Write("something") // no reply from rest_tornado
	s.Write(ready)
	require.Eventually(t, func() bool { return r.Hub.Stats().Readers == 1 }, servertest.Timeout, time.Millisecond)
	r.Fire("a", `{}`)
	r.Fire("salt/a", `{"b": [1]}`)
	s.Require(`{"data": {"b": [1]}, "tag": "salt/a"}`)
}

func TestWebsocketRefusals(t *testing.T) {
	t.Parallel()
	r := servertest.StartEvents(t, servertest.EventOptions{Server: func(c *server.Config) {
		c.Main.CORSOrigins = []string{"https://panel.example.com"}
	}})
	for name, c := range map[string]struct {
		path, header string
		status       int
	}{
		"no token":                {"/ws", "X-Nothing: ", 401},
		"unknown in the path":     {"/ws/" + strings.Repeat("0", 40), "X-Nothing: ", 401},
		"the path counts":         {"/ws/" + strings.Repeat("0", 40), servertest.AuthToken + servertest.SessionID, 401},
		"unknown, tornado":        {"/all_events/" + strings.Repeat("0", 64), "X-Nothing: ", 401},
		"unknown, formatted":      {"/formatted_events/" + strings.Repeat("0", 64), "X-Nothing: ", 401},
		"too short, tornado":      {"/all_events/abc", "X-Nothing: ", 401},
		"pattern":                 {"/all_events/" + servertest.SaltToken + "?tag=", "X-Nothing: ", 400},
		"another origin":          {"/ws/" + servertest.SessionID, "Origin: https://evil.example.com", 403},
		"an origin that is none":  {"/ws/" + servertest.SessionID, "Origin: null", 403},
		"another origin, unknown": {"/ws/" + strings.Repeat("0", 40), "Origin: https://evil.example.com", 403},
	} {
		_, status, err := r.DialSocket(t, c.path, c.header)
		require.Error(t, err, name)
		require.Equal(t, c.status, status, name)
	}
	for _, origin := range []string{"https://panel.example.com", "http://" + r.Addr(0)} {
		s := r.Socket(t, "/ws/"+servertest.SessionID, "Origin: "+origin)
		s.Write(ready)
		s.Require("server received message")
	}
	for _, path := range []string{"/ws", "/ws/" + servertest.SessionID, "/all_events/" + servertest.SaltToken, "/formatted_events/" + servertest.SaltToken} {
		head, body := r.Send(t, "GET", path, "", servertest.AuthToken+servertest.SessionID)
		require.Equal(t, 400, head.StatusCode)
		require.Equal(t, `{"status": 400, "return": "Can \"Upgrade\" only to \"WebSocket\""}`, body)
	}
	head, _ := r.Send(t, "GET", "/all_events", "", servertest.AuthToken+servertest.SessionID)
	require.Equal(t, 404, head.StatusCode)
}

// A page of an origin that is not listed cannot use the user's cookie.
func TestWebsocketWithAnyOrigin(t *testing.T) {
	t.Parallel()
	r := servertest.StartEvents(t, servertest.EventOptions{Server: func(c *server.Config) { c.Main.CORSOrigins = []string{"*"} }})
	s := r.Socket(t, "/ws/"+servertest.SessionID, "Origin: https://any.example.com")
	s.Write(ready)
	s.Require("server received message")
	_, status, err := r.DialSocket(t, "/ws", "Origin: https://any.example.com", "Cookie: session_id="+servertest.SessionID)
	require.Error(t, err)
	require.Equal(t, http.StatusForbidden, status)
	// A proxy in front adds its own bearer token to every request.
	_, status, err = r.DialSocket(t, "/ws", "Origin: https://any.example.com", "Authorization: Bearer of-a-proxy", "Cookie: session_id="+servertest.SessionID)
	require.Error(t, err)
	require.Equal(t, http.StatusUnauthorized, status)
}

func TestWebsocketsEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end    func(r *servertest.Events)
		code   websocket.StatusCode
		reason string
	}{
		"revoked": {func(r *servertest.Events) { r.Sessions.End(session.ErrRevoked) }, websocket.StatusPolicyViolation, "The session was ended"},
		"expired": {func(r *servertest.Events) { r.Sessions.End(session.ErrExpired) }, websocket.StatusPolicyViolation, "The session has expired"},
		"stopped": {func(r *servertest.Events) { r.Stop() }, websocket.StatusGoingAway, "The gateway is stopping"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := servertest.StartEvents(t, servertest.EventOptions{Server: func(c *server.Config) { c.Settings.ShutdownTimeout = time.Hour }})
			waiting, streaming := r.Socket(t, "/ws/"+servertest.SessionID), r.Socket(t, "/ws/"+servertest.SessionID)
			deaf := r.Socket(t, "/ws/"+servertest.SessionID) // never reads, not even the close frame
			streaming.Write(ready)
			streaming.Require("server received message")
			deaf.Write(ready)
			c.end(r)
			waiting.RequireEnd(c.code, c.reason)
			streaming.RequireEnd(c.code, c.reason)
			require.Eventually(t, func() bool { return r.Hub.Stats().Readers == 0 }, servertest.Timeout, time.Millisecond)
			r.Log.Lines(t, "request", 3)
		})
	}
}

func TestWebsocketClientMustBeBrief(t *testing.T) {
	t.Parallel()
	r := servertest.StartEvents(t, servertest.EventOptions{})
	s := r.Socket(t, "/ws/"+servertest.SessionID)
	s.Write(strings.Repeat("x", 1<<10+1))
	_, err := s.Read()
	require.Equal(t, websocket.StatusMessageTooBig, websocket.CloseStatus(err))
}

func TestSlowWebsocketIsCutOff(t *testing.T) {
	t.Parallel()
	r := servertest.StartEvents(t, servertest.EventOptions{Hub: eventstream.Options{Events: 16}})
	s := r.SlowSocket(t, "/all_events/"+servertest.SaltToken)
	s.Write(ready)
	require.Eventually(t, func() bool { return r.Hub.Stats().Readers == 1 }, servertest.Timeout, time.Millisecond)
	quick := r.Follow(t, "")
	for range 40 {
		r.Fire("a", `{"x": "`+strings.Repeat("x", 256<<10)+`"}`)
		quick.Block()
	}
	for {
		if _, err := s.Read(); err != nil {
			require.Equal(t, websocket.StatusTryAgainLater, websocket.CloseStatus(err))
			break
		}
	}
	require.EqualValues(t, 1, r.Hub.Stats().CutOff)
}

func TestStuckWebsocketIsLetGo(t *testing.T) {
	t.Parallel()
	r := servertest.StartEvents(t, servertest.EventOptions{Server: func(c *server.Config) { c.Settings.Limits.WriteTimeout = time.Hour }})
	s := r.SlowSocket(t, "/all_events/"+servertest.SaltToken)
	s.Write(ready)
	require.Eventually(t, func() bool { return r.Hub.Stats().Readers == 1 }, servertest.Timeout, time.Millisecond)
	for range 32 {
		r.Fire("a", `{"x": "`+strings.Repeat("x", 256<<10)+`"}`)
	}
	require.Eventually(t, func() bool { return r.Hub.Stats().Frames == 32 }, servertest.Timeout, time.Millisecond)
	r.Sessions.End(session.ErrRevoked)
	r.Log.Lines(t, "request", 1)
	require.Zero(t, r.Hub.Stats().Readers)
}

// grainCalls is a gateway that records the requests for grains.
type grainCalls struct {
	mu    sync.Mutex
	calls []string
}

func (g *grainCalls) gateway() servertest.Gateway {
	return servertest.Gateway(func(_ context.Context, call *servertest.Call) ([][]byte, error) {
		g.mu.Lock()
		defer g.mu.Unlock()
		text := call.Authority.Token
		for _, key := range []string{"client", "tgt", "tgt_type", "fun"} {
			v, _ := call.Chunks[0].Get(key)
			js, err := msgpack.AppendJSON(nil, v)
			if err != nil {
				return nil, err
			}
			text += " " + string(js)
		}
		g.calls = append(g.calls, text)
		return [][]byte{[]byte("{}")}, nil
	})
}

func (g *grainCalls) seen() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.calls
}

const (
	newJob = `{"jid": "1", "tgt_type": "glob", "tgt": "*", "user": "u", "fun": "test.ping", "arg": [], "minions": ["a", "b"], "_stamp": "s"}`
	result = `{"cmd": "_return", "id": "a", "success": true, "return": {"x": 1.0}, "retcode": 0, "jid": "1", "fun": "test.ping"}`
	grains = `{"cmd": "_return", "id": "b", "success": true, "return": {"os": "x"}, "retcode": 0, "jid": "2", "fun": "grains.items"}`
)

func TestFormattedEvents(t *testing.T) {
	t.Parallel()
	const jobs = `"1": {"jid": "1", "start_time": "s", "minions": {` +
		`"a": {"success": true, "return": {"x": 1.0}, "retcode": 0}, "b": {"success": false}}, ` +
		`"fun": "test.ping", "tgt": "*", "tgt_type": "glob", "state": "running"}`
	for name, c := range map[string]struct {
		path, end, minion, gone string
		answers                 bool
		asked                   []string
	}{
		"cherrypy": {"/ws/" + servertest.SaltToken + "?format_events", "", `{"minions": [{"grains": {"os": "x"}, "id": "b"}]}`, `{"minions": [{"id": "c"}]}`,
			true, []string{servertest.SaltToken + ` "local_async" "c" "list" "grains.items"`}},
		"tornado": {"/formatted_events/" + servertest.SaltToken, "\n\n", `{"minions": {"b": {"grains": {"os": "x"}, "id": "b"}}}`, `{"minions": {"c": {"id": "c"}}}`,
			false, []string{servertest.SaltToken + ` "local_async" "*" "glob" "grains.items"`, servertest.SaltToken + ` "local_async" "c" "list" "grains.items"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := &grainCalls{}
			r := servertest.StartEvents(t, servertest.EventOptions{Gateway: calls.gateway()})
			s := r.Socket(t, c.path)
			s.Write(ready)
			if c.answers {
				s.Require("server received message")
			}
			require.Eventually(t, func() bool { return r.Hub.Stats().Readers == 1 }, servertest.Timeout, time.Millisecond)
			for _, broken := range []string{"salt/job", "salt/job/1", "salt/job/1/new", "salt/job/1/ret/a", "salt/key", "salt/presence/present", "x/job/1/new"} {
				r.Fire(broken, `{"jid": {}, "id": [], "minions": 1, "present": 1}`)
			}
			r.Fire("salt/job/1/new", newJob)
			s.Require(`{"jobs": {"1": {"jid": "1", "start_time": "s", "minions": {"a": {"success": false}, "b": {"success": false}}, ` +
				`"fun": "test.ping", "tgt": "*", "tgt_type": "glob", "state": "running"}}}` + c.end)
			r.Fire("salt/job/1/ret/a", result)
			s.Require(`{"jobs": {` + jobs + `}}` + c.end)
			r.Fire("salt/job/2/ret/b", grains)
			s.Require(`{"jobs": {` + jobs + `, "2": {"minions": {"b": {"return": {"os": "x"}, "retcode": 0, "success": true}}, "state": "complete"}}}` + c.end)
			s.Require(c.minion + c.end)
			r.Fire("salt/presence/change", `{"new": ["c"], "lost": ["b"]}`)
			s.Require(c.gone + c.end)
			r.Fire("salt/presence/present", `{"present": ["c"]}`)
			r.Fire("salt/key", `{"act": "delete", "id": "c", "result": true}`)
			s.Require(strings.NewReplacer(`{"id": "c"}`, "", `"c": `, "").Replace(c.gone) + c.end)
			require.Equal(t, c.asked, calls.seen())
		})
	}
}

func TestFormattedEventsAreBounded(t *testing.T) {
	t.Parallel()
	r := servertest.StartEvents(t, servertest.EventOptions{Gateway: servertest.Answering("{}")})
	s := r.Socket(t, "/formatted_events/"+servertest.SaltToken)
	s.Write(ready)
	require.Eventually(t, func() bool { return r.Hub.Stats().Readers == 1 }, servertest.Timeout, time.Millisecond)
	last := func() (view struct{ Jobs map[string]json.RawMessage }) {
		text, err := s.Read()
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal([]byte(text), &view))
		return view
	}
	for n := range 70 {
		r.Fire(fmt.Sprintf("salt/job/%d/new", n), strings.Replace(newJob, `"jid": "1"`, fmt.Sprintf(`"jid": "%d"`, n), 1))
		view := last()
		require.LessOrEqual(t, len(view.Jobs), 64)
		require.Contains(t, view.Jobs, fmt.Sprint(n), "the newest ones are kept")
	}
	large := strings.Repeat("x", 900<<10)
	for n := range 8 {
		r.Fire(fmt.Sprintf("salt/job/L%d/ret/a", n%6), fmt.Sprintf(`{"return": "%s", "retcode": 0, "success": true}`, large))
		text, err := s.Read() // it takes long to be read as JSON
		require.NoError(t, err)
		require.LessOrEqual(t, len(text), 5<<20)
		require.True(t, strings.Contains(text, fmt.Sprintf(`"L%d": {`, n%6)), "%.200s", text)
	}
	r.Fire("salt/job/L/ret/a", fmt.Sprintf(`{"return": "%s", "retcode": 0, "success": true}`, strings.Repeat("x", 5<<20)))
	view := last()
	require.JSONEq(t, `{"minions": {"a": {"return": "VALUE_TRIMMED", "retcode": 0, "success": true}}, "state": "complete"}`, string(view.Jobs["L"]))
}
