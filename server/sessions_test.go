package server_test

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/session"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server"
)

// The one session of the tests, and its credentials.
var (
	sessionID = strings.Repeat("5e", 20)
	saltToken = strings.Repeat("7a", 32)
)

// fakeSessions has the user saltdev, whose password is saltdev, and one
// session.
type fakeSessions struct {
	ended chan string // the sessions that were logged out
	err   error       // the error of every method
}

var _ server.Sessions = fakeSessions{}

func devSession() *session.Session {
	return &session.Session{
		ID: sessionID, Token: saltToken, User: "saltdev", Eauth: "pam",
		Start: time.UnixMicro(1795354267_715331), Expire: time.UnixMicro(1795397467_500000),
	}
}

func (f fakeSessions) Login(_ context.Context, c eauth.Credentials) (*session.Session, bool, error) {
	ok := c.Username == "saltdev" && c.Password == "saltdev" && c.Eauth == "pam"
	return devSession(), ok, f.err
}

func (f fakeSessions) Token(ctx context.Context, c eauth.Credentials) (*session.Session, bool, error) {
	return f.Login(ctx, c)
}

func (f fakeSessions) Resolve(_ context.Context, credential string) (*session.Session, bool, error) {
	return devSession(), credential == sessionID || credential == saltToken, f.err
}

func (f fakeSessions) Logout(_ context.Context, credential string) error {
	f.ended <- credential
	return nil
}

func (f fakeSessions) Follow(ctx context.Context, _ *session.Session) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}

// withSessions starts a server with the one session.
func withSessions(t *testing.T, g server.Gateway, change func(*server.Config)) (*running, fakeSessions) {
	t.Helper()
	f := fakeSessions{ended: make(chan string, 1)}
	return start(t, g, func(c *server.Config) {
		c.Sessions = f
		c.Perms = func(*session.Session) []byte { return []byte(`["test.*", "@runner"]`) }
		if change != nil {
			change(c)
		}
	}), f
}

// with sends a request to the main surface with more headers.
func (r *running) with(t *testing.T, method, path, body string, headers ...string) (reply, string) {
	t.Helper()
	return r.withAt(t, 0, method, path, body, headers...)
}

// withAt is with at any listener.
func (r *running) withAt(t *testing.T, listener int, method, path, body string, headers ...string) (reply, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+r.addr(listener)+path, strings.NewReader(body))
	require.NoError(t, err)
	if body != "" {
		req.Header.Set("Content-Type", asJSON)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if more, ok := strings.CutPrefix(name, "+"); ok {
			req.Header.Add(more, value)
			continue
		}
		req.Header.Set(name, value)
	}
	return do(t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, req)
}

const goodLogin = `{"username": "saltdev", "password": "saltdev", "eauth": "pam"}`

func TestLogin(t *testing.T) {
	t.Parallel()
	s, _ := withSessions(t, answering("{}"), nil)
	const failed = `{"status": 401, "return": "Could not authenticate using provided credentials"}`
	for name, c := range map[string]struct {
		body   string
		status int
		want   string
	}{
		"object": {goodLogin, 200, `{"return": [{"token": "` + sessionID + `", "expire": 1795397467.5, "start": 1795354267.715331, ` +
			`"user": "saltdev", "eauth": "pam", "perms": ["test.*", "@runner"]}]}`},
		"list":           {"[" + goodLogin + "]", 200, ""},
		"wrong password": {`{"username": "saltdev", "password": "x", "eauth": "pam"}`, 401, failed},
		"no password":    {`{"username": "saltdev", "eauth": "pam"}`, 401, failed},
		"not text":       {`{"username": ["saltdev"], "password": {"a": 1}, "eauth": "pam"}`, 401, failed},
		"bad lifetime":   {`{"username": "saltdev", "password": "saltdev", "eauth": "pam", "token_expire": "long"}`, 200, ""},
		"lifetime":       {`{"username": "saltdev", "password": "saltdev", "eauth": "pam", "token_expire": "3600"}`, 200, ""},
		"empty object":   {`{}`, 401, failed},
		"empty list":     {`[]`, 400, `{"status": 400, "return": "The request body has no object"}`},
		"a number":       {`5`, 400, `{"status": 400, "return": "Lowstates must be a list"}`},
		"no JSON":        {`{`, 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			head, body := s.with(t, "POST", "/login", c.body)
			require.Equal(t, c.status, head.StatusCode, body)
			if c.want != "" {
				require.Equal(t, c.want, body)
			}
			require.Equal(t, c.status == 200, head.Header.Get("X-Auth-Token") == sessionID)
			require.Equal(t, c.status == 200, head.Header.Get("Set-Cookie") != "")
		})
	}
}

