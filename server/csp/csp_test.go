package csp_test

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
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/server/csp"
	"github.com/saltern-api/saltern/server/internal/tokentest"
	"github.com/saltern-api/saltern/server/oauth/tenant"
	"github.com/saltern-api/saltern/server/tokenapi"
)

func TestCSPAuthorize(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	token, _ := h.APIToken(t, apitoken.ProfileCSP)
	for _, kind := range []struct{ contentType, body string }{
		{tokentest.FormType, "api_token=%s"},
		{tokentest.FormType + "; charset=UTF-8", "api_token=%s"},
		{tokentest.FormType, "refresh_token=%s"},
		{tokentest.FormType, "grant_type=refresh_token&refresh_token=%s"},
		{tokentest.FormType, "grant_type=refresh_token&api_token=%s"},
		{tokentest.FormType, "api_token=&passcode=&refresh_token=%s"},
		{tokentest.FormType, "api_token=%[1]s&refresh_token=%[1]s"},
		{"application/json", `{"refresh_token":"%s"}`},
		{"application/json;charset=utf-8", `{"api_token": "%s", "passcode": null}`},
	} {
		a := h.Send(t, http.MethodPost, csp.AuthorizePath, fmt.Sprintf(kind.body, token), "Content-Type: "+kind.contentType)
		require.Equal(t, http.StatusOK, a.Status, "%s: %s", kind.body, a.Body)
		require.Regexp(t, `^\{"token_type":"bearer","expires_in":1799,"scope":"User",`+
			`"access_token":"saltern_acc_\w{36}","refresh_token":"`+token+`"\}$`, a.Body)
		require.Equal(t, "application/json", a.Header.Get("Content-Type"))
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
		require.Equal(t, "no-cache", a.Header.Get("Pragma"))
		require.Greater(t, len(a.Text(t, "access_token")), 32)

		login := h.Send(t, http.MethodPost, tokenapi.AccountPath, "", tokentest.Bearer(a.Text(t, "access_token")))
		require.Equal(t, http.StatusOK, login.Status)
		require.Equal(t, `{"authenticated":true,"attributes":{"username":"bob","config_name":"internal"}}`, login.Body)
	}
}

// The identity service of VMware Cloud Foundation exchanges the same tokens.
func TestTokenOfCloudFoundation(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	token, _ := h.APIToken(t, apitoken.ProfileCSP)
	const path, grant = "/acs/t/CUSTOMER/token", "grant_type=urn:custom:vcf:params:oauth:grant-type:api-token&api_token="
	a := h.Form(t, path, grant+token, "Accept: application/json;charset=UTF-8")
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	require.Regexp(t, `^saltern_acc_`, a.Text(t, "access_token"))
	require.Equal(t, "invalid_grant", h.Form(t, path, grant+tokentest.WrongToken()).Text(t, "error"))
}

func TestCSPAuthorizeRefuses(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	token, r := h.APIToken(t, apitoken.ProfileCSP)
	revoked := token
	require.NoError(t, h.Tokens.RevokeSecret(t.Context(), revoked, issuer.Origin{}))
	require.NotEmpty(t, r.ID)
	const grant = "invalid_grant"
	for _, c := range []struct{ path, contentType, body, code string }{
		{"", tokentest.FormType, "api_token=" + tokentest.WrongToken(), grant},
		{"", tokentest.FormType, "api_token=" + revoked, grant},
		{"", tokentest.FormType, "api_token=short", grant},
		{"", tokentest.FormType, "api_token=" + apitoken.NewSecret(apitoken.KindAccess).Reveal(), grant},
		{"", tokentest.FormType, "", "invalid_request"},
		{"", tokentest.FormType, "api_token=", "invalid_request"},
		{"", tokentest.FormType, "api_token=a&api_token=a", "invalid_request"},
		{"", tokentest.FormType, "api_token=a&refresh_token=b", "invalid_request"},
		{"", tokentest.FormType, "grant_type=password&api_token=a", "unsupported_grant_type"},
		{"", tokentest.FormType, "api_token=%zz", "invalid_request"},
		{"", "application/json", `{"refresh_token":1}`, "invalid_request"},
		{"", "application/json", `["a"]`, "invalid_request"},
		{"", "text/plain", "api_token=a", "invalid_request"},
		{"", "", "api_token=a", "invalid_request"},
		{"?refresh_token=" + token, "application/json", "", "invalid_request"},
		{"?refresh_token=" + token, tokentest.FormType, "api_token=" + token, "invalid_request"},
	} {
		a := h.Send(t, http.MethodPost, csp.AuthorizePath+c.path, c.body, "Content-Type: "+c.contentType)
		require.Equal(t, http.StatusBadRequest, a.Status, "%s: %s", c.body, a.Body)
		require.Equal(t, c.code, a.Text(t, "error"), c.body)
		require.Equal(t, c.code+": "+a.Text(t, "error_description"), a.Text(t, "message"))
		require.EqualValues(t, 340, a.Member(t, "moduleCode"))
		require.NotContains(t, a.Body, " \"", "it is compact")
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
		require.NotContains(t, a.Body, token)
	}
	unknown := h.Form(t, csp.AuthorizePath, "api_token="+tokentest.WrongToken())
	ended := h.Form(t, csp.AuthorizePath, "api_token="+revoked)
	cut := func(a tokentest.Answer) string { before, _, _ := strings.Cut(a.Body, `,"requestId"`); return before }
	require.Equal(t, cut(unknown), cut(ended), "clients do not learn why")
}

