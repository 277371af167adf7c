package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth"
	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/eauth/apitoken/issuer"
	"github.com/saltern-api/saltern/eauth/apitoken/role"
	"github.com/saltern-api/saltern/server/web"
)

// failing is a token service with one error for everything.
type failing struct {
	TokenService
	err error
}

func (f failing) Exchange(context.Context, string, issuer.Request) (*issuer.Exchange, error) {
	return nil, f.err
}

func (f failing) Check(context.Context, string, issuer.Origin) (*issuer.Principal, bool, error) {
	return nil, false, f.err
}

func (f failing) ActAs(context.Context, *issuer.Principal) (*issuer.Delegation, error) {
	return nil, f.err
}

func (f failing) Follow(
	ctx context.Context, _ *issuer.Principal, _ ...role.Permission,
) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}

// TestDoorErrors has every error of the service at every door.
func TestDoorErrors(t *testing.T) {
	t.Parallel()
	unavailable := fmt.Errorf("redis at 10.0.0.1: %w", apitoken.ErrUnavailable)
	for _, c := range []struct {
		err    error
		status int
		code   string
		after  string
	}{
		{issuer.ErrGrant, 400, "invalid_grant", ""},
		{issuer.ErrScope, 400, "invalid_scope", ""},
		{&issuer.Throttled{After: 1500 * time.Millisecond}, 429, "slow_down", "2"},
		{unavailable, 503, "temporarily_unavailable", "5"},
		{eauth.ErrBusy, 503, "temporarily_unavailable", "5"},
		{issuer.ErrForbidden, 403, "access_denied", ""},
		{issuer.ErrNotFound, 404, "not_found", ""},
		{issuer.ErrConflict, 409, "conflict", ""},
		{fmt.Errorf(`%w: there is no role "\ü"`, issuer.ErrInvalid), 400, "invalid_request", ""},
		{errors.New("the hidden cause"), 500, "server_error", ""},
	} {
		h := new(house)
		h.open(t, DoorOptions{Tokens: failing{err: c.err}}, MainOptions{})
		token := wrongToken()
		grant := h.form(t, providerToken, "grant_type=refresh_token&refresh_token="+token)
		union(t, grant, c.status, c.code)
		csp := h.form(t, cspAuthorizePath, "api_token="+token)
		require.Equal(t, c.status, csp.Status)
		require.Equal(t, c.code, csp.text(t, "error"))
		org := h.send(t, http.MethodGet, "/api/org", "", bearer(token))
		require.Equal(t, c.status, org.Status)
		session := h.send(t, http.MethodGet, cloud+"/sessions/current", "", bearer(token))
		require.Equal(t, c.code, session.text(t, "minorErrorCode"))
		for _, a := range []heard{grant, csp, org, session} {
			require.Equal(t, c.after, a.Header.Get("Retry-After"))
			require.NotContains(t, a.Body, "10.0.0.1")
			require.NotContains(t, a.Body, "hidden")
			require.NotContains(t, a.Body, token)
			require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
		}
	}
}

// TestDoorsBelowAPrefix has the URLs that clients are told begin with it.
func TestDoorsBelowAPrefix(t *testing.T) {
	t.Parallel()
	h := new(house)
	h.open(t, DoorOptions{Tokens: failing{err: issuer.ErrGrant}}, MainOptions{RootPrefix: "/salt/"})
	require.Contains(t, h.send(t, http.MethodGet, "/salt/api/versions", "").Body, h.url+"/salt/cloudapi/1.0.0/sessions<")
	for path, issuer := range map[string]string{
		web.MetadataPath + "/salt":                     "/salt", // RFC 8414, section 3.1
		web.MetadataPath + "/salt/oauth/provider":      "/salt/oauth/provider",
		"/salt" + web.MetadataPath:                     "/salt",
		"/salt" + web.MetadataPath + "/":               "/salt",
		"/salt" + web.MetadataPath + "/oauth/provider": "/salt/oauth/provider",
	} {
		a := h.send(t, http.MethodGet, path, "")
		require.Equal(t, http.StatusOK, a.Status, path)
		require.Equal(t, h.url+issuer, a.text(t, "issuer"), path)
		require.Equal(t, h.url+"/salt/oauth/provider/token", a.text(t, "token_endpoint"), path)
	}
	for _, path := range []string{web.ResourcePath + "/salt", "/salt" + web.ResourcePath} { // RFC 9728, section 3.1
		require.Equal(t, h.url+"/salt", h.send(t, http.MethodGet, path, "").text(t, "resource"), path)
	}
	for _, path := range []string{web.MetadataPath, web.MetadataPath + "/saltx", web.ResourcePath, web.MetadataPath + "/oauth/provider", "/salt" + web.MetadataPath + "/salt"} {
		require.Equal(t, http.StatusNotFound, h.send(t, http.MethodGet, path, "").Status, path)
	}
	require.Equal(t, 404, h.send(t, http.MethodGet, "/api/versions", "").Status)
}

