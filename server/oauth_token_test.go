package server

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/saltern-api/saltern/eauth/apitoken"
	"github.com/saltern-api/saltern/server/web"
)

const providerToken = "/oauth/provider/token"

// TestOAuthRefresh is the exchange as Cloud Director's manual has it.
func TestOAuthRefresh(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	token, _ := h.apiToken(t, apitoken.ProfileVCD)
	a := h.form(t, providerToken, "grant_type=refresh_token&refresh_token="+token,
		"Accept: application/json", "X-Vmware-Vcloud-Client-Request-Id: 1-2024-04-11-08-41-34-171-")
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	access := a.text(t, "access_token")
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

	again := h.form(t, providerToken, "grant_type=refresh_token&refresh_token="+token)
	require.Equal(t, http.StatusOK, again.Status, "it can be used again")
	require.NotEqual(t, access, again.text(t, "access_token"))
	require.Equal(t, http.StatusOK, h.send(t, http.MethodGet, "/api/org", "", bearer(access)).Status)
}

func TestOAuthRefreshRefuses(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	token, _ := h.apiToken(t, apitoken.ProfileVCD)
	const grant = "grant_type=refresh_token&refresh_token="
	for body, code := range map[string]string{
		"":                                       "invalid_request",
		"grant_type=":                            "invalid_request",
		"grant_type=refresh_token":               "invalid_request",
		grant:                                    "invalid_request",
		grant + "&refresh_token=" + token:        "invalid_request",
		grant + token + "&scope=User&scope=User": "invalid_request",
		grant + "%ff":                            "invalid_request",
		"grant_type=password&username=bob&password=secret": "unsupported_grant_type",
		grant + wrongToken():               "invalid_grant",
		grant + "x":                        "invalid_grant",
		grant + token[:len(token)-1] + "!": "invalid_grant",
		grant + token + "&scope=Superuser": "invalid_scope",
		"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer":  "invalid_request",
		"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code": "invalid_request",
	} {
		a := h.form(t, providerToken, body)
		union(t, a, http.StatusBadRequest, code)
		require.NotContains(t, a.Body, token)
	}
	union(t, h.object(t, providerToken, `{"grant_type":"refresh_token"}`), http.StatusBadRequest, "invalid_request")
	union(t, h.form(t, providerToken+"?refresh_token="+token, "grant_type=refresh_token"), http.StatusBadRequest, "invalid_request")
	union(t, h.form(t, providerToken, strings.Repeat("a", maxDoorBody+1)), http.StatusRequestEntityTooLarge, "invalid_request")
	union(t, h.form(t, "/oauth/tenant/nowhere/token", grant+token), http.StatusNotFound, "invalid_request")
	require.Equal(t, http.StatusMethodNotAllowed, h.send(t, http.MethodGet, providerToken, "").Status)

	narrowed := h.form(t, providerToken, grant+token+"&scope=User&unknown=parameter", "Authorization: Basic Og==")
	require.Equal(t, http.StatusOK, narrowed.Status, narrowed.Body)
}

// TestOAuthTenants has a token for one Salt master, which no other takes.
func TestOAuthTenants(t *testing.T) {
	t.Parallel()
	h := build(t, func(o *DoorOptions) { o.Orgs = []string{"east", "west side"} })
	bob := h.session(t, "bob")
	made := h.object(t, "/oauth/tenant/East/register", `{"client_name":"ci"}`, bearer(bob))
	require.Equal(t, http.StatusCreated, made.Status, made.Body)
	const grant = "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&client_id="
	first := grant + made.text(t, "client_id") + "&assertion=" + bob
	union(t, h.form(t, "/oauth/tenant/west%20side/token", first), http.StatusBadRequest, "invalid_grant")
	got := h.form(t, "/oauth/tenant/east/token", first)
	require.Equal(t, http.StatusOK, got.Status, got.Body)
	refresh := "grant_type=refresh_token&refresh_token=" + got.text(t, "refresh_token")
	require.Equal(t, http.StatusOK, h.form(t, "/oauth/tenant/EAST/token", refresh).Status)
	union(t, h.form(t, "/oauth/tenant/west%20side/token", refresh), http.StatusBadRequest, "invalid_grant")
	union(t, h.form(t, providerToken, refresh), http.StatusBadRequest, "invalid_grant")

	shown := h.send(t, http.MethodGet, "/cloudapi/1.0.0/tokens/"+made.text(t, "client_id"), "", bearer(bob))
	require.Equal(t, "east", shown.text(t, "orgName"))
	require.Equal(t, http.StatusOK, h.login(t, "bob@east", ""))
	require.Equal(t, http.StatusUnauthorized, h.login(t, "bob@east", "/provider"))
	require.Equal(t, http.StatusUnauthorized, h.login(t, "bob@nowhere", ""))
	require.Equal(t, http.StatusOK, h.login(t, "bob@system", "/provider"))
}

func (h *house) login(t *testing.T, user, kind string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+"/cloudapi/1.0.0/sessions"+kind, nil)
	require.NoError(t, err)
	req.SetBasicAuth(user, "secret")
	resp, err := h.client.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	return resp.StatusCode
}

