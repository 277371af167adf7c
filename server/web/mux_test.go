package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/internal/budget"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/web"
	"github.com/saltern-api/saltern/server/web/webtest"
)

// writeCode writes the arguments of an ErrorWriter.
func writeCode(x *web.Exchange, _ *http.Request, e *web.Error) {
	x.WriteBody("text/plain", e.Status, []byte(e.Text))
}

func TestErrors(t *testing.T) {
	t.Parallel()
	cause := errors.New("the hidden cause")
	for name, c := range map[string]struct {
		err    error
		status int
		text   string
		header map[string]string
	}{
		"as it is":        {&web.Error{Status: 400, Text: "wrong", Err: cause}, 400, "wrong", nil},
		"within another":  {fmt.Errorf("%w: %w", cause, &web.Error{Status: 400, Text: "wrong"}), 400, "wrong", nil},
		"method":          {&web.Error{Status: 405, Text: "no", Allow: "GET, HEAD"}, 405, "no", map[string]string{"Allow": "GET, HEAD"}},
		"end":             {&web.Error{Status: 413, Text: "large", Close: true}, 413, "large", map[string]string{"Connection": "close"}},
		"busy":            {&web.Error{Status: 503, Text: "busy"}, 503, "busy", map[string]string{"Retry-After": "5"}},
		"throttled":       {&web.Error{Status: 429, Text: "slow", RetryAfter: 1500 * time.Millisecond}, 429, "slow", map[string]string{"Retry-After": "2"}},
		"of lowstate":     {&lowstate.Error{Kind: lowstate.OutOfScope, Text: "no", Err: cause}, 403, "no", nil},
		"its internal":    {&lowstate.Error{Kind: lowstate.Internal, Text: "secret", Err: cause}, 500, web.TextUnexpected, nil},
		"spent":           {fmt.Errorf("read: %w", budget.ErrCaller), 413, budget.ErrCaller.Error(), nil},
		"of eauth":        {fmt.Errorf("%w: %w", eauth.ErrUnavailable, cause), 503, "Salt Master is not available.", map[string]string{"Retry-After": "5"}},
		"many logins":     {fmt.Errorf("%w: %w", eauth.ErrBusy, cause), 503, "Too many logins at once", nil},
		"unknown":         {cause, 500, web.TextUnexpected, nil},
		"canceled by us":  {context.Canceled, 503, web.TextStopping, nil},
		"a late deadline": {context.DeadlineExceeded, 500, web.TextUnexpected, nil},
	} {
		m := web.NewMux(web.Errors(writeCode))
		m.Get("/", func(*web.Exchange, *http.Request) error { return c.err })
		w := webtest.Send(webtest.Front(m), httptest.NewRequest(http.MethodGet, "/", nil))
		require.Equal(t, c.status, w.Code, name)
		require.Equal(t, c.text, w.Body.String(), name)
		require.NotContains(t, w.Body.String(), "hidden", name)
		for key, value := range c.header {
			require.Equal(t, value, w.Header().Get(key), name)
		}
	}
}

func TestNoAnswerToWhoHasGone(t *testing.T) {
	t.Parallel()
	m := web.NewMux(web.Errors(writeCode))
	m.Get("/", func(*web.Exchange, *http.Request) error { return context.Canceled })
	m.Get("/begun", func(x *web.Exchange, _ *http.Request) error {
		x.WriteHeader(http.StatusOK)
		return errors.New("too late")
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, r := range []*http.Request{
		httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil),
		httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/begun", nil),
	} {
		require.PanicsWithValue(t, http.ErrAbortHandler, func() { webtest.Send(webtest.Front(m), r) }, r.URL.Path)
	}
}

func TestRouteOptions(t *testing.T) {
	t.Parallel()
	m := web.NewMux(web.Errors(writeCode), web.NoStore)
	read := func(x *web.Exchange, r *http.Request) error {
		body, err := x.ReadBody(r)
		if err != nil {
			return err
		}
		x.WriteBody("text/plain", http.StatusOK, body)
		return nil
	}
	var order []string
	before := func(name string) web.Option {
		return web.Wrap(func(h web.Handler) web.Handler {
			return func(x *web.Exchange, r *http.Request) error {
				order = append(order, name)
				return h(x, r)
			}
		})
	}
	m.With(before("api's")).Handle(http.MethodPost, "/small", read, web.BodyLimit(10), before("route's"))
	m.Handle(http.MethodPost, "/large", read)
	front := webtest.Front(m)
	send := func(path string, n int) *httptest.ResponseRecorder {
		return webtest.Send(front, httptest.NewRequest(http.MethodPost, path, strings.NewReader(strings.Repeat("x", n))))
	}
	w := send("/small", 10)
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.Equal(t, []string{"api's", "route's"}, order)
	w = send("/small", 11)
	require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	require.Equal(t, "The request body is larger than 10 bytes", w.Body.String())
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.Equal(t, http.StatusOK, send("/large", 11).Code)

	require.Equal(t, []string{http.MethodPost}, m.Allowed(httptest.NewRequest(http.MethodGet, "/small", nil)))
	require.Empty(t, m.Allowed(httptest.NewRequest(http.MethodGet, "/none", nil)))
}

func TestSecretParam(t *testing.T) {
	t.Parallel()
	m := web.NewMux()
	none := func(*web.Exchange, *http.Request) error { return nil }
	m.With(web.SecretParam("token")).Handle(http.MethodGet, "/ws/{token}", none)
	m.Handle(http.MethodGet, "/events", none, web.SecretParam("token"))
	m.Get("/jobs/{jid}", none)
	path := m.LogPath()
	for in, want := range map[string]string{
		"/ws/abc": "/ws/...", "/events/abc": "/events/...", "/WS/abc": "/WS/...",
		"/jobs/abc": "/jobs/abc", "/jobs/saltern_api_abc": "/jobs/saltern_api_...",
	} {
		require.Equal(t, want, path(in))
	}
}

func TestURLs(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "http://salt/x", nil)
	require.Equal(t, "http://salt/api", web.URLs{Root: web.RootPrefix("api/")}.Base(r))
	require.Equal(t, "https://public/api", web.URLs{Public: "https://public/api", Root: "/api"}.Base(r))
	require.Empty(t, web.RootPrefix("/"))
}
