package netapi_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/internal/settings"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server"
	"github.com/saltern-api/saltern/server/servertest"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	s, _ := servertest.StartWithSessions(t, servertest.Answering("{}"), nil)
	const failed = `{"status": 401, "return": "Could not authenticate using provided credentials"}`
	for name, c := range map[string]struct {
		body   string
		status int
		want   string
	}{
		"object": {servertest.Login, 200, `{"return": [{"token": "` + servertest.SessionID + `", "expire": 1795397467.5, "start": 1795354267.715331, ` +
			`"user": "saltdev", "eauth": "pam", "perms": ["test.*", "@runner"]}]}`},
		"list":           {"[" + servertest.Login + "]", 200, ""},
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
			head, body := s.Send(t, "POST", "/login", c.body)
			require.Equal(t, c.status, head.StatusCode, body)
			if c.want != "" {
				require.Equal(t, c.want, body)
			}
			require.Equal(t, c.status == 200, head.Header.Get("X-Auth-Token") == servertest.SessionID)
			require.Equal(t, c.status == 200, head.Header.Get("Set-Cookie") != "")
		})
	}
}

func TestSessionCookie(t *testing.T) {
	t.Parallel()
	loopback := netip.MustParsePrefix("127.0.0.0/8")
	s, _ := servertest.StartWithSessions(t, servertest.Answering("{}"), func(c *server.Config) { c.Settings.TrustedProxies = []netip.Prefix{loopback} })
	head, _ := s.Send(t, "POST", "/login", servertest.Login)
	cookie := head.Header.Get("Set-Cookie")
	require.True(t, strings.HasPrefix(cookie, "session_id="+servertest.SessionID+"; Path=/; Expires="), cookie)
	require.Contains(t, cookie, "; HttpOnly")
	require.Contains(t, cookie, "; SameSite=Strict")
	require.NotContains(t, cookie, "Secure")

	head, _ = s.Send(t, "POST", "/login", servertest.Login, "X-Forwarded-Proto: https")
	require.Contains(t, head.Header.Get("Set-Cookie"), "; Secure", "the proxy speaks TLS")
}

func TestPleaseLogIn(t *testing.T) {
	t.Parallel()
	s, _ := servertest.StartWithSessions(t, servertest.Answering("{}"), nil)
	head, body := s.Send(t, "GET", "/login", "")
	require.Equal(t, 200, head.StatusCode)
	require.Equal(t, `{"status": 200, "return": "Please log in"}`, body)
	require.Equal(t, "Session", head.Header.Get("Www-Authenticate"))
}

func TestLogout(t *testing.T) {
	t.Parallel()
	s, f := servertest.StartWithSessions(t, servertest.Answering("{}"), nil)
	head, body := s.Send(t, "POST", "/logout", "", "Cookie: session_id="+servertest.SessionID)
	require.Equal(t, 200, head.StatusCode)
	require.Equal(t, `{"return": "Your token has been cleared"}`, body)
	require.Contains(t, head.Header.Get("Set-Cookie"), "session_id=; ")
	require.Contains(t, head.Header.Get("Set-Cookie"), "Max-Age=0")
	require.Equal(t, servertest.SessionID, <-f.Ended)

	s, f = servertest.StartWithSessions(t, servertest.Answering("{}"), func(c *server.Config) {
		sessions := c.Sessions.(servertest.Sessions)
		sessions.Left = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
		c.Sessions = sessions
	})
	head, body = s.Send(t, "POST", "/logout", "", "Cookie: session_id="+servertest.SessionID)
	require.Equal(t, 200, head.StatusCode)
	require.Equal(t, `{"return": "Your token has been cleared", "note": "The token could not be removed from the master's store: `+
		`it is refused here, and the master takes it until 2026-11-30T12:00:00Z"}`, body)
	require.Equal(t, servertest.SessionID, <-f.Ended)

	head, _ = s.Send(t, "POST", "/logout", "")
	require.Equal(t, 401, head.StatusCode)
	head, _ = s.Send(t, "GET", "/logout", "")
	require.Equal(t, 405, head.StatusCode)
	require.Equal(t, "POST", head.Header.Get("Allow"))
}

