package server_test

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
)

// socket is a client of a websocket.
type socket struct {
	t    *testing.T
	conn *websocket.Conn
}

// dialSocket also returns the status of the answer.
func (r *eventRig) dialSocket(t *testing.T, path string, headers ...string) (*websocket.Conn, int, error) {
	t.Helper()
	h := http.Header{}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		h.Set(name, value)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, "ws://"+r.addr(0)+path, &websocket.DialOptions{HTTPHeader: h})
	require.NotNil(t, resp, err)
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	if err == nil {
		conn.SetReadLimit(-1)
		t.Cleanup(func() { _ = conn.CloseNow() })
	}
	return conn, resp.StatusCode, err
}

func (r *eventRig) socket(t *testing.T, path string, headers ...string) *socket {
	t.Helper()
	conn, status, err := r.dialSocket(t, path, headers...)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, status)
	return &socket{t, conn}
}

func (s *socket) say(text string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	require.NoError(s.t, s.conn.Write(ctx, websocket.MessageText, []byte(text)))
}

func (s *socket) next() (string, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	kind, message, err := s.conn.Read(ctx)
	if err == nil && kind != websocket.MessageText {
		err = fmt.Errorf("message of type %s", kind)
	}
	return string(message), err
}

func (s *socket) expect(want string) {
	s.t.Helper()
	got, err := s.next()
	require.NoError(s.t, err)
	require.Equal(s.t, want, got)
}

// end reads the close frame.
func (s *socket) end(code websocket.StatusCode, reason string) {
	s.t.Helper()
	_, err := s.next()
	var closed websocket.CloseError
	require.ErrorAs(s.t, err, &closed)
	require.Equal(s.t, code, closed.Code)
	require.Equal(s.t, reason, closed.Reason)
}

const ready = "websocket client ready"

func TestWebsocket(t *testing.T) {
	t.Parallel()
	r := newEventRig(t, eventRigOptions{})
	for name, c := range map[string]struct{ path, header string }{
		"session in the path": {"/ws/" + sessionID, "X-Nothing: "},
		"token in the path":   {"/ws/" + saltToken, "X-Nothing: "},
		"header":              {"/ws", authToken + sessionID},
		"cookie":              {"/ws", "Cookie: session_id=" + sessionID},
		"bearer":              {"/ws/", "Authorization: Bearer " + saltToken},
	} {
		s := r.socket(t, c.path, c.header)
		s.say("something")
		s.expect("server received message")
		s.say(ready)
		s.expect("server received message")
		r.fire("salt/job/1/new", `{"a": "é"}`)
		s.expect(`data: {"data": {"a": "é"}, "tag": "salt/job/1/new"}` + "\n\n")
		s.say(ready)
		s.expect("server received message")
		require.NoError(t, s.conn.Close(websocket.StatusNormalClosure, ""), name)
	}
	require.Eventually(t, func() bool { return r.hub.Stats().Readers == 0 }, patience, time.Millisecond)
	r.log.lines(t, "request", 5)
	require.NotContains(t, r.log.String(), sessionID)
	require.NotContains(t, r.log.String(), saltToken)
}

func TestAllEvents(t *testing.T) {
	t.Parallel()
	r := newEventRig(t, eventRigOptions{})
	s := r.socket(t, "/all_events/"+saltToken+"?tag=salt/*")
	s.say("something") // no reply from rest_tornado
	s.say(ready)
	require.Eventually(t, func() bool { return r.hub.Stats().Readers == 1 }, patience, time.Millisecond)
	r.fire("a", `{}`)
	r.fire("salt/a", `{"b": [1]}`)
	s.expect(`{"data": {"b": [1]}, "tag": "salt/a"}`)
}

func TestWebsocketRefusals(t *testing.T) {
	t.Parallel()
	r := newEventRig(t, eventRigOptions{server: func(c *server.Config) {
		c.Main.CORSOrigins = []string{"https://panel.example.com"}
	}})
	for name, c := range map[string]struct {
		path, header string
		status       int
	}{
		"no token":                {"/ws", "X-Nothing: ", 401},
		"unknown in the path":     {"/ws/" + strings.Repeat("0", 40), "X-Nothing: ", 401},
		"the path counts":         {"/ws/" + strings.Repeat("0", 40), authToken + sessionID, 401},
		"unknown, tornado":        {"/all_events/" + strings.Repeat("0", 64), "X-Nothing: ", 401},
		"unknown, formatted":      {"/formatted_events/" + strings.Repeat("0", 64), "X-Nothing: ", 401},
		"too short, tornado":      {"/all_events/abc", "X-Nothing: ", 401},
		"pattern":                 {"/all_events/" + saltToken + "?tag=", "X-Nothing: ", 400},
		"another origin":          {"/ws/" + sessionID, "Origin: https://evil.example.com", 403},
		"an origin that is none":  {"/ws/" + sessionID, "Origin: null", 403},
		"another origin, unknown": {"/ws/" + strings.Repeat("0", 40), "Origin: https://evil.example.com", 403},
	} {
		_, status, err := r.dialSocket(t, c.path, c.header)
		require.Error(t, err, name)
		require.Equal(t, c.status, status, name)
	}
	for _, origin := range []string{"https://panel.example.com", "http://" + r.addr(0)} {
		s := r.socket(t, "/ws/"+sessionID, "Origin: "+origin)
		s.say(ready)
		s.expect("server received message")
	}
	for _, path := range []string{"/ws", "/ws/" + sessionID, "/all_events/" + saltToken, "/formatted_events/" + saltToken} {
		head, body := r.with(t, "GET", path, "", authToken+sessionID)
		require.Equal(t, 400, head.StatusCode)
		require.Equal(t, `{"status": 400, "return": "Can \"Upgrade\" only to \"WebSocket\""}`, body)
	}
	head, _ := r.with(t, "GET", "/all_events", "", authToken+sessionID)
	require.Equal(t, 404, head.StatusCode)
}

