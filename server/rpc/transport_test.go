package rpc_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/lowstate"
	"github.com/saltern-api/saltern/server/internal/tokentest"
	"github.com/saltern-api/saltern/server/rpc"
)

const echo = `{"resource":"test","method":"echo","kwarg":{"message":"scc_auth_probe"},"riq":3}`

// TestSignIn has each way in which programs sign in.
func TestSignIn(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	access := e.AccessToken(t)
	api, _ := e.APIToken(t, apitoken.ProfileNative)

	before := e.Send(t, http.MethodGet, "/raas/account/login", "")
	xsrf := before.Header.Get("X-Xsrftoken")
	require.NotEmpty(t, xsrf)
	login := e.Send(t, http.MethodPost, "/raas/account/login",
		`{"username":"bob","password":"secret","config_name":"internal","token_type":"jwt"}`)
	require.Equal(t, http.StatusOK, login.Status, login.Body)
	jwt := login.Text(t, "jwt")
	session, _, _ := strings.Cut(login.Header.Values("Set-Cookie")[0], ";")
	ended := e.Send(t, http.MethodPost, "/account/login", `{"username":"bob","password":"secret"}`).Text(t, "jwt")
	basic := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("bob:secret"))
	pair, cookie := "X-Xsrftoken: "+xsrf, "Cookie: _xsrf="+xsrf
	seed := "Cookie: _xsrf=" + xsrf + "; _xsrf=" + xsrf

	for name, c := range map[string]struct {
		headers []string
		want    int
	}{
		"access token":                    {[]string{tokentest.Bearer(access)}, 200},
		"as the seed's script":            {[]string{tokentest.Bearer(access), "X-XSRFTOKEN: " + xsrf, seed}, 200},
		"API token":                       {[]string{tokentest.Bearer(api)}, 200},
		"jwt":                             {[]string{tokentest.Bearer(jwt)}, 200},
		"jwt by its scheme":               {[]string{"Authorization: JWT " + jwt}, 200},
		"jwt with the header's XSRF":      {[]string{tokentest.Bearer(jwt), pair}, 200},
		"csp-auth-token":                  {[]string{"csp-auth-token: " + access}, 200},
		"with a version":                  {[]string{tokentest.Bearer(access), "x-raas-rpc-version: 13"}, 200},
		"basic":                           {[]string{basic, pair, cookie}, 200},
		"basic without XSRF":              {[]string{basic}, 403},
		"basic with the header alone":     {[]string{basic, pair}, 403},
		"basic, wrong":                    {[]string{"Authorization: Basic Ym9iOng=", pair, cookie}, 401},
		"basic from another site":         {[]string{basic, pair, cookie, "Sec-Fetch-Site: cross-site"}, 403},
		"cookie":                          {[]string{"Cookie: " + session + "; _xsrf=" + xsrf, pair}, 200},
		"cookie without XSRF":             {[]string{"Cookie: " + session}, 403},
		"cookie with another XSRF":        {[]string{"Cookie: " + session + "; _xsrf=x", pair}, 403},
		"cookie from another site":        {[]string{"Cookie: " + session + "; _xsrf=" + xsrf, pair, "Sec-Fetch-Site: cross-site"}, 403},
		"bearer, and an XSRF that is not": {[]string{tokentest.Bearer(access), pair, "Cookie: _xsrf=x"}, 403},
		"two that differ":                 {[]string{tokentest.Bearer(access), "csp-auth-token: " + jwt}, 400},
		"nothing":                         {nil, 401},
		"no such token":                   {[]string{tokentest.Bearer(tokentest.WrongToken())}, 401},
		"no such session":                 {[]string{tokentest.Bearer(strings.Repeat("1", 40))}, 401},
		"a jwt that was changed":          {[]string{tokentest.Bearer(jwt + "A")}, 401},
		"a jwt in a cookie":               {[]string{"Cookie: session_id=" + jwt + "; _xsrf=" + xsrf, pair}, 401},
	} {
		for _, path := range []string{"/rpc", "/raas/rpc", "/rpc/"} {
			for _, kind := range []string{"Content-Type: application/json", "Content-Type: " + tokentest.FormType, "Accept: text/html"} {
				a := e.Send(t, http.MethodPost, path, echo, append(c.headers, kind)...)
				require.Equal(t, c.want, a.Status, "%s: %s", name, a.Body)
				got := envelopeOf(t, a)
				if c.want == 200 {
					require.JSONEq(t, `{"riq":3,"ret":"scc_auth_probe","error":null,"warnings":[]}`, a.Body, name)
				} else {
					require.NotZero(t, got.code(), name)
					require.Equal(t, c.want == 401, a.Header.Get("Www-Authenticate") != "", name)
				}
				require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
			}
		}
	}

	// A jwt ends with its session.
	require.Equal(t, 200, e.Send(t, http.MethodPost, rpc.Path, echo, tokentest.Bearer(ended)).Status)
	require.Equal(t, 204, e.Send(t, http.MethodDelete, "/cloudapi/1.0.0/sessions/current", "", tokentest.Bearer(ended)).Status)
	require.Equal(t, 401, e.Send(t, http.MethodPost, rpc.Path, echo, tokentest.Bearer(ended)).Status)
	require.Equal(t, 200, e.Send(t, http.MethodPost, rpc.Path, echo, tokentest.Bearer(jwt)).Status)
}

