package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

const asForm = "application/x-www-form-urlencoded"

func gzipped(t *testing.T, text string, level int) string {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, level)
	require.NoError(t, err)
	_, err = w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

// countedSessions counts the lookups of sessions.
type countedSessions struct {
	servertest.Sessions
	lookups *atomic.Int64
}

func (c countedSessions) Resolve(ctx context.Context, credential string) (*session.Session, bool, error) {
	c.lookups.Add(1)
	return c.Sessions.Resolve(ctx, credential)
}

// A valid session makes the budget a caller's before the body is read. It is
// looked up once.
func TestBudgetOfASession(t *testing.T) {
	t.Parallel()
	var lookups atomic.Int64
	s, _ := servertest.StartWithSessions(t, servertest.Answering("true"), func(c *server.Config) {
		c.Sessions = countedSessions{servertest.Sessions{}, &lookups}
		c.Hooks = &servertest.Hooks{}
		c.Main.WebhookDisableAuth = true
	})
	entries := `[` + strings.Repeat("a,", 67_000) + `a]`
	chunk := func(arg string) string { return `{"client": "local", "tgt": "*", "fun": "f", "arg": ` + arg + `}` }
	for name, tc := range map[string]struct {
		path, kind, body string
		gzip             bool
	}{
		"gzip":       {"/", servertest.JSON, chunk(`"` + strings.Repeat("x", 9<<20) + `"`), true},
		"gzip, long": {"/", servertest.JSON, chunk(`"` + strings.Repeat("x", 9<<20) + `"`), true},
		"YAML":       {"/", "text/yaml", chunk(entries), false},
		"hook, JSON": {"/hook", servertest.JSON, `[` + strings.Repeat("1,", 140_000) + `1]`, false},
		"hook, YAML": {"/hook", "text/yaml", entries, false},
		"hook, form": {"/hook", asForm, "arg=1" + strings.Repeat("&arg="+url.QueryEscape("[a]"), 3_000), false},
	} {
		headers := []string{"Content-Type: " + tc.kind}
		if tc.gzip {
			level := gzip.BestSpeed
			if name == "gzip, long" {
				level = gzip.NoCompression
			}
			headers, tc.body = append(headers, "Content-Encoding: gzip"), gzipped(t, tc.body, level)
		}
		for _, token := range []string{"", strings.Repeat("0", 40)} {
			status, text := s.Send(t, http.MethodPost, tc.path, tc.body, append(headers, "X-Auth-Token: "+token)...)
			require.Equal(t, http.StatusRequestEntityTooLarge, status.StatusCode, "%s: %s", name, text)
			require.Contains(t, text, budget.ErrStranger.Error())
		}
		lookups.Store(0)
		status, text := s.Send(t, http.MethodPost, tc.path, tc.body, append(headers, "X-Auth-Token: "+servertest.SessionID)...)
		require.Equal(t, http.StatusOK, status.StatusCode, "%s: %s", name, text)
		require.EqualValues(t, 1, lookups.Load(), name)
	}
}

// Credentials in a large body are found without decoding the rest of it.
func TestCredentialsInALargeBody(t *testing.T) {
	t.Parallel()
	s, _ := servertest.StartWithSessions(t, servertest.Gateway(func(_ context.Context, call *servertest.Call) ([][]byte, error) {
		user, _ := call.Chunks[0].Text("username")
		if _, ok := call.Chunks[0].Text("arg"); ok || user != "saltdev" || call.Budget == nil {
			return nil, lowstate.ErrUnauthenticated
		}
		return [][]byte{[]byte("true")}, nil
	}), nil)
	login := strings.TrimSuffix(servertest.Login, "}") + `, "arg": "` + strings.Repeat("x", 100_000) + `"`
	for i := range 2 {
		status, text := s.SendTo(t, i, http.MethodPost, "/", `[`+login+`, "client": "local"}]`)
		require.Equal(t, http.StatusOK, status.StatusCode, text)
	}
	status, text := s.Send(t, http.MethodPost, "/login", login+`}`)
	require.Equal(t, http.StatusOK, status.StatusCode, text)
	status, text = s.Send(t, http.MethodPost, "/login", login+`}`, "Content-Type: text/plain")
	require.Equal(t, http.StatusOK, status.StatusCode, text)
	form := "username=saltdev&password=saltdev&eauth=pam&kwarg={&arg=" + strings.Repeat("[", 50_000)
	status, text = s.Send(t, http.MethodPost, "/login", form, "Content-Type: "+asForm)
	require.Equal(t, http.StatusOK, status.StatusCode, text)
}