// A page of an origin that is not listed cannot use the user's cookie.
func TestWebsocketWithAnyOrigin(t *testing.T) {
	t.Parallel()
	r := newEventRig(t, eventRigOptions{server: func(c *server.Config) { c.Main.CORSOrigins = []string{"*"} }})
	s := r.socket(t, "/ws/"+sessionID, "Origin: https://any.example.com")
	s.say(ready)
	s.expect("server received message")
	_, status, err := r.dialSocket(t, "/ws", "Origin: https://any.example.com", "Cookie: session_id="+sessionID)
	require.Error(t, err)
	require.Equal(t, http.StatusForbidden, status)
	// A proxy in front adds its own bearer token to every request.
	_, status, err = r.dialSocket(t, "/ws", "Origin: https://any.example.com", "Authorization: Bearer of-a-proxy", "Cookie: session_id="+sessionID)
	require.Error(t, err)
	require.Equal(t, http.StatusUnauthorized, status)
}

func TestWebsocketsEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end    func(r *eventRig)
		code   websocket.StatusCode
		reason string
	}{
		"revoked": {func(r *eventRig) { r.sessions.end(session.ErrRevoked) }, websocket.StatusPolicyViolation, "The session was ended"},
		"expired": {func(r *eventRig) { r.sessions.end(session.ErrExpired) }, websocket.StatusPolicyViolation, "The session has expired"},
		"stopped": {func(r *eventRig) { r.stop() }, websocket.StatusGoingAway, "The gateway is stopping"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newEventRig(t, eventRigOptions{server: func(c *server.Config) { c.Settings.ShutdownTimeout = time.Hour }})
			waiting, streaming := r.socket(t, "/ws/"+sessionID), r.socket(t, "/ws/"+sessionID)
			deaf := r.socket(t, "/ws/"+sessionID) // never reads, not even the close frame
			streaming.say(ready)
			streaming.expect("server received message")
			deaf.say(ready)
			c.end(r)
			waiting.end(c.code, c.reason)
			streaming.end(c.code, c.reason)
			require.Eventually(t, func() bool { return r.hub.Stats().Readers == 0 }, patience, time.Millisecond)
			r.log.lines(t, "request", 3)
		})
	}
}

func TestWebsocketClientMustBeBrief(t *testing.T) {
	t.Parallel()
	r := newEventRig(t, eventRigOptions{})
	s := r.socket(t, "/ws/"+sessionID)
	s.say(strings.Repeat("x", 1<<10+1))
	_, err := s.next()
	require.Equal(t, websocket.StatusMessageTooBig, websocket.CloseStatus(err))
}

func TestSlowWebsocketIsCutOff(t *testing.T) {
	t.Parallel()
	r := newEventRig(t, eventRigOptions{hub: eventstream.Options{Events: 16}})
	s := r.socket(t, "/all_events/"+saltToken)
	s.say(ready)
	require.Eventually(t, func() bool { return r.hub.Stats().Readers == 1 }, patience, time.Millisecond)
	quick := r.follow(t, "")
	for range 100 {
		r.fire("a", `{"x": "`+strings.Repeat("x", 256<<10)+`"}`)
		quick.block()
	}
	for {
		if _, err := s.next(); err != nil {
			require.Equal(t, websocket.StatusTryAgainLater, websocket.CloseStatus(err))
			break
		}
	}
	require.EqualValues(t, 1, r.hub.Stats().CutOff)
}

func TestStuckWebsocketIsLetGo(t *testing.T) {
	t.Parallel()
	r := newEventRig(t, eventRigOptions{server: func(c *server.Config) { c.Settings.Limits.WriteTimeout = time.Hour }})
	s := r.socket(t, "/all_events/"+saltToken)
	s.say(ready)
	require.Eventually(t, func() bool { return r.hub.Stats().Readers == 1 }, patience, time.Millisecond)
	for range 64 {
		r.fire("a", `{"x": "`+strings.Repeat("x", 256<<10)+`"}`)
	}
	require.Eventually(t, func() bool { return r.hub.Stats().Frames == 64 }, patience, time.Millisecond)
	r.sessions.end(session.ErrRevoked)
	r.log.lines(t, "request", 1)
	require.Zero(t, r.hub.Stats().Readers)
}