// A session that is made for a request with a password ends with the request.
func TestBasicLeavesNoSession(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	basic := passwordOf("bob")
	require.Zero(t, e.post(t, echo, basic...).code())
	for n := range 5 {
		a := e.Send(t, http.MethodPost, rpc.Path, echo, tokentest.Bearer(fmt.Sprintf("%040x", n)))
		require.Equal(t, http.StatusUnauthorized, a.Status)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	for _, path := range []string{"/version", "/version/"} {
		a := e.Send(t, http.MethodGet, path, "")
		require.JSONEq(t, `{"version":"1.2.3"}`, a.Body)
		require.Contains(t, a.Header.Values("Set-Cookie")[0], "_xsrf="+a.Header.Get("X-Xsrftoken"))
	}
}

func TestCalls(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	bob := e.by(t, "bob")
	for body, want := range map[string]string{
		echo: `{"riq":3,"ret":"scc_auth_probe","error":null,"warnings":[]}`,
		`{"resource":"test","method":"echo","arg":["a"],"riq":"x"}`:                                               `{"riq":"x","ret":"a","error":null,"warnings":[]}`,
		`{"resource":"test","method":"echo","args":["a"],"kwarg":{},"riq":139727129350384}`:                       `{"riq":139727129350384,"ret":"a","error":null,"warnings":[]}`,
		`{"resource":"test","method":"echo","args":[],"arg":["a"],"kwarg":null,"riq":1,"something":[{"else":1}]}`: `{"riq":1,"ret":"a","error":null,"warnings":[]}`,
		`{"resource":"test","method":"warnings","riq":1}`:                                                         `{"riq":1,"ret":true,"error":null,"warnings":["This is a warning of test.warnings"]}`,
		`{"resource":"stats","method":"null","riq":1}`:                                                            `{"riq":1,"ret":null,"error":null,"warnings":[]}`,
		`[]`: `[]`,
		` [ ` + echo + `, {"resource":"stats","method":"null","riq":4} ] `: `[{"riq":3,"ret":"scc_auth_probe","error":null,"warnings":[]},{"riq":4,"ret":null,"error":null,"warnings":[]}]`,
	} {
		a := e.Send(t, http.MethodPost, rpc.Path, body, bob)
		require.Equal(t, http.StatusOK, a.Status, a.Body)
		require.JSONEq(t, want, a.Body, body)
	}

	// A call without riq gets one.
	made := e.post(t, `{"resource":"stats","method":"null"}`, bob)
	require.Regexp(t, `^[1-9][0-9]*$`, string(made.RIQ))

	// What is wrong with one call of a list is its own.
	a := e.Send(t, http.MethodPost, rpc.Path,
		`[1, {"resource":"test"}, {"resource":"no","method":"such"}, {"resource":"test","method":"error"}, `+echo+`]`, bob)
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	var all []answer
	require.NoError(t, json.Unmarshal([]byte(a.Body), &all), a.Body)
	var got []int
	for _, one := range all {
		got = append(got, one.code())
		require.NotEmpty(t, one.RIQ)
	}
	require.Equal(t, []int{4000, 4000, 4002, 5001, 0}, got)
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	bob := e.by(t, "bob")
	for body, want := range map[string]int{
		``: 400, `{`: 400, `1`: 400, `{"resource":"test","method":"echo","method":"error"}`: 400, `[1`: 400, "\xff": 400, `{"riq":[]}`: 400,
		`[` + strings.Repeat(`1,`, 100) + `1]`: 400,
		`{"resource":"test","riq":1}`:          200,
		`{"resource":1,"method":"a","riq":1}`:  200, `{"resource":"test","method":"echo","arg":{},"riq":1}`: 200,
		`{"resource":"test","method":"echo","arg":["a"],"args":["a"],"riq":1}`: 200,
		`{"resource":"test","method":"echo","kwarg":[],"riq":1}`:               200,
	} {
		a := e.Send(t, http.MethodPost, rpc.Path, body, bob)
		require.Equal(t, want, a.Status, "%s: %s", body, a.Body)
		require.Equal(t, 4000, envelopeOf(t, a).code(), body)
	}
	for method, path := range map[string]string{"GET": "/rpc", "PUT": "/raas/rpc", "DELETE": "/version"} {
		a := e.Send(t, method, path, "", bob)
		require.Equal(t, http.StatusMethodNotAllowed, a.Status)
		require.NotEmpty(t, a.Header.Get("Allow"))
		require.Equal(t, 4050, envelopeOf(t, a).code())
	}
	for _, path := range []string{"/rpc/x", "/raas", "/raas/x"} {
		a := e.Send(t, http.MethodPost, path, "", bob)
		require.Equal(t, http.StatusNotFound, a.Status, path)
		require.Equal(t, 4040, envelopeOf(t, a).code())
	}
	require.Equal(t, http.StatusRequestEntityTooLarge,
		e.Send(t, http.MethodPost, rpc.Path, strings.Repeat(" ", 1<<20+1), bob).Status)
}

func TestArguments(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	bob := e.by(t, "bob")
	for _, c := range []struct{ arguments, parameter string }{
		{`"kwarg":{"massage":"x"}`, "massage"},
		{`"kwarg":{"message":1}`, "message"},
		{`"kwarg":{"message":null}`, "message"},
		{`"kwarg":{}`, "message"},
		{`"arg":["a"],"kwarg":{"message":"b"}`, "message"},
		{`"arg":["a","b"]`, ""},
	} {
		a := e.post(t, `{"resource":"test","method":"echo","riq":1,`+c.arguments+`}`, bob)
		require.Equal(t, 4001, a.code(), c.arguments)
		require.Equal(t, c.parameter, a.Error.Detail.Parameter, c.arguments)
		require.Contains(t, a.Error.Message, c.parameter)
	}
	for _, seconds := range []string{`0`, `"0"`, `0.001`, `" 0.001 "`} {
		require.Zero(t, e.post(t, `{"resource":"test","method":"sleep","kwarg":{"seconds":`+seconds+`}}`, bob).code(), seconds)
	}
	for _, seconds := range []string{`121`, `-1`, `"x"`, `true`, `"NaN"`, `"Inf"`, `1e999`} {
		a := e.Send(t, http.MethodPost, rpc.Path, `{"resource":"test","method":"sleep","riq":1,"kwarg":{"seconds":`+seconds+`}}`, bob)
		require.Equal(t, 4001, envelopeOf(t, a).code(), seconds)
	}
}

// A jwt that is requested is one of the caller's, as good as the credential that it was
// requested with, and ends with that.
func TestGetJWT(t *testing.T) {
	t.Parallel()
	ends := make(chan func(), 1100)
	e := newEnv(t, func(a *rpc.API) {
		a.After = func(d time.Duration, f func()) {
			require.InDelta(t, 30, d.Minutes(), 1)
			ends <- f
		}
	})
	const get = `{"resource":"auth","method":"get_jwt"}`
	api, record := e.APIToken(t, apitoken.ProfileNative)
	basic := passwordOf("bob")
	for name, headers := range map[string][]string{"session": {e.by(t, "bob")}, "token": {tokentest.Bearer(api)}, "password": basic} {
		var got struct{ JWT string }
		require.NoError(t, json.Unmarshal(e.post(t, get, headers...).Ret, &got), name)
		line := e.lines.last(t)
		require.Equal(t, "issued bob", line.Event+" "+line.User, name)
		require.Regexp(t, `^jwt until 20\d\d-`, line.Subject, name)
		require.Zero(t, e.post(t, echo, tokentest.Bearer(got.JWT)).code(), name)
		scopes := e.post(t, `{"resource":"cmd","method":"route_cmd","kwarg":{"cmd":"runner","fun":"a"}}`, tokentest.Bearer(got.JWT)).code()
		require.Equal(t, map[bool]int{true: 4032, false: 0}[name == "token"], scopes, "it has the scopes of the token")
		if name == "token" {
			require.NoError(t, e.Tokens.Revoke(t.Context(), issuer.Caller{User: "bob", Eauth: "pam", LoggedIn: true}, record.ID))
			require.Equal(t, http.StatusUnauthorized, e.Send(t, http.MethodPost, rpc.Path, echo, tokentest.Bearer(got.JWT)).Status)
		}
		if name == "password" {
			require.Len(t, ends, 1, "the session of the request ends with the token")
			(<-ends)()
			require.Equal(t, http.StatusUnauthorized, e.Send(t, http.MethodPost, rpc.Path, echo, tokentest.Bearer(got.JWT)).Status)
		}
	}
	require.Empty(t, ends)

	// Two tokens of one request have one session, which is not that of another.
	two := e.Send(t, http.MethodPost, rpc.Path, "["+get+","+get+"]", basic...)
	require.Equal(t, http.StatusOK, two.Status)
	require.Len(t, ends, 1)
	for range 19 {
		require.Zero(t, e.post(t, get, basic...).code())
	}
	require.Equal(t, 4290, e.post(t, get, basic...).code(), "there is a bound for each user")
	for i := range 49 {
		for range 20 {
			require.Zero(t, e.post(t, get, passwordOf(fmt.Sprintf("user%d", i))...).code(), "which is not that of another")
		}
	}
	require.Equal(t, 4290, e.post(t, get, passwordOf("other")...).code(), "and one for all")
	(<-ends)()
	require.Zero(t, e.post(t, get, passwordOf("other")...).code())
	require.Equal(t, 4290, e.post(t, get, basic...).code())
}

// passwordOf returns the headers of a request with the name and the password of a user.
func passwordOf(user string) []string {
	return []string{"Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":secret")), "X-Xsrftoken: x", "Cookie: _xsrf=x"}
}

// A request whose credential ends is answered with 401, upon which clients send it again,
// only if nothing of it was carried out.
func TestCredentialEndsWithin(t *testing.T) {
	t.Parallel()
	e := newEnv(t, nil)
	bob := e.by(t, "bob")
	e.master.err = lowstate.ErrUnauthenticated
	const set, unknown = `{"resource":"kv","method":"set_key","kwarg":{"key":"a","value":1}}`, `{"resource":"kv","method":"no"}`
	for _, body := range []string{ping, `[` + ping + `]`, `[` + unknown + `,` + ping + `,` + set + `]`} {
		require.Equal(t, http.StatusUnauthorized, e.Send(t, http.MethodPost, rpc.Path, body, bob).Status, body)
	}
	require.JSONEq(t, `[]`, string(e.must(t, bob, "kv.list_keys", `{}`)))
	got := e.Send(t, http.MethodPost, rpc.Path, `[`+set+`,`+ping+`,`+strings.Replace(set, `"a"`, `"b"`, 1)+`]`, bob)
	require.Equal(t, http.StatusOK, got.Status, got.Body)
	var all []answer
	require.NoError(t, json.Unmarshal([]byte(got.Body), &all))
	require.Len(t, all, 3)
	require.Zero(t, all[0].code())
	require.Equal(t, 4010, all[1].code())
	require.Equal(t, 4010, all[2].code())
	require.JSONEq(t, `["a"]`, string(e.must(t, bob, "kv.list_keys", `{}`)), "it is not carried out after the end")
}

// A call of a list is carried out with what its credential allows by then.
func TestRightsWithin(t *testing.T) {
	t.Parallel()
	bob := issuer.Caller{User: "bob", Eauth: "pam", LoggedIn: true}
	for name, c := range map[string]struct {
		ran  func(t *testing.T, e *env, session, token string) error
		list bool // kv.list_keys is carried out
		code int  // of what the scopes allowed before
	}{
		"nothing happens": {func(*testing.T, *env, string, string) error { return nil }, true, 0},
		"a revoked token": {func(t *testing.T, e *env, _, token string) error { return e.Tokens.Revoke(t.Context(), bob, token) }, false, 4010},
		"a logout": {func(t *testing.T, e *env, session, _ string) error {
			_, err := e.api.Logins.Sessions.Logout(t.Context(), session)
			return err
		}, false, 4010},
		"other scopes": {func(t *testing.T, e *env, _, _ string) error {
			return e.Tokens.ChangeRole(t.Context(), issuer.Caller{Operator: true}, "narrows", func(r *role.Role) { r.Permissions = []role.Permission{role.CmdRun} })
		}, true, 4030},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, nil)
			require.NoError(t, e.Tokens.PutRole(t.Context(), issuer.Caller{Operator: true}, role.Role{
				Name: "narrows", Permissions: []role.Permission{role.CmdRun, role.TargetAllMinionsRun, role.TargetRead},
			}, true))
			secret, record, err := e.Tokens.Create(t.Context(), bob, issuer.NewToken{Name: "n", Scopes: []string{"narrows"}, Profile: apitoken.ProfileNative})
			require.NoError(t, err)
			session := e.Session(t, "bob")
			e.master.ran = func() { require.NoError(t, c.ran(t, e, session, record.ID)) }
			credential := secret.Reveal()
			if name == "a logout" {
				credential = session
			}
			got := e.Send(t, http.MethodPost, rpc.Path, `[`+ping+`,{"resource":"kv","method":"list_keys"},{"resource":"tgt","method":"get_target_group"}]`, tokentest.Bearer(credential))
			require.Equal(t, http.StatusOK, got.Status, got.Body)
			var all []answer
			require.NoError(t, json.Unmarshal([]byte(got.Body), &all))
			require.Len(t, all, 3)
			require.Zero(t, all[0].code(), got.Body)
			require.Equal(t, c.list, all[1].code() == 0, got.Body)
			require.Equal(t, c.code, all[2].code(), got.Body)
		})
	}
}
