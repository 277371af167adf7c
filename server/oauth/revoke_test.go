package oauth_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/server/internal/tokentest"
	"github.com/saltern-api/saltern/server/oauth"
)

func TestOAuthRevoke(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	token, _ := h.APIToken(t, apitoken.ProfileVCD)
	access := func() string {
		return h.Form(t, providerToken, "grant_type=refresh_token&refresh_token="+token).Text(t, "access_token")
	}
	use := func(token string) int {
		return h.Send(t, http.MethodGet, "/api/org", "", tokentest.Bearer(token)).Status
	}
	one, other := access(), access()
	require.Equal(t, 200, use(one))
	a := h.Form(t, "/oauth/provider/revoke", "token="+one+"&token_type_hint=access_token")
	require.Equal(t, 200, a.Status)
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	require.Equal(t, 401, use(one))
	require.Equal(t, 200, use(other))
	require.Equal(t, 200, use(token), "used directly")

	require.Equal(t, 200, h.Form(t, "/oauth/provider/revoke", "token="+token).Status)
	require.Equal(t, 401, use(other), "it ends with what it was given for")
	require.Equal(t, 401, use(token))
	for _, gone := range []string{token, one, tokentest.WrongToken(), "x"} {
		require.Equal(t, 200, h.Form(t, "/oauth/provider/revoke", "token="+gone).Status)
	}
	tokentest.Union(t, h.Form(t, "/oauth/provider/revoke", "token="), 400, "invalid_request")
}

func TestOAuthIntrospect(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	bob, admin, other := h.Session(t, "bob"), h.Session(t, "admin"), h.Session(t, "carol")
	token, r := h.APIToken(t, apitoken.ProfileVCD)
	access := h.Form(t, providerToken, "grant_type=refresh_token&refresh_token="+token).Text(t, "access_token")
	const at = "/oauth/provider/introspect"
	for _, who := range []string{bob, admin, access} {
		a := h.Form(t, at, "token="+access, tokentest.Bearer(who))
		require.Equal(t, 200, a.Status, a.Body)
		require.Equal(t, true, a.Member(t, "active"))
		require.Equal(t, "User", a.Text(t, "scope"))
		require.Equal(t, "bob", a.Text(t, "username"))
		require.Equal(t, r.ID, a.Text(t, "client_id"))
		require.Equal(t, h.URL+"/oauth/provider", a.Text(t, "iss"))
		require.Equal(t, "Bearer", a.Text(t, "token_type"))
		require.InDelta(t, 2592000, a.Member(t, "exp").(float64)-a.Member(t, "iat").(float64), 1)
	}
	require.Equal(t, r.ID, h.Form(t, at, "token="+token, tokentest.Bearer(bob)).Text(t, "jti"))
	for _, a := range []tokentest.Answer{
		h.Form(t, at, "token="+access, tokentest.Bearer(other)),
		h.Form(t, at, "token="+tokentest.WrongToken(), tokentest.Bearer(admin)),
		h.Form(t, at, "token=x", tokentest.Bearer(admin)),
	} {
		require.Equal(t, 200, a.Status)
		require.Equal(t, `{"active":false}`, a.Body)
	}
	tokentest.Union(t, h.Form(t, at, "token="+access), 401, "invalid_token")
	tokentest.Union(t, h.Form(t, at, "token="+access, tokentest.Bearer(tokentest.SaltToken)), 403, "access_denied")
	tokentest.Union(t, h.Form(t, at, "", tokentest.Bearer(bob)), 400, "invalid_request")
}

func TestOAuthMetadata(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, func(o *tokentest.Options) { o.Orgs = []string{"east"} })
	for path, want := range map[string][2]string{
		"":                   {"", "/oauth/provider"},
		"/oauth/provider":    {"/oauth/provider", "/oauth/provider"},
		"/oauth/tenant/east": {"/oauth/tenant/east", "/oauth/tenant/east"},
	} {
		a := h.Send(t, http.MethodGet, oauth.MetadataPath+path, "")
		require.Equal(t, 200, a.Status, a.Body)
		require.Equal(t, h.URL+want[0], a.Text(t, "issuer"))
		for name, end := range map[string]string{
			"token_endpoint": "/token", "registration_endpoint": "/register", "revocation_endpoint": "/revoke",
			"introspection_endpoint": "/introspect", "device_authorization_endpoint": "/device_authorization",
		} {
			require.Equal(t, h.URL+want[1]+end, a.Text(t, name))
		}
		require.Equal(t, []any{"refresh_token", grantJWT, grantDevice}, a.Member(t, "grant_types_supported"))
		require.Equal(t, []any{"none"}, a.Member(t, "token_endpoint_auth_methods_supported"))
		require.Contains(t, a.Member(t, "scopes_supported"), "Superuser")
	}
	require.Equal(t, 404, h.Send(t, http.MethodGet, oauth.MetadataPath+"/oauth/tenant/west", "").Status)
	a := h.Send(t, http.MethodGet, "/.well-known/oauth-protected-resource", "")
	require.Equal(t, h.URL, a.Text(t, "resource"))
	require.True(t, json.Valid([]byte(a.Body)))
}