// grainsAsked is a gateway that records the requests for grains.
type grainsAsked struct {
	mu    sync.Mutex
	calls []string
}

func (g *grainsAsked) gateway() fakeGateway {
	return fakeGateway{func(_ context.Context, call *fakeCall) ([][]byte, error) {
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
	}}
}

func (g *grainsAsked) seen() []string {
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
		"cherrypy": {"/ws/" + saltToken + "?format_events", "", `{"minions": [{"grains": {"os": "x"}, "id": "b"}]}`, `{"minions": [{"id": "c"}]}`,
			true, []string{saltToken + ` "local_async" "c" "list" "grains.items"`}},
		"tornado": {"/formatted_events/" + saltToken, "\n\n", `{"minions": {"b": {"grains": {"os": "x"}, "id": "b"}}}`, `{"minions": {"c": {"id": "c"}}}`,
			false, []string{saltToken + ` "local_async" "*" "glob" "grains.items"`, saltToken + ` "local_async" "c" "list" "grains.items"`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := &grainsAsked{}
			r := newEventRig(t, eventRigOptions{run: asked.gateway()})
			s := r.socket(t, c.path)
			s.say(ready)
			if c.answers {
				s.expect("server received message")
			}
			require.Eventually(t, func() bool { return r.hub.Stats().Readers == 1 }, patience, time.Millisecond)
			for _, broken := range []string{"salt/job", "salt/job/1", "salt/job/1/new", "salt/job/1/ret/a", "salt/key", "salt/presence/present", "x/job/1/new"} {
				r.fire(broken, `{"jid": {}, "id": [], "minions": 1, "present": 1}`)
			}
			r.fire("salt/job/1/new", newJob)
			s.expect(`{"jobs": {"1": {"jid": "1", "start_time": "s", "minions": {"a": {"success": false}, "b": {"success": false}}, ` +
				`"fun": "test.ping", "tgt": "*", "tgt_type": "glob", "state": "running"}}}` + c.end)
			r.fire("salt/job/1/ret/a", result)
			s.expect(`{"jobs": {` + jobs + `}}` + c.end)
			r.fire("salt/job/2/ret/b", grains)
			s.expect(`{"jobs": {` + jobs + `, "2": {"minions": {"b": {"return": {"os": "x"}, "retcode": 0, "success": true}}, "state": "complete"}}}` + c.end)
			s.expect(c.minion + c.end)
			r.fire("salt/presence/change", `{"new": ["c"], "lost": ["b"]}`)
			s.expect(c.gone + c.end)
			r.fire("salt/presence/present", `{"present": ["c"]}`)
			r.fire("salt/key", `{"act": "delete", "id": "c", "result": true}`)
			s.expect(strings.NewReplacer(`{"id": "c"}`, "", `"c": `, "").Replace(c.gone) + c.end)
			require.Equal(t, c.asked, asked.seen())
		})
	}
}

func TestFormattedEventsAreBounded(t *testing.T) {
	t.Parallel()
	r := newEventRig(t, eventRigOptions{run: answering("{}")})
	s := r.socket(t, "/formatted_events/"+saltToken)
	s.say(ready)
	require.Eventually(t, func() bool { return r.hub.Stats().Readers == 1 }, patience, time.Millisecond)
	last := func() (view struct{ Jobs map[string]json.RawMessage }, size int) {
		text, err := s.next()
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal([]byte(text), &view))
		return view, len(text)
	}
	for n := range 70 {
		r.fire(fmt.Sprintf("salt/job/%d/new", n), strings.Replace(newJob, `"jid": "1"`, fmt.Sprintf(`"jid": "%d"`, n), 1))
		view, _ := last()
		require.LessOrEqual(t, len(view.Jobs), 64)
		require.Contains(t, view.Jobs, fmt.Sprint(n), "the newest ones are kept")
	}
	for n := range 8 {
		large := strings.Repeat("x", 900<<10)
		r.fire(fmt.Sprintf("salt/job/L%d/ret/a", n%6), fmt.Sprintf(`{"return": "%s", "retcode": 0, "success": true}`, large))
		view, size := last()
		require.LessOrEqual(t, size, 5<<20)
		require.Contains(t, view.Jobs, fmt.Sprintf("L%d", n%6))
	}
	r.fire("salt/job/L/ret/a", fmt.Sprintf(`{"return": "%s", "retcode": 0, "success": true}`, strings.Repeat("x", 5<<20)))
	view, _ := last()
	require.JSONEq(t, `{"minions": {"a": {"return": "VALUE_TRIMMED", "retcode": 0, "success": true}}, "state": "complete"}`, string(view.Jobs["L"]))
}
