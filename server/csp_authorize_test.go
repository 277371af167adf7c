package server

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/server/caller"
	"github.com/saltern-api/saltern/server/oauth/tenant"
)

func TestCSPAuthorize(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	token, _ := h.apiToken(t, apitoken.ProfileCSP)
	for _, kind := range []struct{ contentType, body string }{
		{formType, "api_token=%s"},
		{formType + "; charset=UTF-8", "api_token=%s"},
		{formType, "refresh_token=%s"},
		{formType, "grant_type=refresh_token&refresh_token=%s"},
		{formType, "grant_type=refresh_token&api_token=%s"},
		{formType, "api_token=&passcode=&refresh_token=%s"},
		{formType, "api_token=%[1]s&refresh_token=%[1]s"},
		{"application/json", `{"refresh_token":"%s"}`},
		{"application/json;charset=utf-8", `{"api_token": "%s", "passcode": null}`},
	} {
		a := h.send(t, http.MethodPost, cspAuthorizePath, fmt.Sprintf(kind.body, token), "Content-Type: "+kind.contentType)
		require.Equal(t, http.StatusOK, a.Status, "%s: %s", kind.body, a.Body)
		require.Regexp(t, `^\{"token_type":"bearer","expires_in":1799,"scope":"User",`+
			`"access_token":"saltern_acc_\w{36}","refresh_token":"`+token+`"\}$`, a.Body)
		require.Equal(t, "application/json", a.Header.Get("Content-Type"))
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
		require.Equal(t, "no-cache", a.Header.Get("Pragma"))
		require.Greater(t, len(a.text(t, "access_token")), 32)

		login := h.send(t, http.MethodPost, cspLoginPath, "", bearer(a.text(t, "access_token")))
		require.Equal(t, http.StatusOK, login.Status)
		require.Equal(t, `{"authenticated":true,"attributes":{"username":"bob","config_name":"pam"}}`, login.Body)
	}
}

// wrongToken is well-formed, and nobody has ever had it.
func wrongToken() string { return apitoken.NewSecret(apitoken.KindAPI).Reveal() }

func TestCSPAuthorizeRefuses(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	token, r := h.apiToken(t, apitoken.ProfileCSP)
	revoked := token
	require.NoError(t, h.tokens.RevokeSecret(t.Context(), revoked, caller.OriginOf(&exchange{}, &http.Request{})))
	require.NotEmpty(t, r.ID)
	const grant = "invalid_grant"
	for _, c := range []struct{ path, contentType, body, code string }{
		{"", formType, "api_token=" + wrongToken(), grant},
		{"", formType, "api_token=" + revoked, grant},
		{"", formType, "api_token=short", grant},
		{"", formType, "api_token=" + apitoken.NewSecret(apitoken.KindAccess).Reveal(), grant},
		{"", formType, "", "invalid_request"},
		{"", formType, "api_token=", "invalid_request"},
		{"", formType, "api_token=a&api_token=a", "invalid_request"},
		{"", formType, "api_token=a&refresh_token=b", "invalid_request"},
		{"", formType, "grant_type=password&api_token=a", "unsupported_grant_type"},
		{"", formType, "api_token=%zz", "invalid_request"},
		{"", "application/json", `{"refresh_token":1}`, "invalid_request"},
		{"", "application/json", `["a"]`, "invalid_request"},
		{"", "text/plain", "api_token=a", "invalid_request"},
		{"", "", "api_token=a", "invalid_request"},
		{"?refresh_token=" + token, "application/json", "", "invalid_request"},
		{"?refresh_token=" + token, formType, "api_token=" + token, "invalid_request"},
	} {
		a := h.send(t, http.MethodPost, cspAuthorizePath+c.path, c.body, "Content-Type: "+c.contentType)
		require.Equal(t, http.StatusBadRequest, a.Status, "%s: %s", c.body, a.Body)
		require.Equal(t, c.code, a.text(t, "error"), c.body)
		require.Equal(t, c.code+": "+a.text(t, "error_description"), a.text(t, "message"))
		require.EqualValues(t, 340, a.member(t, "moduleCode"))
		require.NotContains(t, a.Body, " \"", "it is compact")
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
		require.NotContains(t, a.Body, token)
	}
	unknown := h.form(t, cspAuthorizePath, "api_token="+wrongToken())
	ended := h.form(t, cspAuthorizePath, "api_token="+revoked)
	cut := func(a heard) string { before, _, _ := strings.Cut(a.Body, `,"requestId"`); return before }
	require.Equal(t, cut(unknown), cut(ended), "nobody learns why")
}

