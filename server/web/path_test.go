package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCleanPath(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]struct{ path, raw string }{
		"/":                    {"/", ""},
		"//":                   {"/", ""},
		"/login":               {"/login", ""},
		"/login/":              {"/login", ""},
		"///login//":           {"/login", ""},
		"/minions//ms-1":       {"/minions/ms-1", ""},
		"/%6cogin":             {"/login", ""},
		"/./login/..":          {"/./login/..", ""},
		"/minions/a%2Fb":       {"/minions/a/b", "/minions/a%2Fb"},
		"/minions/a%2fb//":     {"/minions/a/b", "/minions/a%2Fb"},
		"/minions/%2F":         {"/minions//", "/minions/%2F"},
		"/minions/a%2Fb%25":    {"/minions/a/b%", "/minions/a%2Fb%25"},
		"/minions/a%252Fb":     {"/minions/a%2Fb", ""},
		"/gr%C3%B6%C3%9Fer":    {"/größer", ""},
		"/login%2f":            {"/login/", "/login%2F"},
		"/jobs/x%FF":           {"/jobs/xÿ", ""},
		"/jobs/%C3%A4%FF":      {"/jobs/Ã¤ÿ", ""},
		"/a%20b%3Fc":           {"/a b?c", ""},
		"/hook/a%2F%2Fb/c?x=/": {"/hook/a//b/c", "/hook/a%2F%2Fb/c"},
	} {
		u, err := url.ParseRequestURI(in)
		require.NoError(t, err, in)
		path, raw := cleanPath(u)
		require.Equal(t, want, struct{ path, raw string }{path, raw}, in)
	}
}

func TestBelowRoot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ prefix, in, want string }{
		{"", "/index", "/"},
		{"", "/index/", "/"},
		{"", "/index/x", "/index/x"},
		{"", "/minions/index", "/minions/index"},
		{"/salt", "/salt", "/"},
		{"/salt", "/salt//login", "/login"},
		{"/salt", "//salt/login", "/login"},
		{"/salt", "/salt/index", "/"},
		{"/salt", "/salted", ""},
		{"/salt", "/login", ""},
		{"/salt", "/salt%2Flogin", ""},
		{"/salt", "/salt/jobs/a%2Fb", "/jobs/a%2Fb"},
		{"/a%b", "/a%25b/jobs/a%2Fb", "/jobs/a%2Fb"},
		{"/salt", MetadataPath + "/salt/oauth/provider", MetadataPath + "/oauth/provider"},
	} {
		u, err := url.ParseRequestURI(c.in)
		require.NoError(t, err, c.in)
		r, ok := BelowRoot(&http.Request{URL: u}, c.prefix)
		require.Equal(t, c.want != "", ok, c.in)
		if ok {
			require.Equal(t, c.want, r.URL.EscapedPath(), c.in)
		}
	}
}

func FuzzCleanPath(f *testing.F) {
	for _, seed := range []string{"/", "//a", "/a%2fb", "/%", "/%25", "*", "/a%00/", "/ws//x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		u, err := url.ParseRequestURI(in)
		if err != nil {
			return
		}
		path, raw := cleanPath(u)
		again := &url.URL{Path: path, RawPath: raw}
		require.NotContains(t, strings.TrimPrefix(again.EscapedPath(), "/"), "//")
		require.True(t, strings.HasPrefix(path, "/"))
		if raw != "" {
			plain, err := url.PathUnescape(raw)
			require.NoError(t, err)
			require.Equal(t, path, plain)
		}
		path2, raw2 := cleanPath(again)
		require.Equal(t, [2]string{path, raw}, [2]string{path2, raw2}, "clean already")
	})
}

func TestLoggedPath(t *testing.T) {
	t.Parallel()
	logged := secretPaths([]string{"ws", "events", "all_events", "formatted_events"})
	const token = "0123456789abcdef0123456789abcdef01234567"
	for in, want := range map[string]string{
		"/ws/" + token:                 "/ws/...",
		"/ws//" + token:                "/ws/...",
		"//ws///" + token + "/x":       "//ws/...",
		"/salt//all_events//" + token:  "/salt//all_events/...",
		"/formatted_events/" + token:   "/formatted_events/...",
		"/events/" + token:             "/events/...",
		"/WS/" + token:                 "/WS/...",
		"/ws%2F" + token:               "/ws/...",
		"/ws%252f" + token:             "/ws/...",
		`/ws\` + token:                 "/ws/...",
		"/ws/\n" + token:               "/ws/...",
		"/x/ws/./" + token:             "/x/ws/...",
		"/jobs/saltern_api_" + token:   "/jobs/saltern_api_...",
		"/ws":                          "/ws",
		"/ws/":                         "/ws/",
		"/news/today":                  "/news/today",
		"/minions/ms-1":                "/minions/ms-1",
		"/jobs/20200101000000000000/5": "/jobs/20200101000000000000/5",
	} {
		require.Equal(t, want, logged(in), in)
		require.NotContains(t, logged(in), token)
	}
}
