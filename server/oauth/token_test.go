package oauth_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/server/internal/tokentest"
	"github.com/saltern-api/saltern/server/tokenapi"
)

const providerToken = "/oauth/provider/token"

// The grant types.
const (
	grantJWT    = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	grantDevice = "urn:ietf:params:oauth:grant-type:device_code"
)

// TestOAuthRefresh is the exchange in Cloud Director's manual.
func TestOAuthRefresh(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	token, _ := h.APIToken(t, apitoken.ProfileVCD)
	a := h.Form(t, providerToken, "grant_type=refresh_token&refresh_token="+token,
		"Accept: application/json", "X-Vmware-Vcloud-Client-Request-Id: 1-2024-04-11-08-41-34-171-")
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	access := a.Text(t, "access_token")
	require.Regexp(t, `^saltern_acc_\w{36}$`, access)
	require.Equal(t, `{
   "access_token":"`+access+`",
   "token_type":"Bearer",
   "expires_in":2592000,
   "refresh_token":null
}`, a.Body)
	require.Equal(t, "application/json", a.Header.Get("Content-Type"))
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	require.Equal(t, "no-cache", a.Header.Get("Pragma"))
	require.Equal(t, "1-2024-04-11-08-41-34-171-", a.Header.Get("X-Vmware-Vcloud-Client-Request-Id"))

	again := h.Form(t, providerToken, "grant_type=refresh_token&refresh_token="+token)
	require.Equal(t, http.StatusOK, again.Status, "it can be used again")
	require.NotEqual(t, access, again.Text(t, "access_token"))
	require.Equal(t, http.StatusOK, h.Send(t, http.MethodGet, "/api/org", "", tokentest.Bearer(access)).Status)
}

func TestOAuthRefreshRefuses(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	token, _ := h.APIToken(t, apitoken.ProfileVCD)
	const grant = "grant_type=refresh_token&refresh_token="
	for body, code := range map[string]string{
		"":                                       "invalid_request",
		"grant_type=":                            "invalid_request",
		"grant_type=refresh_token":               "invalid_request",
		grant:                                    "invalid_request",
		grant + "&refresh_token=" + token:        "invalid_request",
		grant + token + "&scope=User&scope=User": "invalid_request",
		grant + "%ff":                            "invalid_request",
		"grant_type=password&username=bob&password=secret":                  "unsupported_grant_type",
		grant + tokentest.WrongToken():                                      "invalid_grant",
		grant + "x":                                                         "invalid_grant",
		grant + token[:len(token)-1] + "!":                                  "invalid_grant",
		grant + token + "&scope=Superuser":                                  "invalid_scope",
		"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer":  "invalid_request",
		"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code": "invalid_request",
	} {
		a := h.Form(t, providerToken, body)
		tokentest.Union(t, a, http.StatusBadRequest, code)
		require.NotContains(t, a.Body, token)
	}
	tokentest.Union(t, h.Object(t, providerToken, `{"grant_type":"refresh_token"}`), http.StatusBadRequest, "invalid_request")
	tokentest.Union(t, h.Form(t, providerToken+"?refresh_token="+token, "grant_type=refresh_token"), http.StatusBadRequest, "invalid_request")
	tokentest.Union(t, h.Form(t, providerToken, strings.Repeat("a", tokenapi.MaxBody+1)), http.StatusRequestEntityTooLarge, "invalid_request")
	tokentest.Union(t, h.Form(t, "/oauth/tenant/nowhere/token", grant+token), http.StatusNotFound, "invalid_request")
	require.Equal(t, http.StatusMethodNotAllowed, h.Send(t, http.MethodGet, providerToken, "").Status)

	narrowed := h.Form(t, providerToken, grant+token+"&scope=User&unknown=parameter", "Authorization: Basic Og==")
	require.Equal(t, http.StatusOK, narrowed.Status, narrowed.Body)
}

// TestOAuthTenants has a token for one Salt master, which is refused for
// others.
func TestOAuthTenants(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, func(o *tokentest.Options) { o.Orgs = []string{"east", "west side"} })
	bob := h.Session(t, "bob")
	made := h.Object(t, "/oauth/tenant/East/register", `{"client_name":"ci"}`, tokentest.Bearer(bob))
	require.Equal(t, http.StatusCreated, made.Status, made.Body)
	const grant = "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&client_id="
	first := grant + made.Text(t, "client_id") + "&assertion=" + bob
	tokentest.Union(t, h.Form(t, "/oauth/tenant/west%20side/token", first), http.StatusBadRequest, "invalid_grant")
	got := h.Form(t, "/oauth/tenant/east/token", first)
	require.Equal(t, http.StatusOK, got.Status, got.Body)
	refresh := "grant_type=refresh_token&refresh_token=" + got.Text(t, "refresh_token")
	require.Equal(t, http.StatusOK, h.Form(t, "/oauth/tenant/EAST/token", refresh).Status)
	tokentest.Union(t, h.Form(t, "/oauth/tenant/west%20side/token", refresh), http.StatusBadRequest, "invalid_grant")
	tokentest.Union(t, h.Form(t, providerToken, refresh), http.StatusBadRequest, "invalid_grant")

	shown := h.Send(t, http.MethodGet, "/cloudapi/1.0.0/tokens/"+made.Text(t, "client_id"), "", tokentest.Bearer(bob))
	require.Equal(t, "east", shown.Text(t, "orgName"))
	require.Equal(t, http.StatusOK, login(t, h, "bob@east", ""))
	require.Equal(t, http.StatusUnauthorized, login(t, h, "bob@east", "/provider"))
	require.Equal(t, http.StatusUnauthorized, login(t, h, "bob@nowhere", ""))
	require.Equal(t, http.StatusOK, login(t, h, "bob@system", "/provider"))
}