func TestCSPTokenInTheURL(t *testing.T) {
	t.Parallel()
	h := build(t, func(o *DoorOptions) { o.QueryTokens = true })
	token, _ := h.apiToken(t, apitoken.ProfileCSP)
	a := h.object(t, cspAuthorizePath+"?refresh_token="+token, "")
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	require.Contains(t, a.Body, `"access_token":"saltern_acc_`)
	require.Equal(t, http.StatusOK, h.form(t, cspAuthorizePath, "api_token="+token).Status)
	require.Equal(t, http.StatusBadRequest, h.object(t, cspAuthorizePath+"?refresh_token=a&refresh_token=b", "").Status)
	require.Equal(t, http.StatusBadRequest, h.form(t, "/oauth/provider/token?refresh_token="+token,
		"grant_type=refresh_token").Status, "there nobody has ever done so")
}

func TestCSPDetails(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	token, r := h.apiToken(t, apitoken.ProfileCSP)
	a := h.object(t, cspDetailsPath, `{"tokenValue":"`+token+`"}`)
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	require.Equal(t, r.ID, a.text(t, "tokenId"))
	require.Equal(t, "ci-csp", a.text(t, "tokenName"))
	require.Equal(t, "bob", a.text(t, "username"))
	require.Equal(t, tenant.System.ID, a.text(t, "orgId"))
	require.EqualValues(t, r.Expires.UnixMilli(), a.member(t, "expiresAt"))
	require.EqualValues(t, r.Created.UnixMilli(), a.member(t, "createdAt"))
	require.Nil(t, a.member(t, "lastUsedAt"))
	require.NotContains(t, a.Body, token)

	forever, _ := h.apiToken(t, apitoken.ProfileVCD)
	require.Nil(t, h.object(t, cspDetailsPath, `{"tokenValue":"`+forever+`"}`).member(t, "expiresAt"))

	for _, body := range []string{`{"tokenValue":"` + wrongToken() + `"}`, `{"tokenValue":"x"}`, `{}`, ``} {
		require.Equal(t, http.StatusBadRequest, h.object(t, cspDetailsPath, body).Status, body)
	}
}

// TestCSPLoginOnTheWire sends what "curl -I -X POST" does, and looks at bytes.
func TestCSPLoginOnTheWire(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	token := h.accessToken(t)
	for _, path := range []string{"/account/login", "/account/login/"} {
		u, err := url.Parse(h.url)
		require.NoError(t, err)
		c, err := net.Dial("tcp", u.Host)
		require.NoError(t, err)
		_, err = fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: salt\r\nAuthorization: Bearer %s\r\n\r\n", path, token)
		require.NoError(t, err)
		var lines []string
		for in := bufio.NewReader(c); ; {
			line, err := in.ReadString('\n')
			require.NoError(t, err)
			if line == "\r\n" {
				break
			}
			lines = append(lines, strings.TrimSpace(line))
		}
		require.NoError(t, c.Close())
		head := strings.Join(lines, "\n")
		require.Equal(t, "HTTP/1.1 200 OK", lines[0])
		require.Regexp(t, `(?m)^X-XSRFTOKEN: [0-9A-Z]{26}$`, head)
		_, xsrf, _ := strings.Cut(head, "X-XSRFTOKEN: ")
		xsrf, _, _ = strings.Cut(xsrf, "\n")
		require.Contains(t, head, "Set-Cookie: _xsrf="+xsrf+"; Path=/; SameSite=Strict")
	}
}