func TestCSPTokenInTheURL(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, func(o *tokentest.Options) { o.QueryTokens = true })
	token, _ := h.APIToken(t, apitoken.ProfileCSP)
	a := h.Object(t, csp.AuthorizePath+"?refresh_token="+token, "")
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	require.Contains(t, a.Body, `"access_token":"saltern_acc_`)
	require.Equal(t, http.StatusOK, h.Form(t, csp.AuthorizePath, "api_token="+token).Status)
	require.Equal(t, http.StatusBadRequest, h.Object(t, csp.AuthorizePath+"?refresh_token=a&refresh_token=b", "").Status)
	require.Equal(t, http.StatusBadRequest, h.Form(t, "/oauth/provider/token?refresh_token="+token,
		"grant_type=refresh_token").Status, "only Cloud Services has ever allowed that")
}

func TestCSPDetails(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	token, r := h.APIToken(t, apitoken.ProfileCSP)
	a := h.Object(t, csp.DetailsPath, `{"tokenValue":"`+token+`"}`)
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	require.Equal(t, r.ID, a.Text(t, "tokenId"))
	require.Equal(t, "ci-csp", a.Text(t, "tokenName"))
	require.Equal(t, "bob", a.Text(t, "username"))
	require.Equal(t, tenant.System.ID, a.Text(t, "orgId"))
	require.EqualValues(t, r.Expires.UnixMilli(), a.Member(t, "expiresAt"))
	require.EqualValues(t, r.Created.UnixMilli(), a.Member(t, "createdAt"))
	require.Nil(t, a.Member(t, "lastUsedAt"))
	require.NotContains(t, a.Body, token)

	forever, _ := h.APIToken(t, apitoken.ProfileVCD)
	require.Nil(t, h.Object(t, csp.DetailsPath, `{"tokenValue":"`+forever+`"}`).Member(t, "expiresAt"))

	for _, body := range []string{`{"tokenValue":"` + tokentest.WrongToken() + `"}`, `{"tokenValue":"x"}`, `{}`, ``} {
		require.Equal(t, http.StatusBadRequest, h.Object(t, csp.DetailsPath, body).Status, body)
	}
}