// TestOAuthFirstGrant gives a registered token its secret once, to its owner.
func TestOAuthFirstGrant(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	bob, carol, admin := h.session(t, "bob"), h.session(t, "carol"), h.session(t, "admin")
	made := h.object(t, "/oauth/provider/register", `{"client_name":"ci"}`, bearer(bob))
	require.Equal(t, http.StatusCreated, made.Status, made.Body)
	id := made.text(t, "client_id")
	require.Equal(t, `{"client_name":"ci","client_id":"`+id+`","grant_types":[`+
		`"urn:ietf:params:oauth:grant-type:jwt-bearer","refresh_token"],"token_endpoint_auth_method":"none"}`, made.Body)
	union(t, h.object(t, "/oauth/provider/register", `{"client_name":"ci"}`, bearer(bob)),
		http.StatusBadRequest, "invalid_client_metadata")

	grant := func(id, assertion string) heard {
		return h.form(t, providerToken, "assertion="+assertion+"&client_id="+id+
			"&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer")
	}
	union(t, grant(id, carol), http.StatusBadRequest, "invalid_grant")
	union(t, grant(id, admin), http.StatusForbidden, "access_denied")
	union(t, grant(id, strings.Repeat("1", 40)), http.StatusBadRequest, "invalid_grant")
	union(t, grant(apitoken.NewID(), bob), http.StatusBadRequest, "invalid_grant")
	union(t, grant("x", bob), http.StatusBadRequest, "invalid_grant")
	api, _ := h.apiToken(t, apitoken.ProfileCSP)
	for _, token := range []string{h.accessToken(t), api, saltToken} {
		a := grant(id, token)
		union(t, a, http.StatusBadRequest, "invalid_grant")
		require.Contains(t, a.text(t, "error_description"), "a login", "a token makes no tokens, whosever it is")
	}

	got := grant(id, bob)
	require.Equal(t, http.StatusOK, got.Status, got.Body)
	token := got.text(t, "refresh_token")
	require.Regexp(t, `^saltern_api_\w{36}$`, token)
	require.Equal(t, http.StatusOK, h.send(t, http.MethodGet, "/api/org", "", bearer(got.text(t, "access_token"))).Status)
	union(t, grant(id, bob), http.StatusBadRequest, "invalid_grant")
	require.Equal(t, http.StatusOK, h.form(t, providerToken, "grant_type=refresh_token&refresh_token="+token).Status)
}

func TestOAuthRegisterRefuses(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	bob, access := h.session(t, "bob"), h.accessToken(t)
	api, _ := h.apiToken(t, apitoken.ProfileCSP)
	const at = "/oauth/provider/register"
	challenge := `Bearer realm="saltern", resource_metadata="` + h.url + web.ResourcePath + `"`
	account := `{"client_name":"x","software_id":"s","scope":"urn:vcloud:role:System%20Administrator"}`
	for name, c := range map[string]struct {
		body, credential string
		status           int
		code             string
	}{
		"nobody":                        {`{"client_name":"x"}`, "", 401, "invalid_token"},
		"an access token":               {`{"client_name":"x"}`, access, 403, "access_denied"},
		"an API token":                  {`{"client_name":"x"}`, api, 403, "access_denied"},
		"a Salt token":                  {`{"client_name":"x"}`, saltToken, 403, "access_denied"},
		"an account by an access token": {account, access, 403, "access_denied"},
		"an account by who may not":     {account, bob, 403, "access_denied"},
		"no name":                       {`{}`, bob, 400, "invalid_client_metadata"},
		"an odd name":                   {`{"client_name":"a\u0007"}`, bob, 400, "invalid_client_metadata"},
		"no such role":                  {`{"client_name":"x","scope":"Emperor"}`, bob, 400, "invalid_client_metadata"},
		"no URN":                        {`{"client_name":"x","scope":"urn:vcloud:role:%zz"}`, bob, 400, "invalid_scope"},
		"no JSON":                       {`{`, bob, 400, "invalid_client_metadata"},
	} {
		var headers []string
		if c.credential != "" {
			headers = append(headers, bearer(c.credential))
		}
		a := h.object(t, at, c.body, headers...)
		t.Log(name)
		union(t, a, c.status, c.code)
		if c.status == 401 {
			require.Equal(t, challenge, a.Header.Get("Www-Authenticate"))
		}
		if c.status == 403 {
			login := strings.Contains(a.text(t, "error_description"), "a token of this kind: log in first")
			require.Equal(t, c.credential != bob, login)
		}
	}
	for _, header := range []string{"Authorization: Bearer ", "X-Auth-Token: ", "X-Vmware-Vcloud-Access-Token: "} {
		wrong := h.object(t, at, `{}`, header+wrongToken())
		union(t, wrong, 401, "invalid_token")
		require.Equal(t, challenge+`, error="invalid_token"`, wrong.Header.Get("Www-Authenticate"), header)
	}
}