func TestCSPLogin(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	access := h.accessToken(t)

	before := h.send(t, http.MethodGet, cspLoginPath, "")
	require.Equal(t, http.StatusOK, before.Status)
	xsrf := before.Header.Get("X-Xsrftoken")
	require.NotEmpty(t, xsrf)
	pair := []string{"X-XSRFTOKEN: " + xsrf, "Cookie: _xsrf=" + xsrf + "; _xsrf=" + xsrf}

	byJSON := h.object(t, cspLoginPath,
		`{"username":"bob","password":"secret","config_name":"internal","token_type":"jwt"}`, pair...)
	require.Equal(t, http.StatusOK, byJSON.Status, byJSON.Body)
	require.Equal(t, xsrf, byJSON.Header.Get("X-Xsrftoken"), "a client keeps what it has")
	session := byJSON.text(t, "jwt")
	require.Equal(t, true, byJSON.member(t, "authenticated"))
	require.Contains(t, byJSON.Header.Values("Set-Cookie")[0], "session_id="+session)

	basic := "Authorization: Basic Ym9iOnNlY3JldA=="
	for name, c := range map[string]struct {
		headers []string
		want    int
	}{
		"bearer":                          {[]string{bearer(access)}, 200},
		"lower-case scheme":               {[]string{"Authorization: bearer " + access}, 200},
		"bearer of a session":             {[]string{bearer(session)}, 200},
		"bearer, and a pair":              {append([]string{bearer(access)}, pair...), 200},
		"bearer, and a pair that differs": {[]string{bearer(access), "X-XSRFTOKEN: a", "Cookie: _xsrf=b"}, 403},
		"bearer, and a header alone":      {[]string{bearer(access), "X-XSRFTOKEN: a"}, 200},
		"cookie alone":                    {[]string{"Cookie: session_id=" + session}, 403},
		"cookie, and a header alone":      {[]string{"Cookie: session_id=" + session, "X-XSRFTOKEN: " + xsrf}, 403},
		"cookie and empty pair":           {[]string{"Cookie: session_id=" + session + "; _xsrf=", "X-XSRFTOKEN: "}, 403},
		"cookie and a pair":               {[]string{"Cookie: session_id=" + session + "; _xsrf=other; _xsrf=" + xsrf, pair[0]}, 200},
		"basic alone":                     {[]string{basic}, 403},
		"basic and a pair":                {append([]string{basic}, pair...), 200},
		"wrong basic and a pair":          {append([]string{"Authorization: Basic Ym9iOng="}, pair...), 401},
		"nothing":                         {nil, 401},
		"no such token":                   {[]string{bearer(wrongToken())}, 401},
		"no such session":                 {[]string{bearer(strings.Repeat("1", 40))}, 401},
		"two credentials":                 {[]string{bearer(access), "X-Auth-Token: " + session}, 400},
		"the same one twice":              {[]string{bearer(access), "X-Auth-Token: " + access}, 200},
		"an access token as a cookie":     {[]string{"Cookie: session_id=" + access + "; _xsrf=" + xsrf, pair[0]}, 401},
	} {
		a := h.send(t, http.MethodPost, cspLoginPath, "", c.headers...)
		require.Equal(t, c.want, a.Status, "%s: %s", name, a.Body)
		require.Equal(t, "application/json", a.Header.Get("Content-Type"), "never HTML")
		if c.want != 200 {
			require.NotEmpty(t, a.text(t, "error"), name)
			require.Empty(t, a.Header.Get("X-Xsrftoken"))
		}
	}
	require.Equal(t, 401, h.object(t, cspLoginPath, `{"username":"bob","password":"wrong"}`).Status)
	require.Equal(t, 503, h.object(t, cspLoginPath, `{"username":"nobody-can-tell","password":"x"}`).Status)
	require.Equal(t, 403, h.object(t, cspLoginPath, `{"username":"bob","password":"secret"}`, "Sec-Fetch-Site: cross-site").Status)
	require.Equal(t, 401, h.object(t, cspLoginPath, `{}`).Status)
}