func login(t *testing.T, h *tokentest.Gateway, user, kind string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.URL+"/cloudapi/1.0.0/sessions"+kind, nil)
	require.NoError(t, err)
	req.SetBasicAuth(user, "secret")
	resp, err := h.Client.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	return resp.StatusCode
}

// TestOAuthFirstGrant issues the secret of a registered token once, to its
// owner.
func TestOAuthFirstGrant(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	bob, carol, admin := h.Session(t, "bob"), h.Session(t, "carol"), h.Session(t, "admin")
	made := h.Object(t, "/oauth/provider/register", `{"client_name":"ci"}`, tokentest.Bearer(bob))
	require.Equal(t, http.StatusCreated, made.Status, made.Body)
	id := made.Text(t, "client_id")
	require.Equal(t, `{"client_name":"ci","client_id":"`+id+`","grant_types":[`+
		`"urn:ietf:params:oauth:grant-type:jwt-bearer","refresh_token"],"token_endpoint_auth_method":"none"}`, made.Body)
	tokentest.Union(t, h.Object(t, "/oauth/provider/register", `{"client_name":"ci"}`, tokentest.Bearer(bob)),
		http.StatusBadRequest, "invalid_client_metadata")

	grant := func(id, assertion string) tokentest.Answer {
		return h.Form(t, providerToken, "assertion="+assertion+"&client_id="+id+
			"&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer")
	}
	tokentest.Union(t, grant(id, carol), http.StatusBadRequest, "invalid_grant")
	tokentest.Union(t, grant(id, admin), http.StatusForbidden, "access_denied")
	tokentest.Union(t, grant(id, strings.Repeat("1", 40)), http.StatusBadRequest, "invalid_grant")
	tokentest.Union(t, grant(apitoken.NewID(), bob), http.StatusBadRequest, "invalid_grant")
	tokentest.Union(t, grant("x", bob), http.StatusBadRequest, "invalid_grant")
	api, _ := h.APIToken(t, apitoken.ProfileCSP)
	for _, token := range []string{h.AccessToken(t), api, tokentest.SaltToken} {
		a := grant(id, token)
		tokentest.Union(t, a, http.StatusBadRequest, "invalid_grant")
		require.Contains(t, a.Text(t, "error_description"), "a login", "a token makes no tokens, whosever it is")
	}

	got := grant(id, bob)
	require.Equal(t, http.StatusOK, got.Status, got.Body)
	token := got.Text(t, "refresh_token")
	require.Regexp(t, `^saltern_api_\w{36}$`, token)
	require.Equal(t, http.StatusOK, h.Send(t, http.MethodGet, "/api/org", "", tokentest.Bearer(got.Text(t, "access_token"))).Status)
	tokentest.Union(t, grant(id, bob), http.StatusBadRequest, "invalid_grant")
	require.Equal(t, http.StatusOK, h.Form(t, providerToken, "grant_type=refresh_token&refresh_token="+token).Status)
}

func TestOAuthRegisterRefuses(t *testing.T) {
	t.Parallel()
	h := tokentest.Build(t, nil)
	bob, access := h.Session(t, "bob"), h.AccessToken(t)
	api, _ := h.APIToken(t, apitoken.ProfileCSP)
	const at = "/oauth/provider/register"
	challenge := `Bearer realm="saltern", resource_metadata="` + h.URL + tokenapi.ResourcePath + `"`
	account := `{"client_name":"x","software_id":"s","scope":"urn:vcloud:role:System%20Administrator"}`
	for name, c := range map[string]struct {
		body, credential string
		status           int
		code             string
	}{
		"no credential":                 {`{"client_name":"x"}`, "", 401, "invalid_token"},
		"an access token":               {`{"client_name":"x"}`, access, 403, "access_denied"},
		"an API token":                  {`{"client_name":"x"}`, api, 403, "access_denied"},
		"a Salt token":                  {`{"client_name":"x"}`, tokentest.SaltToken, 403, "access_denied"},
		"an account by an access token": {account, access, 403, "access_denied"},
		"an account, not allowed":       {account, bob, 403, "access_denied"},
		"no name":                       {`{}`, bob, 400, "invalid_client_metadata"},
		"an odd name":                   {`{"client_name":"a\u0007"}`, bob, 400, "invalid_client_metadata"},
		"no such role":                  {`{"client_name":"x","scope":"Emperor"}`, bob, 400, "invalid_client_metadata"},
		"no URN":                        {`{"client_name":"x","scope":"urn:vcloud:role:%zz"}`, bob, 400, "invalid_scope"},
		"no JSON":                       {`{`, bob, 400, "invalid_client_metadata"},
	} {
		var headers []string
		if c.credential != "" {
			headers = append(headers, tokentest.Bearer(c.credential))
		}
		a := h.Object(t, at, c.body, headers...)
		t.Log(name)
		tokentest.Union(t, a, c.status, c.code)
		if c.status == 401 {
			require.Equal(t, challenge, a.Header.Get("Www-Authenticate"))
		}
		if c.status == 403 {
			login := strings.Contains(a.Text(t, "error_description"), "a token of this kind: log in first")
			require.Equal(t, c.credential != bob, login)
		}
	}
	for _, header := range []string{"Authorization: Bearer ", "X-Auth-Token: ", "X-Vmware-Vcloud-Access-Token: "} {
		wrong := h.Object(t, at, `{}`, header+tokentest.WrongToken())
		tokentest.Union(t, wrong, 401, "invalid_token")
		require.Equal(t, challenge+`, error="invalid_token"`, wrong.Header.Get("Www-Authenticate"), header)
	}
}
