package events_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

// manySessions has sessions "<user>-<number>".
type manySessions struct{ *servertest.EndingSessions }

func (manySessions) Resolve(_ context.Context, credential string) (*session.Session, bool, error) {
	s := servertest.Session()
	s.ID, s.Token = credential, "token-of-"+credential
	s.User, _, _ = strings.Cut(credential, "-")
	return s, true, nil
}

func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	r := servertest.StartEvents(t, servertest.EventOptions{Gateway: servertest.Answering("{}"), Server: func(c *server.Config) {
		c.Sessions = manySessions{c.Sessions.(*servertest.EndingSessions)}
		e := &c.Settings.Events
		e.StreamsPerUser, e.StreamsPerSession, e.ViewsPerUser = 5, 3, 2
	}})
	refused := func(path, credential, text string) {
		t.Helper()
		headers := []string{"X-Auth-Token: " + credential}
		if path != "/events" {
			headers = append(headers, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
		}
		resp, body := r.Send(t, http.MethodGet, path, "", headers...)
		require.Equal(t, http.StatusTooManyRequests, resp.StatusCode)
		require.Equal(t, "5", resp.Header.Get("Retry-After"))
		require.JSONEq(t, fmt.Sprintf(`{"status": 429, "return": %q}`, text), body)
	}
	const ofUser, ofSession, views = "Too many event streams are open for this user",
		"Too many event streams are open for this session or token", "Too many formatted event streams are open for this user"

	view := r.Socket(t, "/formatted_events/alice-1")
	_ = r.Socket(t, "/ws/alice-1?format_events")
	refused("/formatted_events/alice-2", "", views)
	refused("/ws?format_events", "alice-2", views)
	_ = r.Socket(t, "/all_events/alice-1")
	for _, path := range []string{"/events", "/ws", "/all_events/alice-1"} {
		refused(path, "alice-1", ofSession)
	}
	_ = r.Follow(t, "", "X-Auth-Token: alice-2")
	_ = r.Follow(t, "", "X-Auth-Token: alice-3")
	refused("/events", "alice-4", ofUser)
	_ = r.Follow(t, "", "X-Auth-Token: bob-1") // another user, who is not affected

	require.NoError(t, view.Conn.Close(websocket.StatusNormalClosure, ""))
	require.Eventually(t, func() bool {
		_, status, err := r.DialSocket(t, "/formatted_events/alice-4")
		return err == nil && status == http.StatusSwitchingProtocols
	}, servertest.Timeout, time.Millisecond, "a stream that has ended makes room")
}

// New minions are queried for their grains once per event, for any number of readers and users.
func TestReadersAskNewMinionsOnce(t *testing.T) {
	t.Parallel()
	calls := &grainCalls{}
	r := servertest.StartEvents(t, servertest.EventOptions{Gateway: calls.gateway(), Server: func(c *server.Config) {
		c.Sessions = manySessions{c.Sessions.(*servertest.EndingSessions)}
	}})
	const readers = 20
	sockets := make([]*servertest.Socket, readers)
	var opening sync.WaitGroup
	for i := range sockets {
		path := fmt.Sprintf("/formatted_events/user%d-1", i%4)
		if i%2 == 0 {
			path = fmt.Sprintf("/ws/user%d-1?format_events", i%4)
		}
		opening.Go(func() {
			sockets[i] = r.Socket(t, path)
			sockets[i].Write(ready)
		})
	}
	opening.Wait()
	require.Eventually(t, func() bool { return r.Hub.Stats().Readers == readers }, servertest.Timeout, time.Millisecond)
	r.Fire("salt/presence/change", `{"new": ["c"], "lost": []}`)
	for _, s := range sockets {
		for {
			text, err := s.Read()
			require.NoError(t, err)
			if strings.Contains(text, `"minions"`) {
				require.Contains(t, text, `"c"`)
				break
			}
		}
	}
	arrivals := 0
	for _, call := range calls.seen() {
		if strings.Contains(call, `"list"`) {
			arrivals++
		}
	}
	require.Equal(t, 1, arrivals, "%q", calls.seen())
}
