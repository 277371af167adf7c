package tokenapi_test

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
	"github.com/saltern-api/saltern/server/csp"
	"github.com/saltern-api/saltern/server/internal/tokentest"
	"github.com/saltern-api/saltern/server/oauth"
	"github.com/saltern-api/saltern/server/tokenapi"
)

// failing is a token service that always returns the same error.
type failing struct {
	tokentest.Service
	err error
}

func (f failing) Exchange(context.Context, string, issuer.Request) (*issuer.Exchange, error) {
	return nil, f.err
}

func (f failing) Check(context.Context, string, issuer.Origin) (*issuer.Principal, bool, error) {
	return nil, false, f.err
}

// TestErrors returns every error of the service from every API.
func TestErrors(t *testing.T) {
	t.Parallel()
	unavailable := fmt.Errorf("redis at 10.0.0.1: %w", apitoken.ErrUnavailable)
	for _, c := range []struct {
		err    error
		status int
		code   string
		after  string
	}{
		{&issuer.Error{Kind: issuer.InvalidGrant}, 400, "invalid_grant", ""},
		{&issuer.Error{Kind: issuer.InvalidScope}, 400, "invalid_scope", ""},
		{&issuer.Error{Kind: issuer.Throttled, RetryAfter: 1500 * time.Millisecond}, 429, "slow_down", "2"},
		{unavailable, 503, "temporarily_unavailable", "5"},
		{eauth.ErrBusy, 503, "temporarily_unavailable", "5"},
		{&issuer.Error{Kind: issuer.Forbidden}, 403, "access_denied", ""},
		{&issuer.Error{Kind: issuer.NotFound}, 404, "not_found", ""},
		{&issuer.Error{Kind: issuer.Conflict}, 409, "conflict", ""},
		{issuer.Errorf(issuer.Invalid, `there is no role "\ü"`), 400, "invalid_request", ""},
		{errors.New("the hidden cause"), 500, "server_error", ""},
	} {
		h := new(tokentest.Gateway)
		h.Open(t, tokentest.Options{Service: failing{err: c.err}})
		token := tokentest.WrongToken()
		grant := h.Form(t, "/oauth/provider/token", "grant_type=refresh_token&refresh_token="+token)
		tokentest.Union(t, grant, c.status, c.code)
		authorized := h.Form(t, csp.AuthorizePath, "api_token="+token)
		require.Equal(t, c.status, authorized.Status)
		require.Equal(t, c.code, authorized.Text(t, "error"))
		org := h.Send(t, http.MethodGet, "/api/org", "", tokentest.Bearer(token))
		require.Equal(t, c.status, org.Status)
		session := h.Send(t, http.MethodGet, "/cloudapi/1.0.0/sessions/current", "", tokentest.Bearer(token))
		require.Equal(t, c.code, session.Text(t, "minorErrorCode"))
		for _, a := range []tokentest.Answer{grant, authorized, org, session} {
			require.Equal(t, c.after, a.Header.Get("Retry-After"))
			require.NotContains(t, a.Body, "10.0.0.1")
			require.NotContains(t, a.Body, "hidden")
			require.NotContains(t, a.Body, token)
			require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
		}
	}
}

// TestBelowAPrefix has a prefix in the URLs of responses.
func TestBelowAPrefix(t *testing.T) {
	t.Parallel()
	h := new(tokentest.Gateway)
	h.Open(t, tokentest.Options{Service: failing{err: &issuer.Error{Kind: issuer.InvalidGrant}}, Prefix: "/salt/"})
	require.Contains(t, h.Send(t, http.MethodGet, "/salt/api/versions", "").Body, h.URL+"/salt/cloudapi/1.0.0/sessions<")
	for path, issuer := range map[string]string{
		oauth.MetadataPath + "/salt":                     "/salt", // RFC 8414, section 3.1
		oauth.MetadataPath + "/salt/oauth/provider":      "/salt/oauth/provider",
		"/salt" + oauth.MetadataPath:                     "/salt",
		"/salt" + oauth.MetadataPath + "/":               "/salt",
		"/salt" + oauth.MetadataPath + "/oauth/provider": "/salt/oauth/provider",
	} {
		a := h.Send(t, http.MethodGet, path, "")
		require.Equal(t, http.StatusOK, a.Status, path)
		require.Equal(t, h.URL+issuer, a.Text(t, "issuer"), path)
		require.Equal(t, h.URL+"/salt/oauth/provider/token", a.Text(t, "token_endpoint"), path)
	}
	for _, path := range []string{tokenapi.ResourcePath + "/salt", "/salt" + tokenapi.ResourcePath} { // RFC 9728, section 3.1
		require.Equal(t, h.URL+"/salt", h.Send(t, http.MethodGet, path, "").Text(t, "resource"), path)
	}
	for _, path := range []string{oauth.MetadataPath, oauth.MetadataPath + "/saltx", tokenapi.ResourcePath, oauth.MetadataPath + "/oauth/provider", "/salt" + oauth.MetadataPath + "/salt"} {
		require.Equal(t, http.StatusNotFound, h.Send(t, http.MethodGet, path, "").Status, path)
	}
	require.Equal(t, 404, h.Send(t, http.MethodGet, "/api/versions", "").Status)
}