func TestSessionCookie(t *testing.T) {
	t.Parallel()
	loopback := netip.MustParsePrefix("127.0.0.0/8")
	s, _ := withSessions(t, answering("{}"), func(c *server.Config) { c.Settings.TrustedProxies = []netip.Prefix{loopback} })
	head, _ := s.with(t, "POST", "/login", goodLogin)
	cookie := head.Header.Get("Set-Cookie")
	require.True(t, strings.HasPrefix(cookie, "session_id="+sessionID+"; Path=/; Expires="), cookie)
	require.Contains(t, cookie, "; HttpOnly")
	require.Contains(t, cookie, "; SameSite=Strict")
	require.NotContains(t, cookie, "Secure")

	head, _ = s.with(t, "POST", "/login", goodLogin, "X-Forwarded-Proto: https")
	require.Contains(t, head.Header.Get("Set-Cookie"), "; Secure", "the proxy speaks TLS")
}

func TestPleaseLogIn(t *testing.T) {
	t.Parallel()
	s, _ := withSessions(t, answering("{}"), nil)
	head, body := s.with(t, "GET", "/login", "")
	require.Equal(t, 200, head.StatusCode)
	require.Equal(t, `{"status": 200, "return": "Please log in"}`, body)
	require.Equal(t, "Session", head.Header.Get("Www-Authenticate"))
}

func TestLogout(t *testing.T) {
	t.Parallel()
	s, f := withSessions(t, answering("{}"), nil)
	head, body := s.with(t, "POST", "/logout", "", "Cookie: session_id="+sessionID)
	require.Equal(t, 200, head.StatusCode)
	require.Equal(t, `{"return": "Your token has been cleared"}`, body)
	require.Contains(t, head.Header.Get("Set-Cookie"), "session_id=; ")
	require.Contains(t, head.Header.Get("Set-Cookie"), "Max-Age=0")
	require.Equal(t, sessionID, <-f.ended)

	head, _ = s.with(t, "POST", "/logout", "")
	require.Equal(t, 401, head.StatusCode)
	head, _ = s.with(t, "GET", "/logout", "")
	require.Equal(t, 405, head.StatusCode)
	require.Equal(t, "POST", head.Header.Get("Allow"))
}

func TestToken(t *testing.T) {
	t.Parallel()
	s, _ := withSessions(t, answering("{}"), nil)
	head, body := s.with(t, "POST", "/token", "["+goodLogin+"]")
	require.Equal(t, 200, head.StatusCode)
	require.Equal(t, `[{"start": 1795354267.715331, "expire": 1795397467.5, "name": "saltdev", "eauth": "pam", "token": "`+saltToken+`"}]`, body)
	require.Empty(t, head.Header.Get("Set-Cookie"))

	head, body = s.with(t, "POST", "/token", `{"username": "saltdev", "eauth": "pam"}`)
	require.Equal(t, 400, head.StatusCode)
	require.Equal(t, `{"status": 400, "return": "Require \"username\", \"password\", and \"eauth\" params"}`, body)
}