// TestDoorPathsWithoutADoor has what is no endpoint answered as the endpoints
// beside it are.
func TestDoorPathsWithoutADoor(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	for path, allow := range map[string]string{
		providerToken: "POST", "/oauth/tenant/system/revoke/": "POST", web.MetadataPath + "/oauth/provider": "GET",
		web.ResourcePath: "GET", cspLoginPath: "GET, HEAD, POST",
	} {
		a := h.send(t, http.MethodPut, path, "")
		union(t, a, http.StatusMethodNotAllowed, "invalid_request")
		require.Equal(t, allow, a.Header.Get("Allow"))
		union(t, h.send(t, "BREW", path, ""), http.StatusMethodNotAllowed, "invalid_request")
	}
	for _, path := range []string{"/oauth", "/oauth/provider/nothing", "/oauth/tenant", "/account/login/x", web.MetadataPath + "/x"} {
		union(t, h.send(t, http.MethodGet, path, ""), http.StatusNotFound, "not_found")
		union(t, h.send(t, "BREW", path, ""), http.StatusNotFound, "not_found")
	}

	a := h.send(t, http.MethodGet, cspAuthorizePath, "")
	require.Equal(t, http.StatusMethodNotAllowed, a.Status)
	require.Equal(t, "invalid_request: that method is not for this path", a.text(t, "message"))
	require.EqualValues(t, cspModule, a.member(t, "moduleCode"))
	a = h.send(t, http.MethodPatch, cloud+"/tokens/x", "")
	require.Equal(t, http.StatusMethodNotAllowed, a.Status)
	require.Equal(t, "GET, DELETE", a.Header.Get("Allow"))
	require.Equal(t, `{"minorErrorCode":"invalid_request","message":"that method is not for this path","stackTrace":null}`, a.Body)
	require.Equal(t, web.CodeNotFound, h.send(t, http.MethodGet, cloud+"/users", "").text(t, "minorErrorCode"))
	a = h.send(t, http.MethodPost, "/api/org", "")
	require.Equal(t, http.StatusMethodNotAllowed, a.Status)
	require.Contains(t, a.Body, `<Error xmlns="http://www.vmware.com/vcloud/v1.5" message="that method is not for this path"`)
	require.Equal(t, http.StatusNotFound, h.send(t, http.MethodGet, "/api/org/a/b", "").Status)

	const salt = `{"status": 404, "return": "The path '/oauthx' was not found."}`
	require.Equal(t, salt, h.send(t, http.MethodGet, "/oauthx", "").Body, "what is nobody's is salt-api's")
}

// TestDoorLogs looks for what was sent and answered in the log.
func TestDoorLogs(t *testing.T) {
	t.Parallel()
	h := build(t, func(o *DoorOptions) { o.QueryTokens = true })
	token, _ := h.apiToken(t, apitoken.ProfileCSP)
	bob := h.session(t, "bob")
	access := h.accessToken(t)
	bad := wrongToken()
	for _, credential := range []string{token, bad, access, bob, token + "%zz"} {
		h.form(t, cspAuthorizePath, "api_token="+credential)
		h.object(t, cspAuthorizePath+"?refresh_token="+credential, "")
		h.object(t, cspDetailsPath, `{"tokenValue":"`+credential+`"}`)
		h.object(t, cspDetailsPath, `{"tokenValue":"`+credential)
		h.form(t, providerToken, "grant_type=refresh_token&refresh_token="+credential)
		h.form(t, providerToken, "grant_type="+grantJWT+"&client_id=x&assertion="+credential)
		h.form(t, providerToken, "grant_type="+grantDevice+"&client_id=x&device_code="+credential)
		h.form(t, "/oauth/provider/introspect", "token="+credential, bearer(bob))
		h.send(t, http.MethodGet, "/api/org", "", bearer(credential), "X-Auth-Token: "+credential)
		h.object(t, cspLoginPath, `{"username":"bob","password":"`+credential+`"}`)
	}
	require.Eventually(t, func() bool { return strings.Count(h.log.String(), `"msg":"request"`) >= 52 }, 20*time.Second, time.Millisecond)
	for _, secret := range []string{token, bad, access, bob, "password"} {
		require.NotContains(t, h.log.String(), secret)
	}
}