// TestUnrouted requires that paths without a route get the errors of the API
// beside them.
func TestUnrouted(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	for path, allow := range map[string]string{
		"/oauth/provider/token": "POST", "/oauth/tenant/system/revoke/": "POST", oauth.MetadataPath + "/oauth/provider": "GET",
		tokenapi.ResourcePath: "GET", tokenapi.AccountPath: "GET, HEAD, POST",
	} {
		a := h.Send(t, http.MethodPut, path, "")
		tokentest.Union(t, a, http.StatusMethodNotAllowed, "invalid_request")
		require.Equal(t, allow, a.Header.Get("Allow"))
		tokentest.Union(t, h.Send(t, "BREW", path, ""), http.StatusMethodNotAllowed, "invalid_request")
	}
	for _, path := range []string{"/oauth", "/oauth/provider/nothing", "/oauth/tenant", "/account/login/x", oauth.MetadataPath + "/x"} {
		tokentest.Union(t, h.Send(t, http.MethodGet, path, ""), http.StatusNotFound, "not_found")
		tokentest.Union(t, h.Send(t, "BREW", path, ""), http.StatusNotFound, "not_found")
	}

	a := h.Send(t, http.MethodGet, csp.AuthorizePath, "")
	require.Equal(t, http.StatusMethodNotAllowed, a.Status)
	require.Equal(t, "invalid_request: that method is not for this path", a.Text(t, "message"))
	require.EqualValues(t, 340, a.Member(t, "moduleCode"))
	a = h.Send(t, http.MethodPatch, "/cloudapi/1.0.0/tokens/x", "")
	require.Equal(t, http.StatusMethodNotAllowed, a.Status)
	require.Equal(t, "GET, DELETE", a.Header.Get("Allow"))
	require.Equal(t, `{"minorErrorCode":"invalid_request","message":"that method is not for this path","stackTrace":null}`, a.Body)
	require.Equal(t, "not_found", h.Send(t, http.MethodGet, "/cloudapi/1.0.0/users", "").Text(t, "minorErrorCode"))
	a = h.Send(t, http.MethodPost, "/api/org", "")
	require.Equal(t, http.StatusMethodNotAllowed, a.Status)
	require.Contains(t, a.Body, `<Error xmlns="http://www.vmware.com/vcloud/v1.5" message="that method is not for this path"`)
	require.Equal(t, http.StatusNotFound, h.Send(t, http.MethodGet, "/api/org/a/b", "").Status)

	require.Equal(t, tokentest.Elsewhere, h.Send(t, http.MethodGet, "/oauthx", "").Body, "what is none of theirs is salt-api's")
}

// TestLogs searches the log for credentials that were sent and returned.
func TestLogs(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, func(o *tokentest.Options) { o.QueryTokens = true })
	token, _ := h.APIToken(t, apitoken.ProfileCSP)
	bob := h.Session(t, "bob")
	access := h.AccessToken(t)
	bad := tokentest.WrongToken()
	for _, credential := range []string{token, bad, access, bob, token + "%zz"} {
		h.Form(t, csp.AuthorizePath, "api_token="+credential)
		h.Object(t, csp.AuthorizePath+"?refresh_token="+credential, "")
		h.Object(t, csp.DetailsPath, `{"tokenValue":"`+credential+`"}`)
		h.Object(t, csp.DetailsPath, `{"tokenValue":"`+credential)
		h.Form(t, "/oauth/provider/token", "grant_type=refresh_token&refresh_token="+credential)
		h.Form(t, "/oauth/provider/token", "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&client_id=x&assertion="+credential)
		h.Form(t, "/oauth/provider/token", "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=x&device_code="+credential)
		h.Form(t, "/oauth/provider/introspect", "token="+credential, tokentest.Bearer(bob))
		h.Send(t, http.MethodGet, "/api/org", "", tokentest.Bearer(credential), "X-Auth-Token: "+credential)
		h.Object(t, tokenapi.AccountPath, `{"username":"bob","password":"`+credential+`"}`)
	}
	require.Eventually(t, func() bool { return strings.Count(h.Log.String(), `"msg":"request"`) >= 52 }, 20*time.Second, time.Millisecond)
	for _, secret := range []string{token, bad, access, bob, "password"} {
		require.NotContains(t, h.Log.String(), secret)
	}
}