// TestCSPLoginOnTheWire sends the request of "curl -I -X POST", and compares
// bytes.
func TestCSPLoginOnTheWire(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	token := h.AccessToken(t)
	for _, path := range []string{"/account/login", "/account/login/"} {
		u, err := url.Parse(h.URL)
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
	h := tokentest.Build(t, nil)
	access := h.AccessToken(t)

	before := h.Send(t, http.MethodGet, tokenapi.AccountPath, "")
	require.Equal(t, http.StatusOK, before.Status)
	xsrf := before.Header.Get("X-Xsrftoken")
	require.NotEmpty(t, xsrf)
	pair := []string{"X-XSRFTOKEN: " + xsrf, "Cookie: _xsrf=" + xsrf + "; _xsrf=" + xsrf}

	byJSON := h.Object(t, tokenapi.AccountPath,
		`{"username":"bob","password":"secret","config_name":"internal","token_type":"jwt"}`, pair...)
	require.Equal(t, http.StatusOK, byJSON.Status, byJSON.Body)
	require.Equal(t, xsrf, byJSON.Header.Get("X-Xsrftoken"), "a client keeps what it has")
	jwt := byJSON.Text(t, "jwt")
	require.Equal(t, true, byJSON.Member(t, "authenticated"))
	cookie, _, _ := strings.Cut(byJSON.Header.Values("Set-Cookie")[0], ";")
	session := strings.TrimPrefix(cookie, "session_id=")
	require.Len(t, session, 40)
	require.NotContains(t, jwt, session)

	basic := "Authorization: Basic Ym9iOnNlY3JldA=="
	for name, c := range map[string]struct {
		headers []string
		want    int
	}{
		"bearer":                          {[]string{tokentest.Bearer(access)}, 200},
		"lower-case scheme":               {[]string{"Authorization: bearer " + access}, 200},
		"bearer of a session":             {[]string{tokentest.Bearer(session)}, 200},
		"bearer of a jwt":                 {[]string{tokentest.Bearer(jwt)}, 200},
		"scheme JWT":                      {[]string{"Authorization: JWT " + jwt}, 200},
		"csp-auth-token":                  {[]string{"csp-auth-token: " + access}, 200},
		"a jwt that was changed":          {[]string{tokentest.Bearer(jwt[:len(jwt)-5] + "AAAAA")}, 401},
		"a jwt as a cookie":               {[]string{"Cookie: session_id=" + jwt + "; _xsrf=" + xsrf, pair[0]}, 401},
		"bearer, and a pair":              {append([]string{tokentest.Bearer(access)}, pair...), 200},
		"bearer, and a pair that differs": {[]string{tokentest.Bearer(access), "X-XSRFTOKEN: a", "Cookie: _xsrf=b"}, 403},
		"bearer, and a header alone":      {[]string{tokentest.Bearer(access), "X-XSRFTOKEN: a"}, 200},
		"cookie alone":                    {[]string{"Cookie: session_id=" + session}, 403},
		"cookie, and a header alone":      {[]string{"Cookie: session_id=" + session, "X-XSRFTOKEN: " + xsrf}, 403},
		"cookie and empty pair":           {[]string{"Cookie: session_id=" + session + "; _xsrf=", "X-XSRFTOKEN: "}, 403},
		"cookie and a pair":               {[]string{"Cookie: session_id=" + session + "; _xsrf=other; _xsrf=" + xsrf, pair[0]}, 200},
		"basic alone":                     {[]string{basic}, 403},
		"basic and a pair":                {append([]string{basic}, pair...), 200},
		"wrong basic and a pair":          {append([]string{"Authorization: Basic Ym9iOng="}, pair...), 401},
		"nothing":                         {nil, 401},
		"no such token":                   {[]string{tokentest.Bearer(tokentest.WrongToken())}, 401},
		"no such session":                 {[]string{tokentest.Bearer(strings.Repeat("1", 40))}, 401},
		"two credentials":                 {[]string{tokentest.Bearer(access), "X-Auth-Token: " + session}, 400},
		"the same one twice":              {[]string{tokentest.Bearer(access), "X-Auth-Token: " + access}, 200},
		"an access token as a cookie":     {[]string{"Cookie: session_id=" + access + "; _xsrf=" + xsrf, pair[0]}, 401},
	} {
		a := h.Send(t, http.MethodPost, tokenapi.AccountPath, "", c.headers...)
		require.Equal(t, c.want, a.Status, "%s: %s", name, a.Body)
		require.Equal(t, "application/json", a.Header.Get("Content-Type"), "never HTML")
		if c.want != 200 {
			require.NotEmpty(t, a.Text(t, "error"), name)
			require.Empty(t, a.Header.Get("X-Xsrftoken"))
		}
	}
	require.Equal(t, 401, h.Object(t, tokenapi.AccountPath, `{"username":"bob","password":"wrong"}`).Status)
	require.Equal(t, 503, h.Object(t, tokenapi.AccountPath, `{"username":"nobody-can-tell","password":"x"}`).Status)
	require.Equal(t, 403, h.Object(t, tokenapi.AccountPath, `{"username":"bob","password":"secret"}`, "Sec-Fetch-Site: cross-site").Status)
	require.Equal(t, 401, h.Object(t, tokenapi.AccountPath, `{}`).Status)

	// The type of the body does not count, nor does config_name for the default one.
	for _, body := range []string{
		`{"username":"bob","password":"secret"}`, `{"username":"bob","password":"secret","config_name":"pam"}`,
		`username=bob&password=secret&config_name=internal`,
	} {
		for _, header := range []string{"Content-Type: text/plain", "Content-Type: " + tokentest.FormType, "Accept: */*"} {
			a := h.Send(t, http.MethodPost, tokenapi.AccountPath, body, header)
			require.Equal(t, 200, a.Status, a.Body)
			require.Equal(t, map[string]any{"username": "bob", "config_name": "internal"}, a.Member(t, "attributes"))
		}
	}
	require.Equal(t, 401, h.Object(t, tokenapi.AccountPath, `{"username":"bob","password":"secret","config_name":"ldap"}`).Status)
	require.Equal(t, 400, h.Object(t, tokenapi.AccountPath, `{"username":"bob"`).Status)
}
