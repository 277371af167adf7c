package netapi_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

func hookServer(t *testing.T, f server.Hooks, change func(*server.Config)) *servertest.Server {
	t.Helper()
	s, _ := servertest.StartWithSessions(t, servertest.Answering("{}"), func(c *server.Config) {
		c.Hooks = f
		if change != nil {
			change(c)
		}
	})
	return s
}

func TestHook(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path, contentType, body string
		tag                     string
		post                    any
	}{
		"JSON":           {"/hook", servertest.JSON, `{"foo": [1, "é"]}`, "salt/netapi/hook", map[string]any{"foo": []any{1.0, "é"}}},
		"below":          {"/hook/a/b", servertest.JSON, `[1]`, "salt/netapi/hook/a/b", []any{1.0}},
		"slash at end":   {"/hook/a/", servertest.JSON, `{}`, "salt/netapi/hook/a", map[string]any{}},
		"form":           {"/hook", "application/x-www-form-urlencoded", `a=1&b=2&b=3`, "salt/netapi/hook", map[string]any{"a": "1", "b": []any{"2", "3"}}},
		"text":           {"/hook", "text/plain", `so what`, "salt/netapi/hook", "so what"},
		"empty":          {"/hook", "", ``, "salt/netapi/hook", map[string]any{}},
		"false is empty": {"/hook", servertest.JSON, `0`, "salt/netapi/hook", map[string]any{}},
		"query":          {"/hook/a?token=b", servertest.JSON, `1`, "salt/netapi/hook/a", 1.0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &servertest.Hooks{}
			s := hookServer(t, f, nil)
			headers := []string{
				servertest.AuthToken + servertest.SessionID, "Cookie: session_id=" + servertest.SessionID, "Authorization: Bearer " + servertest.SessionID,
				"Proxy-Authorization: Basic x", "X-Xsrf-Token: " + servertest.SessionID,
				"X-Vmware-Vcloud-Access-Token: " + servertest.SessionID, "csp-auth-token: " + servertest.SessionID, "X-GitHub-Event: push", "X-Sig9a: 1",
			}
			if c.contentType != "" {
				headers = append(headers, "Content-Type: "+c.contentType)
			}
			head, body := s.Send(t, "POST", c.path, c.body, headers...)
			require.Equal(t, 200, head.StatusCode, body)
			require.Equal(t, `{"success": true}`, body)
			require.Equal(t, c.tag, f.Tag)
			require.Equal(t, c.body, f.Data["body"])
			require.Equal(t, c.post, f.Data["post"])
			got, ok := f.Data["headers"].(map[string]any)
			require.True(t, ok)
			require.Equal(t, "push", got["X-Github-Event"])
			require.Equal(t, "1", got["X-Sig9A"])
			require.Equal(t, s.Addr(0), got["Host"])
			require.Equal(t, "127.0.0.1", got["Remote-Addr"])
			text, err := json.Marshal(f.Data)
			require.NoError(t, err)
			require.NotContains(t, string(text), servertest.SessionID, "nothing that tells the session")
			require.NotContains(t, got, "Proxy-Authorization")
		})
	}
}

func TestHookRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err               error
		path, contentType string
		body              string
		status            int
		text              string
	}{
		"too large":     {eventbus.ErrTooLarge, "/hook", servertest.JSON, `{}`, 413, "The event is larger than max_event_size allows"},
		"unavailable":   {eventbus.ErrUnavailable, "/hook", servertest.JSON, `{}`, 503, "Salt Master is not available."},
		"not confirmed": {eventbus.ErrNotConfirmed, "/hook", servertest.JSON, `{}`, 503, "has not been seen on its bus"},
		"no tag":        {eventbus.ErrMalformed, "/hook/a%0a%0ab", servertest.JSON, `{}`, 400, "The path cannot be part of an event's tag"},
		"other":         {errors.New("secret"), "/hook", servertest.JSON, `{}`, 500, "An unexpected error occurred"},
		"bad JSON":      {nil, "/hook", servertest.JSON, `{`, 400, "Invalid JSON document"},
		"no UTF-8":      {nil, "/hook", "text/plain", "\xff", 400, "The request body is not UTF-8"},
		"XML":           {nil, "/hook", "text/xml", `<a/>`, 406, "Content type not supported"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := hookServer(t, &servertest.Hooks{Err: c.err}, nil)
			head, body := s.Send(t, "POST", c.path, c.body, servertest.AuthToken+servertest.SessionID, "Content-Type: "+c.contentType)
			require.Equal(t, c.status, head.StatusCode, body)
			require.Contains(t, body, c.text)
			require.Equal(t, c.status == 503, head.Header.Get("Retry-After") != "")
		})
	}
	s := hookServer(t, nil, nil)
	head, _ := s.Send(t, "POST", "/hook", `{}`, servertest.AuthToken+servertest.SessionID)
	require.Equal(t, 503, head.StatusCode, "no bus")
	head, _ = s.Send(t, "GET", "/hook", "", servertest.AuthToken+servertest.SessionID)
	require.Equal(t, 405, head.StatusCode)
}

func TestHookAuth(t *testing.T) {
	t.Parallel()
	f := &servertest.Hooks{}
	s := hookServer(t, f, nil)
	for _, h := range []string{"X-Nothing: ", servertest.AuthToken + "abc"} {
		head, _ := s.Send(t, "POST", "/hook", `{}`, h)
		require.Equal(t, 401, head.StatusCode)
	}
	require.Empty(t, f.Tag)
	s = hookServer(t, f, func(c *server.Config) { c.Main.WebhookDisableAuth, c.Main.WebhookURL = true, "/knock" })
	head, _ := s.Send(t, "POST", "/knock/a", `{}`)
	require.Equal(t, 200, head.StatusCode)
	require.Equal(t, "salt/netapi/hook/a", f.Tag)
	head, _ = s.Send(t, "POST", "/hook/a", `{}`)
	require.Equal(t, 404, head.StatusCode)
}

// A hook's event reaches the bus and the readers of /events, in each framing that
// masters read.
func TestHookReachesTheBus(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mastertest.Options{
		"3006, prefixed": {Release: "3006"},
		"3007, prefixed": {Release: "3007"},
		"3008, prefixed": {Release: "3008"},
		"older, bare":    {Release: "3008", BarePull: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := servertest.StartEvents(t, servertest.EventOptions{Master: o, Firer: eventbus.FirerOptions{MaxEventSize: 64 << 10}})
			s := r.Follow(t, "?tag=salt/netapi/*")
			head, body := r.Send(t, "POST", "/hook/a", `{"a": 1}`, servertest.AuthToken+servertest.SessionID)
			require.Equal(t, 200, head.StatusCode, body)
			block := s.Block()
			require.Contains(t, block, `tag: salt/netapi/hook/a`+"\n"+`data: {"data": {"body": "{\"a\": 1}", "post": {"a": 1}, "headers": {`)
			require.Contains(t, block, `"_stamp": "`)
			require.NotContains(t, block, servertest.SessionID)

			head, _ = r.Send(t, "POST", "/hook", `{"a": "`+strings.Repeat("a", 64<<10)+`"}`, servertest.AuthToken+servertest.SessionID)
			require.Equal(t, http.StatusRequestEntityTooLarge, head.StatusCode)
			r.Master.Close()
			head, _ = r.Send(t, "POST", "/hook", `{}`, servertest.AuthToken+servertest.SessionID)
			require.Equal(t, http.StatusServiceUnavailable, head.StatusCode)
		})
	}
}
