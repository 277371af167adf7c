package server

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/server/web"
)

func TestOAuthRevoke(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	token, _ := h.apiToken(t, apitoken.ProfileVCD)
	access := func() string {
		return h.form(t, providerToken, "grant_type=refresh_token&refresh_token="+token).text(t, "access_token")
	}
	use := func(token string) int { return h.send(t, http.MethodGet, "/api/org", "", bearer(token)).Status }
	one, other := access(), access()
	require.Equal(t, 200, use(one))
	a := h.form(t, "/oauth/provider/revoke", "token="+one+"&token_type_hint=access_token")
	require.Equal(t, 200, a.Status)
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	require.Equal(t, 401, use(one))
	require.Equal(t, 200, use(other))
	require.Equal(t, 200, use(token), "used directly")

	require.Equal(t, 200, h.form(t, "/oauth/provider/revoke", "token="+token).Status)
	require.Equal(t, 401, use(other), "it ends with what it was given for")
	require.Equal(t, 401, use(token))
	for _, gone := range []string{token, one, wrongToken(), "x"} {
		require.Equal(t, 200, h.form(t, "/oauth/provider/revoke", "token="+gone).Status)
	}
	union(t, h.form(t, "/oauth/provider/revoke", "token="), 400, "invalid_request")
}

func TestOAuthIntrospect(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	bob, admin, other := h.session(t, "bob"), h.session(t, "admin"), h.session(t, "carol")
	token, r := h.apiToken(t, apitoken.ProfileVCD)
	access := h.form(t, providerToken, "grant_type=refresh_token&refresh_token="+token).text(t, "access_token")
	const at = "/oauth/provider/introspect"
	for _, who := range []string{bob, admin, access} {
		a := h.form(t, at, "token="+access, bearer(who))
		require.Equal(t, 200, a.Status, a.Body)
		require.Equal(t, true, a.member(t, "active"))
		require.Equal(t, "User", a.text(t, "scope"))
		require.Equal(t, "bob", a.text(t, "username"))
		require.Equal(t, r.ID, a.text(t, "client_id"))
		require.Equal(t, h.url+"/oauth/provider", a.text(t, "iss"))
		require.Equal(t, "Bearer", a.text(t, "token_type"))
		require.InDelta(t, 2592000, a.member(t, "exp").(float64)-a.member(t, "iat").(float64), 1)
	}
	require.Equal(t, r.ID, h.form(t, at, "token="+token, bearer(bob)).text(t, "jti"))
	for _, a := range []heard{
		h.form(t, at, "token="+access, bearer(other)),
		h.form(t, at, "token="+wrongToken(), bearer(admin)),
		h.form(t, at, "token=x", bearer(admin)),
	} {
		require.Equal(t, 200, a.Status)
		require.Equal(t, `{"active":false}`, a.Body)
	}
	union(t, h.form(t, at, "token="+access), 401, "invalid_token")
	union(t, h.form(t, at, "token="+access, bearer(saltToken)), 403, "access_denied")
	union(t, h.form(t, at, "", bearer(bob)), 400, "invalid_request")
}

func TestOAuthMetadata(t *testing.T) {
	t.Parallel()
	h := build(t, func(o *DoorOptions) { o.Orgs = []string{"east"} })
	for path, want := range map[string][2]string{
		"":                   {"", "/oauth/provider"},
		"/oauth/provider":    {"/oauth/provider", "/oauth/provider"},
		"/oauth/tenant/east": {"/oauth/tenant/east", "/oauth/tenant/east"},
	} {
		a := h.send(t, http.MethodGet, web.MetadataPath+path, "")
		require.Equal(t, 200, a.Status, a.Body)
		require.Equal(t, h.url+want[0], a.text(t, "issuer"))
		for name, end := range map[string]string{
			"token_endpoint": "/token", "registration_endpoint": "/register", "revocation_endpoint": "/revoke",
			"introspection_endpoint": "/introspect", "device_authorization_endpoint": "/device_authorization",
		} {
			require.Equal(t, h.url+want[1]+end, a.text(t, name))
		}
		require.Equal(t, []any{grantRefresh, grantJWT, grantDevice}, a.member(t, "grant_types_supported"))
		require.Equal(t, []any{"none"}, a.member(t, "token_endpoint_auth_methods_supported"))
		require.Contains(t, a.member(t, "scopes_supported"), "Superuser")
	}
	require.Equal(t, 404, h.send(t, http.MethodGet, web.MetadataPath+"/oauth/tenant/west", "").Status)
	a := h.send(t, http.MethodGet, "/.well-known/oauth-protected-resource", "")
	require.Equal(t, h.url, a.text(t, "resource"))
	require.True(t, json.Valid([]byte(a.Body)))
}