func TestToken(t *testing.T) {
	t.Parallel()
	s, _ := servertest.StartWithSessions(t, servertest.Answering("{}"), nil)
	head, body := s.Send(t, "POST", "/token", "["+servertest.Login+"]")
	require.Equal(t, 200, head.StatusCode)
	require.Equal(t, `[{"start": 1795354267.715331, "expire": 1795397467.5, "name": "saltdev", "eauth": "pam", "token": "`+servertest.SaltToken+`"}]`, body)
	require.Empty(t, head.Header.Get("Set-Cookie"))

	head, body = s.Send(t, "POST", "/token", `{"username": "saltdev", "eauth": "pam"}`)
	require.Equal(t, 400, head.StatusCode)
	require.Equal(t, `{"status": 400, "return": "Require \"username\", \"password\", and \"eauth\" params"}`, body)
}

// The caller of a call: each kind of credential, on / and on /run. A request
// without one is left to the gateway to refuse.
func TestCredentialsOfARequest(t *testing.T) {
	t.Parallel()
	const bare, own = `[{"client":"local","tgt":"*","fun":"test.ping"}]`, servertest.Ping
	type asked struct {
		token string
		first bool
	}
	calls := make(chan asked, 100)
	g := servertest.Gateway(func(_ context.Context, call *servertest.Call) ([][]byte, error) {
		calls <- asked{call.Authority.Token, call.ChunkFirst}
		return [][]byte{[]byte("1")}, nil
	})
	s, _ := servertest.StartWithSessions(t, g, nil)
	ok := func(token string, first bool) *asked { return &asked{token, first} }
	for name, c := range map[string]struct {
		path, body string
		headers    []string
		want       *asked // nil is 401
	}{
		"header":                 {"/", bare, []string{"X-Auth-Token: " + servertest.SessionID}, ok(servertest.SaltToken, false)},
		"salt token":             {"/", bare, []string{"X-Auth-Token: " + servertest.SaltToken}, ok(servertest.SaltToken, false)},
		"bearer":                 {"/", bare, []string{"Authorization: bearer " + servertest.SessionID}, ok(servertest.SaltToken, false)},
		"cookie":                 {"/", bare, []string{"Cookie: session_id=" + servertest.SessionID}, ok(servertest.SaltToken, false)},
		"header before cookie":   {"/", bare, []string{"X-Auth-Token: " + servertest.SessionID, "Cookie: session_id=x"}, ok(servertest.SaltToken, false)},
		"header on run":          {"/run", bare, []string{"X-Auth-Token: " + servertest.SessionID}, ok(servertest.SaltToken, true)},
		"session and chunk":      {"/", own, []string{"X-Auth-Token: " + servertest.SessionID}, ok(servertest.SaltToken, false)},
		"chunk first on run":     {"/run", own, []string{"X-Auth-Token: " + servertest.SessionID}, ok("", true)},
		"chunk alone":            {"/", own, nil, ok("", false)},
		"chunk alone on run":     {"/run", own, nil, ok("", true)},
		"two headers":            {"/", own, []string{"X-Auth-Token: " + servertest.SessionID, "+X-Auth-Token: " + servertest.SaltToken}, nil},
		"empty header":           {"/", own, []string{"X-Auth-Token: "}, ok("", false)},
		"bad header, chunk":      {"/", own, []string{"X-Auth-Token: 00"}, nil},
		"bad header, run":        {"/run", own, []string{"X-Auth-Token: 00"}, ok("", true)},
		"old cookie, chunk":      {"/", own, []string{"Cookie: session_id=00"}, ok("", false)},
		"old cookie, no chunk":   {"/", bare, []string{"Cookie: session_id=00"}, nil},
		"nothing":                {"/", bare, nil, ok("", false)},
		"nothing on jobs":        {"/jobs", bare, nil, ok("", false)},
		"another scheme":         {"/", bare, []string{"Authorization: Basic " + servertest.SessionID}, ok("", false)},
		"jobs is as /":           {"/jobs", bare, []string{"X-Auth-Token: " + servertest.SessionID}, ok(servertest.SaltToken, false)},
		"a page of another site": {"/", bare, []string{"Cookie: session_id=" + servertest.SessionID, "Origin: https://evil.example"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			head, body := s.Send(t, "POST", c.path, c.body, c.headers...)
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
	s, _ := servertest.StartWithSessions(t, servertest.Failing(&lowstate.Error{Kind: lowstate.Unauthenticated, Text: "No authentication credentials given"}), nil)
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
		head, text := s.Send(t, method, path, body)
		require.Equal(t, 401, head.StatusCode, "%s: %s", route, text)
		require.Equal(t, "Session", head.Header.Get("Www-Authenticate"), route)
	}
}

func TestAuthenticationUnavailable(t *testing.T) {
	t.Parallel()
	for _, err := range []error{eauth.ErrUnavailable, eauth.ErrBusy} {
		s := servertest.Start(t, servertest.Answering("1"), func(c *server.Config) { c.Sessions = servertest.Sessions{Err: err} })
		for _, path := range []string{"/login", "/token", "/"} {
			head, body := s.Send(t, "POST", path, servertest.Login, "X-Auth-Token: "+servertest.SessionID)
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
	s, sessions := servertest.StartWithSessions(t, servertest.Answering("1"), nil)
	for name, c := range map[string]struct {
		status  int
		headers []string
	}{
		"a cookie":                                {200, []string{good + servertest.SessionID}},
		"a foreign bearer":                        {401, []string{foreign}},
		"a foreign bearer beside a cookie":        {200, []string{foreign, good + servertest.SessionID}},
		"a foreign bearer beside a bad cookie":    {401, []string{foreign, good + unknown}},
		"a foreign bearer beside a header":        {200, []string{foreign, servertest.AuthToken + servertest.SessionID}},
		"a session as bearer beside a bad cookie": {200, []string{"Authorization: Bearer " + servertest.SessionID, good + unknown}},
		"a bearer that was a session, a cookie":   {200, []string{"Authorization: Bearer " + unknown, good + servertest.SessionID}},
		"a bad token of ours beside a cookie":     {401, []string{own, good + servertest.SessionID}},
		"a bad header beside a cookie":            {401, []string{servertest.AuthToken + unknown, good + servertest.SessionID}},
		"basic beside a cookie":                   {200, []string{"Authorization: Basic eDp5", good + servertest.SessionID}},
		"from another site":                       {403, []string{foreign, good + servertest.SessionID, "Sec-Fetch-Site: cross-site"}},
		"from another site with a header":         {200, []string{foreign, servertest.AuthToken + servertest.SessionID, "Sec-Fetch-Site: cross-site"}},
		"from another site with a session":        {200, []string{"Authorization: Bearer " + servertest.SessionID, good + servertest.SessionID, "Sec-Fetch-Site: cross-site"}},
	} {
		head, body := s.Send(t, "POST", "/", `{"client": "local", "tgt": "*", "fun": "test.ping"}`,
			append(c.headers, "Content-Type: application/json")...)
		require.Equal(t, c.status, head.StatusCode, "%s: %s", name, body)
	}
	head, _ := s.Send(t, "POST", "/logout", "", foreign, good+servertest.SessionID)
	require.Equal(t, 200, head.StatusCode)
	require.Equal(t, servertest.SessionID, <-sessions.Ended)
}

// Pages of an origin in cors_origin may use the user's cookie, in any case of
// letters in the setting: browsers send origins in lower case.
func TestCookieOfTrustedOrigin(t *testing.T) {
	t.Parallel()
	set, err := settings.Parse("saltern.yaml", []byte("cors_origin: ['HTTPS://UI.Example.com:443', 'https://b.example.com']"))
	require.NoError(t, err)
	for _, origins := range [][]string{set.CORSOrigin, {"HTTPS://UI.example.com"}} {
		s, _ := servertest.StartWithSessions(t, servertest.Answering("1"), func(c *server.Config) { c.Main.CORSOrigins = origins })
		for origin, status := range map[string]int{
			"https://ui.example.com": 200, "https://ui.example.com.evil.example": 403, "http://ui.example.com": 403, "null": 403,
		} {
			head, body := s.Send(t, "POST", "/", `[{"client": "local", "tgt": "*", "fun": "test.ping"}]`,
				"Cookie: session_id="+servertest.SessionID, "Origin: "+origin, "Sec-Fetch-Site: cross-site")
			require.Equal(t, status, head.StatusCode, "%s: %s", origin, body)
			if status == 200 {
				require.Equal(t, origin, head.Header.Get("Access-Control-Allow-Origin"))
			}
		}
	}
}