// The caller of a call: each kind of credential, on / and on /run. A request
// without one is left to the gateway to refuse.
func TestCredentialsOfARequest(t *testing.T) {
	t.Parallel()
	const bare, own = `[{"client":"local","tgt":"*","fun":"test.ping"}]`, ping
	type asked struct {
		token string
		first bool
	}
	calls := make(chan asked, 100)
	g := fakeGateway{func(_ context.Context, call *fakeCall) ([][]byte, error) {
		calls <- asked{call.Authority.Token, call.ChunkFirst}
		return [][]byte{[]byte("1")}, nil
	}}
	s, _ := withSessions(t, g, nil)
	ok := func(token string, first bool) *asked { return &asked{token, first} }
	for name, c := range map[string]struct {
		path, body string
		headers    []string
		want       *asked // nil is 401
	}{
		"header":                 {"/", bare, []string{"X-Auth-Token: " + sessionID}, ok(saltToken, false)},
		"salt token":             {"/", bare, []string{"X-Auth-Token: " + saltToken}, ok(saltToken, false)},
		"bearer":                 {"/", bare, []string{"Authorization: bearer " + sessionID}, ok(saltToken, false)},
		"cookie":                 {"/", bare, []string{"Cookie: session_id=" + sessionID}, ok(saltToken, false)},
		"header before cookie":   {"/", bare, []string{"X-Auth-Token: " + sessionID, "Cookie: session_id=x"}, ok(saltToken, false)},
		"header on run":          {"/run", bare, []string{"X-Auth-Token: " + sessionID}, ok(saltToken, true)},
		"session and chunk":      {"/", own, []string{"X-Auth-Token: " + sessionID}, ok(saltToken, false)},
		"chunk first on run":     {"/run", own, []string{"X-Auth-Token: " + sessionID}, ok("", true)},
		"chunk alone":            {"/", own, nil, ok("", false)},
		"chunk alone on run":     {"/run", own, nil, ok("", true)},
		"two headers":            {"/", own, []string{"X-Auth-Token: " + sessionID, "+X-Auth-Token: " + saltToken}, nil},
		"empty header":           {"/", own, []string{"X-Auth-Token: "}, ok("", false)},
		"bad header, chunk":      {"/", own, []string{"X-Auth-Token: 00"}, nil},
		"bad header, run":        {"/run", own, []string{"X-Auth-Token: 00"}, ok("", true)},
		"old cookie, chunk":      {"/", own, []string{"Cookie: session_id=00"}, ok("", false)},
		"old cookie, no chunk":   {"/", bare, []string{"Cookie: session_id=00"}, nil},
		"nothing":                {"/", bare, nil, ok("", false)},
		"nothing on jobs":        {"/jobs", bare, nil, ok("", false)},
		"another scheme":         {"/", bare, []string{"Authorization: Basic " + sessionID}, ok("", false)},
		"jobs is as /":           {"/jobs", bare, []string{"X-Auth-Token: " + sessionID}, ok(saltToken, false)},
		"a page of another site": {"/", bare, []string{"Cookie: session_id=" + sessionID, "Origin: https://evil.example"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			head, body := s.with(t, "POST", c.path, c.body, c.headers...)
			if c.want == nil {
				require.Contains(t, []int{401, 403}, head.StatusCode, body)
				require.Empty(t, calls)
				return
			}
			require.Equal(t, 200, head.StatusCode, body)
			require.Equal(t, *c.want, <-calls)
		})
	}
}

func TestUnauthenticatedRoutes(t *testing.T) {
	t.Parallel()
	s, _ := withSessions(t, failing(&lowstate.Error{Kind: lowstate.Unauthenticated, Text: "No authentication credentials given"}), nil)
	for _, route := range []string{
		"POST /", "POST /logout", "GET /minions", "GET /minions/web*", "POST /minions", "GET /jobs", "GET /jobs/20261122133409055051",
		"GET /jobs/abc", "POST /jobs", "GET /stats", "GET /keys", "GET /keys/web*", "POST /keys", "POST /hook", "POST /hook/a/b",
		"GET /events", "POST /run",
	} {
		method, path, _ := strings.Cut(route, " ")
		body := ""
		if method == "POST" {
			body = `[{"client": "local", "tgt": "*", "fun": "test.ping", "mid": "m"}]`
		}
		head, text := s.with(t, method, path, body)
		require.Equal(t, 401, head.StatusCode, "%s: %s", route, text)
		require.Equal(t, "Session", head.Header.Get("Www-Authenticate"), route)
	}
}

