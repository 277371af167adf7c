package rpcclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/server/rpc/rpcclient"
)

// server is a server with logins, whose jwts end when they are told to.
type server struct {
	*httptest.Server
	logins, calls atomic.Int64
	ended         atomic.Int64 // logins up to this one are not valid any more
	answer        atomic.Value // func(w http.ResponseWriter, body string)
	sessions      bool         // cookies in place of jwts
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{}
	s.answers(func(w http.ResponseWriter, _ string) {
		_, _ = io.WriteString(w, `{"riq":1,"ret":"done","error":null,"warnings":["w"]}`)
	})
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	switch {
	case r.URL.Path == "/account/login" && r.Method == http.MethodGet:
		http.SetCookie(w, &http.Cookie{Name: "_xsrf", Value: "first"})
		w.Header().Set("X-Xsrftoken", "first")
	case r.URL.Path == "/account/login":
		s.login(w, r, string(body))
	default:
		s.calls.Add(1)
		if !s.valid(r) {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"riq":null,"ret":null,"error":{"code":4010,"message":"not valid","detail":{"state":"not_authenticated"}},"warnings":[]}`)
			return
		}
		s.answer.Load().(func(http.ResponseWriter, string))(w, string(body))
	}
}

// answers sets what answers calls.
func (s *server) answers(f func(w http.ResponseWriter, body string)) { s.answer.Store(f) }

func (s *server) login(w http.ResponseWriter, r *http.Request, body string) {
	if r.Header.Get("X-Xsrftoken") != "first" || !strings.Contains(r.Header.Get("Cookie"), "_xsrf=first") {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	if !strings.Contains(body, `"password":"right"`) || !strings.Contains(body, `"config_name":"internal"`) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	n := s.logins.Add(1)
	if s.sessions {
		http.SetCookie(w, &http.Cookie{Name: "session_id", Value: fmt.Sprint(n)})
		http.SetCookie(w, &http.Cookie{Name: "_xsrf", Value: "second"})
		_, _ = io.WriteString(w, `{"authenticated":true}`)
		return
	}
	fmt.Fprintf(w, `{"jwt":"jwt-%d"}`, n)
}

// valid reports whether the credential of a call is the one that is valid.
func (s *server) valid(r *http.Request) bool {
	auth := r.Header.Get("Authorization")
	if auth == "Bearer token" {
		return true
	}
	n := s.logins.Load()
	if s.sessions {
		return n > s.ended.Load() && r.Header.Get("X-Xsrftoken") == "second" && r.Header.Get("Cookie") == fmt.Sprintf("_xsrf=second; session_id=%d", n) ||
			n > s.ended.Load() && r.Header.Get("X-Xsrftoken") == "second" && r.Header.Get("Cookie") == fmt.Sprintf("session_id=%d; _xsrf=second", n)
	}
	return n > s.ended.Load() && auth == fmt.Sprintf("Bearer jwt-%d", n)
}

func client(t *testing.T, o rpcclient.Options) *rpcclient.Client {
	t.Helper()
	c, err := rpcclient.New(o)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// A login is made for the first call, and once more when it is not valid any more.
func TestLogins(t *testing.T) {
	t.Parallel()
	for _, sessions := range []bool{false, true} {
		s := newServer(t)
		s.sessions = sessions
		c := client(t, rpcclient.Options{URL: s.URL + "/", User: "alice", Password: "right"})
		echo := func() error {
			text, err := c.Echo(t.Context(), "x")
			if err == nil {
				require.Equal(t, "done", text)
			}
			return err
		}
		require.NoError(t, echo())
		require.NoError(t, echo())
		require.EqualValues(t, 1, s.logins.Load())
		s.ended.Store(1)
		require.NoError(t, echo())
		require.EqualValues(t, 2, s.logins.Load())
		require.EqualValues(t, 4, s.calls.Load(), "the third one was sent twice")

		s.ended.Store(1000)
		status, ok := errors.AsType[*rpcclient.StatusError](echo())
		require.True(t, ok)
		require.Equal(t, http.StatusUnauthorized, status.Status)
		require.Equal(t, "not valid", status.Message)
		require.EqualValues(t, 3, s.logins.Load(), "one new login, and no more")
		require.EqualValues(t, 6, s.calls.Load())
	}
}

// Calls that find their login ended at the same time make one new login.
func TestLoginsAtOnce(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := client(t, rpcclient.Options{URL: s.URL, User: "alice", Password: "right"})
	_, err := c.Echo(t.Context(), "x")
	require.NoError(t, err)
	s.ended.Store(1)
	var all sync.WaitGroup
	errs := make(chan error, 20)
	for range cap(errs) {
		all.Go(func() {
			_, err := c.Echo(t.Context(), "x")
			errs <- err
		})
	}
	all.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	require.EqualValues(t, 2, s.logins.Load())
}

// A wrong password is sent once, and is in no error.
func TestWrongPassword(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := client(t, rpcclient.Options{URL: s.URL, User: "alice", Password: "wrong-secret"})
	_, err := c.Echo(t.Context(), "x")
	status, ok := errors.AsType[*rpcclient.StatusError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, http.StatusUnauthorized, status.Status)
	require.NotContains(t, err.Error(), "wrong-secret")
	require.Zero(t, s.calls.Load())
}

// A token is not renewed, and no call with it is sent twice.
func TestTokens(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	good, bad := client(t, rpcclient.Options{URL: s.URL, Token: "token"}), client(t, rpcclient.Options{URL: s.URL, Token: "other"})
	warnings, err := good.CallWarned(t.Context(), "a.b", nil, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"w"}, warnings)
	_, err = bad.Echo(t.Context(), "x")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "other")
	require.EqualValues(t, 2, s.calls.Load())
	require.Zero(t, s.logins.Load())
}

// What servers answer, and what becomes of it. Nothing but a 401 is sent again.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   string // of the error
		code   int
		again  time.Duration
	}{
		"an error":             {200, `{"riq":1,"ret":null,"error":{"code":4040,"message":"there is none","detail":{"state":"not_found","retry_after":7}},"warnings":[]}`, "test.echo: there is none (not_found)", 4040, 0},
		"an error as a text":   {200, `{"riq":1,"ret":null,"error":"no such minion","warnings":[]}`, "test.echo: no such minion", 0, 0},
		"another detail":       {200, `{"riq":1,"ret":null,"error":{"code":"E1","message":{"a":1},"detail":["x"]},"warnings":[]}`, `test.echo: {"a":1}`, 0, 0},
		"another result":       {200, `{"riq":1,"ret":5,"error":null,"warnings":[]}`, "decode the result", 0, 0},
		"HTML":                 {200, `<html>`, "the answer is no envelope", 0, 0},
		"another object":       {200, `{}`, "the answer is no envelope", 0, 0},
		"nothing":              {200, ``, "the answer is no envelope", 0, 0},
		"forbidden":            {403, `{"riq":null,"ret":null,"error":{"message":"XSRF"},"warnings":[]}`, "answered 403 Forbidden: XSRF", 0, 0},
		"busy":                 {503, `later`, "answered 503", 0, 9 * time.Second},
		"a failure":            {500, `{"error":{"message":"` + strings.Repeat("x", 5000) + `"}}`, "answered 500 Internal Server Error: xxx", 0, 0},
		"a redirect":           {307, ``, "answered 307", 0, 0},
		"a login that is over": {401, ``, "answered 401", 0, 0},
		"too much":             {200, `{"riq":1,"ret":"` + strings.Repeat("x", 1000) + `","error":null,"warnings":[]}`, "larger than 900 bytes", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.answers(func(w http.ResponseWriter, _ string) {
				w.Header().Set("Location", "https://evil.example/rpc")
				if c.again > 0 {
					w.Header().Set("Retry-After", "9")
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			most := int64(900)
			if c.status == http.StatusInternalServerError {
				most = 0
			}
			_, err := client(t, rpcclient.Options{URL: s.URL, Token: "token", MaxAnswer: most}).Echo(t.Context(), "x")
			require.ErrorContains(t, err, c.want)
			require.Less(t, len(err.Error()), 700)
			if e, ok := errors.AsType[*rpcclient.Error](err); ok {
				require.Equal(t, c.code, e.Code)
			}
			if e, ok := errors.AsType[*rpcclient.StatusError](err); ok {
				require.Equal(t, c.status, e.Status)
				require.Equal(t, c.again, e.RetryAfter)
			}
			require.EqualValues(t, 1, s.calls.Load())
		})
	}
}

// A connection that breaks is an error: the call may have been carried out.
func TestNoRetry(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := client(t, rpcclient.Options{URL: s.URL, Token: "token"})
	_, err := c.Echo(t.Context(), "x") // the connection is kept
	require.NoError(t, err)
	s.answers(func(http.ResponseWriter, string) { panic(http.ErrAbortHandler) })
	_, err = c.RouteCmd(t.Context(), rpcclient.RouteCmd{Cmd: "local", Fun: "test.ping", Tgt: rpcclient.On("*")})
	require.Error(t, err)
	require.EqualValues(t, 2, s.calls.Load())

	ctx, cancel := context.WithCancel(t.Context())
	returned := make(chan struct{})
	defer close(returned)
	s.answers(func(http.ResponseWriter, string) { cancel(); <-returned })
	_, err = c.Echo(ctx, "x")
	require.ErrorIs(t, err, context.Canceled)
}

// What cannot be a client.
func TestNew(t *testing.T) {
	t.Parallel()
	for text, o := range map[string]rpcclient.Options{
		"without TLS":      {URL: "http://salt.example.com", Token: "t"},
		"not one of https": {URL: "ftp://salt.example.com", Token: "t"},
		"more than a host": {URL: "https://alice:secret@salt.example.com", Token: "t"},
		"cannot be read":   {URL: "https://alice:secret@%zz", Token: "t"},
		"a token":          {URL: "https://salt.example.com"},
		"a token is":       {URL: "https://salt.example.com", Token: "t", User: "alice"},
	} {
		_, err := rpcclient.New(o)
		require.ErrorContains(t, err, text)
		require.NotContains(t, err.Error(), "secret")
	}
	for _, url := range []string{"https://salt.example.com/raas", "http://127.0.0.1:8000", "http://[::1]:8000", "http://localhost"} {
		_, err := rpcclient.New(rpcclient.Options{URL: url, Token: "t"})
		require.NoError(t, err, url)
	}
	_, err := rpcclient.New(rpcclient.Options{URL: "http://salt.example.com", Token: "t", PlainHTTP: true})
	require.NoError(t, err)
	require.Error(t, client(t, rpcclient.Options{URL: "http://127.0.0.1:1", Token: "t"}).Call(t.Context(), "noname", nil, nil))
}

// Arguments are written as programs of SaltStack Config write them.
func TestArguments(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	got := make(chan string, 1)
	s.answers(func(w http.ResponseWriter, body string) {
		got <- body
		_, _ = io.WriteString(w, `{"riq":1,"ret":"x","error":null,"warnings":[]}`)
	})
	c := client(t, rpcclient.Options{URL: s.URL, Token: "token"})
	_, err := c.RouteCmd(t.Context(), rpcclient.RouteCmd{
		Cmd: "local", Fun: "state.apply", TgtUUID: rpcclient.AllMinions, Arg: &rpcclient.Arguments{Arg: []any{"web"}},
	})
	require.NoError(t, err)
	require.JSONEq(t, `{"resource":"cmd","method":"route_cmd","riq":1,"kwarg":{"cmd":"local","fun":"state.apply",
		"tgt_uuid":"7f93b928-388b-11e6-b133-346895ecb8f3","arg":{"arg":["web"],"kwarg":{}}}}`, <-got)
}
