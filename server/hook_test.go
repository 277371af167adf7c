package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/saltmaster/eventbus"
	"github.com/saltern-api/saltern/saltmaster/mastertest"
	"github.com/saltern-api/saltern/saltmaster/msgpack"
	"github.com/saltern-api/saltern/server"
)

// firings records fired events, or fails.
type firings struct {
	err  error
	mu   sync.Mutex
	tag  string
	data map[string]any
}

func (f *firings) Fire(_ context.Context, tag string, data msgpack.Raw) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	js, err := msgpack.AppendJSON(nil, data)
	if err == nil {
		f.tag, f.data = tag, nil
		err = json.Unmarshal(js, &f.data)
	}
	return errors.Join(f.err, err)
}

func hookServer(t *testing.T, f server.Hooks, change func(*server.Config)) *running {
	t.Helper()
	s, _ := withSessions(t, answering("{}"), func(c *server.Config) {
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
		"JSON":           {"/hook", asJSON, `{"foo": [1, "é"]}`, "salt/netapi/hook", map[string]any{"foo": []any{1.0, "é"}}},
		"below":          {"/hook/a/b", asJSON, `[1]`, "salt/netapi/hook/a/b", []any{1.0}},
		"slash at end":   {"/hook/a/", asJSON, `{}`, "salt/netapi/hook/a", map[string]any{}},
		"form":           {"/hook", "application/x-www-form-urlencoded", `a=1&b=2&b=3`, "salt/netapi/hook", map[string]any{"a": "1", "b": []any{"2", "3"}}},
		"text":           {"/hook", "text/plain", `so what`, "salt/netapi/hook", "so what"},
		"empty":          {"/hook", "", ``, "salt/netapi/hook", map[string]any{}},
		"false is empty": {"/hook", asJSON, `0`, "salt/netapi/hook", map[string]any{}},
		"query":          {"/hook/a?token=b", asJSON, `1`, "salt/netapi/hook/a", 1.0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &firings{}
			s := hookServer(t, f, nil)
			headers := []string{
				authToken + sessionID, "Cookie: session_id=" + sessionID, "Authorization: Bearer " + sessionID,
				"Proxy-Authorization: Basic x", "X-Xsrf-Token: " + sessionID,
				"X-Vmware-Vcloud-Access-Token: " + sessionID, "csp-auth-token: " + sessionID, "X-GitHub-Event: push", "X-Sig9a: 1",
			}
			if c.contentType != "" {
				headers = append(headers, "Content-Type: "+c.contentType)
			}
			head, body := s.with(t, "POST", c.path, c.body, headers...)
			require.Equal(t, 200, head.StatusCode, body)
			require.Equal(t, `{"success": true}`, body)
			require.Equal(t, c.tag, f.tag)
			require.Equal(t, c.body, f.data["body"])
			require.Equal(t, c.post, f.data["post"])
			got, ok := f.data["headers"].(map[string]any)
			require.True(t, ok)
			require.Equal(t, "push", got["X-Github-Event"])
			require.Equal(t, "1", got["X-Sig9A"])
			require.Equal(t, s.addr(0), got["Host"])
			require.Equal(t, "127.0.0.1", got["Remote-Addr"])
			text, err := json.Marshal(f.data)
			require.NoError(t, err)
			require.NotContains(t, string(text), sessionID, "nothing that tells the session")
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
		"too large":     {eventbus.ErrTooLarge, "/hook", asJSON, `{}`, 413, "The event is larger than max_event_size allows"},
		"unavailable":   {eventbus.ErrUnavailable, "/hook", asJSON, `{}`, 503, "Salt Master is not available."},
		"not confirmed": {eventbus.ErrNotConfirmed, "/hook", asJSON, `{}`, 503, "has not been seen on its bus"},
		"no tag":        {eventbus.ErrMalformed, "/hook/a%0a%0ab", asJSON, `{}`, 400, "The path cannot be part of an event's tag"},
		"other":         {errors.New("secret"), "/hook", asJSON, `{}`, 500, "An unexpected error occurred"},
		"bad JSON":      {nil, "/hook", asJSON, `{`, 400, "Invalid JSON document"},
		"no UTF-8":      {nil, "/hook", "text/plain", "\xff", 400, "The request body is not UTF-8"},
		"XML":           {nil, "/hook", "text/xml", `<a/>`, 406, "Content type not supported"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := hookServer(t, &firings{err: c.err}, nil)
			head, body := s.with(t, "POST", c.path, c.body, authToken+sessionID, "Content-Type: "+c.contentType)
			require.Equal(t, c.status, head.StatusCode, body)
			require.Contains(t, body, c.text)
			require.Equal(t, c.status == 503, head.Header.Get("Retry-After") != "")
		})
	}
	s := hookServer(t, nil, nil)
	head, _ := s.with(t, "POST", "/hook", `{}`, authToken+sessionID)
	require.Equal(t, 503, head.StatusCode, "no bus")
	head, _ = s.with(t, "GET", "/hook", "", authToken+sessionID)
	require.Equal(t, 405, head.StatusCode)
}

func TestHookAuth(t *testing.T) {
	t.Parallel()
	f := &firings{}
	s := hookServer(t, f, nil)
	for _, h := range []string{"X-Nothing: ", authToken + "abc"} {
		head, _ := s.with(t, "POST", "/hook", `{}`, h)
		require.Equal(t, 401, head.StatusCode)
	}
	require.Empty(t, f.tag)
	s = hookServer(t, f, func(c *server.Config) { c.Main.WebhookDisableAuth, c.Main.WebhookURL = true, "/knock" })
	head, _ := s.with(t, "POST", "/knock/a", `{}`)
	require.Equal(t, 200, head.StatusCode)
	require.Equal(t, "salt/netapi/hook/a", f.tag)
	head, _ = s.with(t, "POST", "/hook/a", `{}`)
	require.Equal(t, 404, head.StatusCode)
}

// A hook's event reaches the bus and the readers of /events, in each framing that
// masters read.
func TestHookReachesTheBus(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mastertest.Options{
		"3006, prefixed": {Release: "3006.26"},
		"3008, prefixed": {Release: "3008.3"},
		"older, bare":    {Release: "3008.3", BarePull: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newEventRig(t, eventRigOptions{master: o, firer: eventbus.FirerOptions{MaxEventSize: 64 << 10}})
			s := r.follow(t, "?tag=salt/netapi/*")
			head, body := r.with(t, "POST", "/hook/a", `{"a": 1}`, authToken+sessionID)
			require.Equal(t, 200, head.StatusCode, body)
			block := s.block()
			require.Contains(t, block, `tag: salt/netapi/hook/a`+"\n"+`data: {"data": {"body": "{\"a\": 1}", "post": {"a": 1}, "headers": {`)
			require.Contains(t, block, `"_stamp": "`)
			require.NotContains(t, block, sessionID)

			head, _ = r.with(t, "POST", "/hook", `{"a": "`+strings.Repeat("a", 64<<10)+`"}`, authToken+sessionID)
			require.Equal(t, http.StatusRequestEntityTooLarge, head.StatusCode)
			r.master.Close()
			head, _ = r.with(t, "POST", "/hook", `{}`, authToken+sessionID)
			require.Equal(t, http.StatusServiceUnavailable, head.StatusCode)
		})
	}
}