func TestAuthenticationUnavailable(t *testing.T) {
	t.Parallel()
	for _, err := range []error{eauth.ErrUnavailable, eauth.ErrBusy} {
		s := start(t, answering("1"), func(c *server.Config) { c.Sessions = fakeSessions{err: err} })
		for _, path := range []string{"/login", "/token", "/"} {
			head, body := s.with(t, "POST", path, goodLogin, "X-Auth-Token: "+sessionID)
			require.Equal(t, 503, head.StatusCode, body)
			require.NotEmpty(t, head.Header.Get("Retry-After"))
		}
	}
}

// TestCredentialsThatCount is about requests with more than one credential.
// salt-api reads X-Auth-Token and then the cookie, and ignores Authorization: a
// proxy in front may have added its own there.
func TestCredentialsThatCount(t *testing.T) {
	t.Parallel()
	const (
		good    = "Cookie: session_id="
		foreign = "Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln"
		own     = "Authorization: Bearer saltern_api_0000000000"
	)
	unknown := strings.Repeat("0", 40)
	s, sessions := withSessions(t, answering("1"), nil)
	for name, c := range map[string]struct {
		status  int
		headers []string
	}{
		"a cookie":                                {200, []string{good + sessionID}},
		"a foreign bearer":                        {401, []string{foreign}},
		"a foreign bearer beside a cookie":        {200, []string{foreign, good + sessionID}},
		"a foreign bearer beside a bad cookie":    {401, []string{foreign, good + unknown}},
		"a foreign bearer beside a header":        {200, []string{foreign, authToken + sessionID}},
		"a session as bearer beside a bad cookie": {200, []string{"Authorization: Bearer " + sessionID, good + unknown}},
		"a bearer that was a session, a cookie":   {200, []string{"Authorization: Bearer " + unknown, good + sessionID}},
		"a bad token of ours beside a cookie":     {401, []string{own, good + sessionID}},
		"a bad header beside a cookie":            {401, []string{authToken + unknown, good + sessionID}},
		"basic beside a cookie":                   {200, []string{"Authorization: Basic eDp5", good + sessionID}},
		"from another site":                       {403, []string{foreign, good + sessionID, "Sec-Fetch-Site: cross-site"}},
		"from another site with a header":         {200, []string{foreign, authToken + sessionID, "Sec-Fetch-Site: cross-site"}},
		"from another site with a session":        {200, []string{"Authorization: Bearer " + sessionID, good + sessionID, "Sec-Fetch-Site: cross-site"}},
	} {
		head, body := s.with(t, "POST", "/", `{"client": "local", "tgt": "*", "fun": "test.ping"}`,
			append(c.headers, "Content-Type: application/json")...)
		require.Equal(t, c.status, head.StatusCode, "%s: %s", name, body)
	}
	head, _ := s.with(t, "POST", "/logout", "", foreign, good+sessionID)
	require.Equal(t, 200, head.StatusCode)
	require.Equal(t, sessionID, <-sessions.ended)
}

// Pages of an origin in cors_origin may use the user's cookie, in any case of
// letters in the setting: browsers send origins in lower case.
func TestCookieOfTrustedOrigin(t *testing.T) {
	t.Parallel()
	set, err := settings.Parse("saltern.yaml", []byte("cors_origin: ['HTTPS://UI.Example.com:443', 'https://b.example.com']"))
	require.NoError(t, err)
	for _, origins := range [][]string{set.CORSOrigin, {"HTTPS://UI.example.com"}} {
		s, _ := withSessions(t, answering("1"), func(c *server.Config) { c.Main.CORSOrigins = origins })
		for origin, status := range map[string]int{
			"https://ui.example.com": 200, "https://ui.example.com.evil.example": 403, "http://ui.example.com": 403, "null": 403,
		} {
			head, body := s.with(t, "POST", "/", `[{"client": "local", "tgt": "*", "fun": "test.ping"}]`,
				"Cookie: session_id="+sessionID, "Origin: "+origin, "Sec-Fetch-Site: cross-site")
			require.Equal(t, status, head.StatusCode, "%s: %s", origin, body)
			if status == 200 {
				require.Equal(t, origin, head.Header.Get("Access-Control-Allow-Origin"))
			}
		}
	}
}
